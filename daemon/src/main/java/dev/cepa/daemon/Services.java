package dev.cepa.daemon;

import dev.cepa.HostedOnionService;
import dev.cepa.OnionServiceBuilder;
import dev.cepa.TorClient;
import dev.cepa.error.TorException;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The onion services of the torrc, at work. Owned by the main thread. */
final class Services {
    private static final Logger LOG = LoggerFactory.getLogger(Services.class);

    private final TorClient client;
    private final Map<Path, Running> running = new HashMap<>();

    private record Running(ServiceLines lines, HostedOnionService service) {}

    Services(TorClient client) {
        this.client = client;
    }

    /**
     * Has these services run and no others. One whose ports are the same goes on without a break.
     *
     * @throws TorException that says which one can't be; those before it run
     */
    void run(List<ServiceLines> wanted) throws TorException {
        for (Iterator<Running> all = running.values().iterator(); all.hasNext(); ) {
            Running one = all.next();
            if (wanted.stream().noneMatch(one.lines::canGoOnAs)) {
                all.remove();
                one.service.close();
            }
        }
        for (ServiceLines lines : wanted) {
            try {
                running.put(lines.folder(), new Running(lines, run(lines)));
            } catch (TorException e) {
                throw new TorException(e.kind(), lines.line().place() + ": " + e.getMessage(), e);
            }
        }
    }

    private HostedOnionService run(ServiceLines lines) throws TorException {
        OnionServiceBuilder builder =
                client.onionService(lines.folder(), lines.groupReadable()).settings(lines.settings());
        Running before = running.get(lines.folder());
        if (before != null) {
            builder.applyTo(before.service);
            return before.service;
        }
        lines.ports().forEach((port, targets) -> addPort(builder, port, targets));
        HostedOnionService service = builder.start();
        LOG.info("Onion service of {} started.", lines.folder());
        return service;
    }

    private static void addPort(OnionServiceBuilder builder, int port, List<SocketAddress> targets) {
        for (SocketAddress target : targets) {
            builder.port(port, target);
        }
    }

    /** Their addresses, in no particular order. */
    List<String> addresses() {
        List<String> addresses = new ArrayList<>();
        for (Running one : running.values()) {
            addresses.add(one.service.address());
        }
        return addresses;
    }
}
