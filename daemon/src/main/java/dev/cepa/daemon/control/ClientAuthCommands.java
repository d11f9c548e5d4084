package dev.cepa.daemon.control;

import dev.cepa.OnionControl;
import dev.cepa.crypto.Primitives;
import dev.cepa.error.TorException;
import dev.cepa.onion.ClientAuthFolder;
import dev.cepa.onion.ClientAuthKey;
import dev.cepa.onion.OnionAddress;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ONION_CLIENT_AUTH_ADD, REMOVE and VIEW (control-spec sections 3.30 to 3.32): keys for services that are for some clients.
 * Thread-safe; what controllers have added is held until it is removed, and is bounded.
 */
final class ClientAuthCommands implements Feature {
    private static final Logger LOG = LoggerFactory.getLogger(ClientAuthCommands.class);
    private static final int KEY = 32;
    private static final int LONGEST_NAME = 16;
    private static final int MOST = 10_000;

    private static final Arguments.Syntax ADD = Arguments.Syntax.keywords(2).withWords(0, 2);
    private static final Arguments.Syntax ONE = Arguments.Syntax.keywords(1).withWords(0, 1);

    /** One command at a time: a key, its file and what is known of it change together. */
    private final ReentrantLock lock = new ReentrantLock();
    /** What controllers have said of keys; guarded by the lock. */
    private final Map<OnionAddress, Added> added = new HashMap<>();

    /** @param name empty if there is none */
    private record Added(boolean permanent, String name) {}

    @Override
    public void addTo(ControlServer server) {
        server.commands().add("ONION_CLIENT_AUTH_ADD", this::add);
        server.commands().add("ONION_CLIENT_AUTH_REMOVE", this::remove);
        server.commands().add("ONION_CLIENT_AUTH_VIEW", this::view);
    }

    /**
     * What ONION_CLIENT_AUTH_ADD asks for.
     *
     * @param name what the controller calls the key; empty for nothing
     */
    record Wanted(OnionAddress address, ClientAuthKey key, boolean permanent, String name) {
        static Wanted parse(Arguments arguments) throws Refusal {
            String label = arguments.word(0);
            String secret = arguments.word(1);
            if (label == null || secret == null) {
                throw new Refusal(512, "Incomplete ONION_CLIENT_AUTH_ADD command");
            }
            OnionAddress address = service(label);
            ClientAuthKey key = key(secret);
            boolean permanent = false;
            String name = "";
            for (Arguments.Keyword keyword : arguments.keywords()) {
                if (keyword.key().regionMatches(true, 0, "Flags", 0, "Flags".length())) {
                    checkFlags(Arguments.items(keyword.text()));
                    permanent = true;
                } else if (keyword.key().equalsIgnoreCase("ClientName")) {
                    name = keyword.text();
                    if (name.length() > LONGEST_NAME) {
                        throw new Refusal(512, "ClientName longer than " + LONGEST_NAME + " chars");
                    }
                }
            }
            return new Wanted(address, key, permanent, name);
        }

        private static void checkFlags(List<String> flags) throws Refusal {
            if (flags.isEmpty()) {
                throw new Refusal(512, "Invalid 'Flags' argument");
            }
            for (String flag : flags) {
                if (!flag.equalsIgnoreCase("Permanent")) {
                    throw new Refusal(512, "Invalid 'Flags' argument: " + Quoted.of(flag));
                }
            }
        }

        private static ClientAuthKey key(String text) throws Refusal {
            int colon = text.indexOf(':');
            if (colon <= 0 || colon == text.length() - 1 || text.indexOf(':', colon + 1) >= 0) {
                throw new Refusal(512, "Invalid key type/blob");
            }
            String type = text.substring(0, colon);
            if (!type.equalsIgnoreCase("x25519")) {
                throw new Refusal(552, "Unrecognized key type \"" + type + "\"");
            }
            byte[] secret = new byte[0];
            try {
                secret = Base64.getDecoder().decode(text.substring(colon + 1));
                if (secret.length != KEY) {
                    throw new Refusal(512, "Failed to decode x25519 private key");
                }
                if (MessageDigest.isEqual(secret, new byte[KEY])) {
                    throw new Refusal(553, "Invalid private key \"" + text.substring(colon + 1) + "\"");
                }
                return ClientAuthKey.of(secret);
            } catch (IllegalArgumentException e) {
                throw new Refusal(512, "Failed to decode x25519 private key");
            } finally {
                Primitives.wipe(secret);
            }
        }
    }

    private static OnionAddress service(String label) throws Refusal {
        OnionAddress address = Onions.address(label);
        if (address == null) {
            throw new Refusal(512, "Invalid v3 address \"" + label + "\"");
        }
        return address;
    }

    private Reply add(Request request) throws Refusal {
        Wanted wanted = Wanted.parse(Arguments.parse(request, ADD));
        lock.lock();
        try {
            if (added.size() >= MOST && !added.containsKey(wanted.address)) {
                throw new Refusal(553, "Unable to store creds for \"" + wanted.address.label() + "\"");
            }
            if (wanted.permanent) {
                store(request, wanted);
            }
            added.put(wanted.address, new Added(wanted.permanent, wanted.name));
            OnionControl onions = request.host().client().onionControl();
            // A file is read again with every configuration.
            return switch (onions.addClientKey(wanted.address, wanted.key, wanted.permanent)) {
                case NEW -> Reply.ok();
                case REPLACED -> Reply.error(251, "Client for onion existed and replaced");
                case READS_DESCRIPTOR -> Reply.error(252, "Registered client and decrypted desc");
            };
        } finally {
            lock.unlock();
        }
    }

    private static void store(Request request, Wanted wanted) throws Refusal {
        try {
            Path folder = folder(request);
            if (folder == null) {
                LOG.warn("Can't register permanent client auth credentials without ClientOnionAuthDir option. Discarding.");
            } else {
                ClientAuthFolder.write(folder, wanted.address, wanted.key);
                return;
            }
        } catch (TorException e) {
            LOG.warn("Failed to write a client auth creds file: {}", e.getMessage());
        }
        throw new Refusal(553, "Unable to store creds for \"" + wanted.address.label() + "\"");
    }

    private static @Nullable Path folder(Request request) throws TorException {
        String folder = request.host().options().text("ClientOnionAuthDir");
        return folder.isEmpty() ? null : request.host().path(folder);
    }

    private Reply remove(Request request) throws Refusal {
        String label = Arguments.parse(request, ONE).word(0);
        if (label == null) {
            throw new Refusal(512, "Incomplete ONION_CLIENT_AUTH_REMOVE command");
        }
        OnionAddress address = service(label);
        lock.lock();
        try {
            Added known = added.remove(address);
            if (!request.host().client().onionControl().removeClientKey(address)) {
                return Reply.error(251, "No credentials for \"" + label + "\"");
            }
            if (known == null || known.permanent) {
                removeFile(request, address);
            }
            return Reply.ok();
        } finally {
            lock.unlock();
        }
    }

    private static void removeFile(Request request, OnionAddress address) {
        try {
            Path folder = folder(request);
            if (folder == null) {
                LOG.warn("Found permanent credential but no ClientOnionAuthDir configured. There is no file to be removed.");
            } else {
                ClientAuthFolder.remove(folder, address);
            }
        } catch (TorException e) {
            LOG.warn("Failed to remove client auth file: {}", e.getMessage());
        }
    }

    private Reply view(Request request) throws Refusal {
        String label = Arguments.parse(request, ONE).word(0);
        OnionAddress only = label == null ? null : service(label);
        OnionControl onions = request.host().client().onionControl();
        List<String> lines = new ArrayList<>();
        lock.lock();
        try {
            onions.clientKeys().forEach((address, key) -> {
                if (only == null || only.equals(address)) {
                    lines.add(line(address, key, added.get(address)));
                }
            });
        } finally {
            lock.unlock();
        }
        lines.sort(null);
        Reply reply = Reply.of().line("ONION_CLIENT_AUTH_VIEW" + (label == null ? "" : " " + label));
        lines.forEach(reply::line);
        return reply.done();
    }

    private static String line(OnionAddress address, ClientAuthKey key, @Nullable Added said) {
        byte[] secret = key.secret();
        try {
            return "CLIENT " + address.label() + " x25519:" + Base64.getEncoder().encodeToString(secret)
                    + (said == null || said.permanent ? " Flags=Permanent" : "")
                    + (said == null || said.name.isEmpty() ? "" : " ClientName=" + said.name);
        } finally {
            Primitives.wipe(secret);
        }
    }
}
