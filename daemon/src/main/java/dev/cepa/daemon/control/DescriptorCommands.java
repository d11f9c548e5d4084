package dev.cepa.daemon.control;

import dev.cepa.OnionControl;
import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.onion.OnionAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** HSFETCH, HSPOST, and the descriptors that GETINFO tells (control-spec sections 3.25 and 3.26). Thread-safe. */
final class DescriptorCommands implements Feature {
    private static final Logger LOG = LoggerFactory.getLogger(DescriptorCommands.class);
    private static final String CLIENT = "hs/client/desc/id/";
    private static final String SERVICE = "hs/service/desc/id/";

    private static final Arguments.Syntax FETCH = Arguments.Syntax.keywords(1, "SERVER");
    private static final Arguments.Syntax POST = Arguments.Syntax.keywords(0, "SERVER", "HSADDRESS");

    @Override
    public void addTo(ControlServer server) {
        server.commands().add("HSFETCH", DescriptorCommands::fetch);
        server.commands().add("+HSPOST", DescriptorCommands::post);
        Info info = server.info();
        info.addPrefix(CLIENT, "", (key, request) ->
                text(onions(request).clientDescriptor(asked(key, CLIENT))));
        info.document("hs/client/desc/id*", "Hidden Service descriptor in client's cache by onion.");
        info.addPrefix(SERVICE, "", (key, request) ->
                text(onions(request).serviceDescriptor(asked(key, SERVICE))));
        info.document("hs/service/desc/id/*", "Hidden Service descriptor in services's cache by onion.");
    }

    private static OnionControl onions(Request request) {
        return request.host().client().onionControl();
    }

    private static OnionAddress asked(String key, String prefix) throws Refusal {
        OnionAddress address = Onions.address(key.substring(prefix.length()));
        if (address == null) {
            throw new Refusal(551, "Invalid address");
        }
        return address;
    }

    private static String text(byte @Nullable [] document) throws Refusal {
        if (document == null) {
            throw new Refusal(551, "Not found in cache");
        }
        return new String(document, StandardCharsets.ISO_8859_1);
    }

    private static Reply fetch(Request request) throws Refusal {
        Arguments arguments = Arguments.parse(request, FETCH);
        String word = arguments.words().getFirst();
        OnionAddress address = Onions.address(word);
        if (address == null) {
            throw new Refusal(513, "Invalid argument \"" + word + "\"");
        }
        List<RsaId> servers = servers(request, arguments);
        // What comes of it is told after the reply.
        return Reply.ok().then(() -> {
            try {
                onions(request).fetchDescriptor(address, servers);
            } catch (TorException e) {
                LOG.warn("An onion service's descriptor is not fetched: {}", e.getMessage());
            }
        });
    }

    private static Reply post(Request request) throws Refusal {
        Arguments arguments = Arguments.parse(request, POST);
        List<RsaId> servers = servers(request, arguments);
        String label = arguments.value("HSADDRESS");
        OnionAddress address = label == null ? null : Onions.address(label);
        if (address == null) {
            throw new Refusal(512, "Malformed onion address");
        }
        try {
            onions(request).postDescriptor(address, request.body().getBytes(StandardCharsets.ISO_8859_1), servers);
            return Reply.ok();
        } catch (TorException e) {
            LOG.warn("A controller's descriptor is not given to directories: {}", e.getMessage());
            throw e.kind() == ErrorKind.PROTOCOL
                    ? new Refusal(554, "Invalid descriptor")
                    : new Refusal(551, "The descriptor can't be given to directories now");
        }
    }

    private static List<RsaId> servers(Request request, Arguments arguments) throws Refusal {
        Set<RsaId> servers = new LinkedHashSet<>();
        for (String text : arguments.values("SERVER")) {
            RsaId server = Onions.relay(text);
            if (server == null || !onions(request).isListed(server)) {
                throw new Refusal(552, "Server \"" + text + "\" not found");
            }
            servers.add(server);
        }
        return new ArrayList<>(servers);
    }
}
