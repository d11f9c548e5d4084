package dev.cepa;

import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.onion.OnionAddress;
import dev.cepa.onion.OnionService;
import dev.cepa.onion.ServiceSettings;
import dev.cepa.onion.StreamHandler;
import dev.cepa.pool.ServiceCircuits;
import dev.cepa.proxy.StreamForwarder;
import java.io.Closeable;
import java.net.SocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The onion services of one client. Thread-safe. */
final class HostedServices implements Closeable {
    /** At once. */
    private static final int MOST = 1000;
    /** What a client that closes grants its services, before their connections are cut. */
    private static final Duration PARTING = Duration.ofMillis(500);

    private final ServiceCircuits circuits;
    private final boolean testing;
    private final TorEvents events;
    private final InstantSource clock;
    private final Runnable alive;
    private final ReentrantLock lock = new ReentrantLock();
    /** By address; guarded by the lock, as all below. */
    private final Map<String, HostedOnionService> hosted = new LinkedHashMap<>();

    private final Map<String, OnionService> running = new HashMap<>();
    private boolean closed;
    private boolean publishing = true;

    /** @param alive runs now and then as long as there is a service */
    HostedServices(ServiceCircuits circuits, boolean testing, TorEvents events, InstantSource clock, Runnable alive) {
        this.circuits = circuits;
        this.testing = testing;
        this.events = events;
        this.clock = clock;
        this.alive = alive;
    }

    /** @param ports with no target for what the program accepts itself */
    HostedOnionService start(OnionServiceKey key, Map<Integer, List<SocketAddress>> ports, ServiceSettings settings)
            throws TorException {
        String address = key.address();
        HostedOnionService service = new HostedOnionService(address, () -> forget(address));
        boolean exportsCircuit = settings.streams().exportsCircuit();
        Map<Integer, StreamHandler> handlers = new HashMap<>();
        ports.forEach((port, targets) -> handlers.put(
                port,
                targets.isEmpty()
                        ? (stream, circuit) -> service.offer(stream, port)
                        : forwarder(targets, port, exportsCircuit)));
        OnionService runner = new OnionService(
                circuits, testing, key.copy(), handlers, settings, events, clock, new SecureRandom(), alive);
        runner.checkFits(settings);
        lock.lock();
        try {
            if (closed) {
                throw new TorException(ErrorKind.CLOSED, "the client is closed");
            }
            if (hosted.size() >= MOST) {
                throw new TorException(ErrorKind.RESOURCE_LIMIT, "the client runs " + MOST + " onion services already");
            }
            if (hosted.putIfAbsent(address, service) != null) {
                throw new TorException(ErrorKind.CONFIG, "the client runs an onion service with this key already");
            }
            running.put(address, runner);
            runner.setPublishing(publishing);
        } finally {
            lock.unlock();
        }
        service.run(runner);
        return service;
    }

    private static StreamHandler forwarder(List<SocketAddress> targets, int port, boolean exportsCircuit) {
        StreamForwarder forwarder = new StreamForwarder(targets);
        return (stream, circuit) ->
                forwarder.forward(stream, exportsCircuit ? StreamForwarder.proxyHeader(circuit, port) : new byte[0]);
    }

    private void forget(String address) {
        lock.lock();
        try {
            hosted.remove(address);
            running.remove(address);
        } finally {
            lock.unlock();
        }
    }

    /** There is a newer directory. */
    void directoryChanged() {
        for (OnionService service : all()) {
            service.directoryChanged();
        }
    }

    /** Whether descriptors are given to directories. */
    void setPublishing(boolean on) {
        lock.lock();
        try {
            publishing = on;
            running.values().forEach(service -> service.setPublishing(on));
        } finally {
            lock.unlock();
        }
    }

    /** The network is another one now, or was away. */
    void networkChanged() {
        for (OnionService service : all()) {
            service.networkChanged();
        }
    }

    /** How each of them is. */
    List<OnionServiceState> states() {
        List<OnionServiceState> states = new ArrayList<>();
        for (OnionService service : all()) {
            List<OnionServiceState.Port> ports = new ArrayList<>();
            service.bytes().forEach((port, bytes) ->
                    ports.add(new OnionServiceState.Port(port, bytes.toProgram(), bytes.fromProgram())));
            states.add(new OnionServiceState(
                    service.address().label(), service.introPointCount(), service.clientCount(), service.isPublished(),
                    service.suggestedEffort(), service.waitingClients(), ports));
        }
        return states;
    }

    /** The descriptor that one of them has put on directories; null if there is no such service, or no descriptor yet. */
    byte @Nullable [] descriptor(OnionAddress address) {
        OnionService service;
        lock.lock();
        try {
            service = running.get(address.label() + ".onion");
        } finally {
            lock.unlock();
        }
        return service == null ? null : service.descriptor();
    }

    private List<OnionService> all() {
        lock.lock();
        try {
            return List.copyOf(running.values());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        List<HostedOnionService> all;
        List<OnionService> runners = all();
        lock.lock();
        try {
            closed = true;
            all = List.copyOf(hosted.values());
        } finally {
            lock.unlock();
        }
        for (HostedOnionService service : all) {
            service.close();
        }
        Deadline deadline = Deadline.in(PARTING);
        for (OnionService runner : runners) {
            runner.awaitLeft(deadline);
        }
    }
}
