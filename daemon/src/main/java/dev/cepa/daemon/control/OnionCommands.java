package dev.cepa.daemon.control;

import dev.cepa.HostedOnionService;
import dev.cepa.OnionServiceBuilder;
import dev.cepa.OnionServiceKey;
import dev.cepa.OnionServiceState;
import dev.cepa.TorClient;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.onion.OnionAddress;
import dev.cepa.onion.ServiceSettings;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ADD_ONION, DEL_ONION, and what GETINFO tells of such services (control-spec sections 3.27 and 3.28). A service belongs to
 * the connection that has added it and ends with it, or is detached and stays. Thread-safe; the client bounds how many there
 * are.
 */
final class OnionCommands implements Feature {
    private static final Logger LOG = LoggerFactory.getLogger(OnionCommands.class);

    private final ReentrantLock lock = new ReentrantLock();
    /** By their 56 characters; guarded by the lock, as all below. */
    private final Map<String, HostedOnionService> detached = new LinkedHashMap<>();

    private final Map<ControlConnection, Map<String, HostedOnionService>> owned = new HashMap<>();

    @Override
    public void addTo(ControlServer server) {
        server.commands().add("ADD_ONION", this::add);
        server.commands().add("DEL_ONION", this::delete);
        Info info = server.info();
        info.add(
                "onions/current", "Onion services owned by the current control connection.",
                (key, request) -> names(request.connection()));
        info.add(
                "onions/detached", "Onion services detached from the control connection.", (key, request) -> names(null));
    }

    private Reply add(Request request) throws Refusal {
        NewOnion wanted = NewOnion.parse(request);
        boolean nonAnonymous = request.host().options().flag("HiddenServiceNonAnonymousMode");
        if (wanted.nonAnonymous() != nonAnonymous) {
            throw new Refusal(512, "Tor is in " + (nonAnonymous ? "non-" : "") + "anonymous hidden service mode");
        }
        OnionServiceKey key = wanted.serviceKey();
        try {
            HostedOnionService service = start(request.host().client(), key, wanted);
            String name = label(service.address());
            keep(wanted.detached() ? null : request.connection(), name, service);
            Reply reply = Reply.of().line("ServiceID=" + name);
            if (wanted.wantsNewKey() && !wanted.discardsKey()) {
                reply.line("PrivateKey=" + key.export());
            }
            for (String client : wanted.clients()) {
                reply.line("ClientAuthV3=" + client);
            }
            return reply.done();
        } finally {
            key.wipe();
        }
    }

    private static HostedOnionService start(TorClient client, OnionServiceKey key, NewOnion wanted) throws Refusal {
        for (OnionServiceState running : client.onionServices()) {
            if (running.address().equals(label(key.address()))) {
                throw new Refusal(550, "Onion address collision");
            }
        }
        OnionServiceBuilder builder = client.onionService(key);
        for (OnionTarget port : wanted.ports()) {
            SocketAddress target = port.address();
            if (target == null) {
                throw new Refusal(512, "Invalid VIRTPORT/TARGET");
            }
            builder.port(port.port(), target);
        }
        try {
            for (String one : wanted.clients()) {
                builder.authorize(one);
            }
            return builder.settings(ServiceSettings.DEFAULT
                            .withMaxStreams(wanted.maxStreams(), wanted.closesCircuit())
                            .withProofOfWork(wanted.proofOfWork()))
                    .start();
        } catch (TorException e) {
            LOG.warn("An onion service of a controller could not be started: {}", e.getMessage());
            throw e.kind() == ErrorKind.CONFIG && !wanted.clients().isEmpty()
                    ? new Refusal(512, "Invalid client authorization")
                    : new Refusal(551, "Failed to add Onion Service");
        }
    }

    /** @param owner null if it is detached */
    private void keep(@Nullable ControlConnection owner, String name, HostedOnionService service) {
        boolean first = false;
        lock.lock();
        try {
            if (owner == null) {
                detached.put(name, service);
                return;
            }
            Map<String, HostedOnionService> known = owned.get(owner);
            if (known == null) {
                known = new LinkedHashMap<>();
                owned.put(owner, known);
                first = true;
            }
            known.put(name, service);
        } finally {
            lock.unlock();
        }
        if (first) {
            owner.onClose(() -> closeOf(owner));
        }
    }

    private void closeOf(ControlConnection owner) {
        List<HostedOnionService> all;
        lock.lock();
        try {
            Map<String, HostedOnionService> known = owned.remove(owner);
            all = known == null ? List.of() : List.copyOf(known.values());
        } finally {
            lock.unlock();
        }
        all.forEach(HostedOnionService::close);
    }

    private Reply delete(Request request) throws Refusal {
        String name = Arguments.parse(request, Arguments.Syntax.words(1, 1)).words().getFirst();
        OnionAddress address = Onions.address(name);
        if (address == null) {
            throw new Refusal(512, "Malformed Onion Service id");
        }
        HostedOnionService service = null;
        lock.lock();
        try {
            Map<String, HostedOnionService> own = owned.get(request.connection());
            if (own != null) {
                service = own.remove(address.label());
            }
            if (service == null) {
                service = detached.remove(address.label());
            }
        } finally {
            lock.unlock();
        }
        if (service == null) {
            throw new Refusal(552, "Unknown Onion Service id");
        }
        service.close();
        return Reply.ok();
    }

    /** @param owner null for those that are detached */
    private String names(@Nullable ControlConnection owner) {
        lock.lock();
        try {
            Map<String, HostedOnionService> services = owner == null ? detached : owned.get(owner);
            return services == null ? "" : String.join("\n", new ArrayList<>(services.keySet()));
        } finally {
            lock.unlock();
        }
    }

    private static String label(String address) {
        return address.substring(0, OnionAddress.TEXT_LENGTH);
    }
}
