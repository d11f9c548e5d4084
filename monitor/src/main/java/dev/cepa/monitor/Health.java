package dev.cepa.monitor;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.monitor.NetworkState.Outcome;
import dev.cepa.monitor.NetworkState.ServiceView;
import dev.cepa.monitor.NetworkState.View;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says whether a client does its work, and which part does not. Judged once a second, from what its events have told, so
 * that {@code since} is right to the second. Thread-safe.
 */
final class Health {
    /** Without a circuit for so long, it is unhealthy even if nothing has failed. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** As long it may take to replace circuits, as after a HUP, though some guard or other can't be reached. */
    private static final Duration GRACE = Duration.ofSeconds(5);
    /** A consensus can still be used for so long after it has expired. */
    private static final Duration STALE = Duration.ofHours(24);
    /** Relays may refuse a client whose clock is so wrong. */
    private static final Duration WRONG_CLOCK = Duration.ofHours(1);

    private static final int CONNECT_MILLIS = 2000;
    private static final long PROBE_NANOS = 5_000_000_000L;

    /** How a component is, or all of them. */
    enum State {
        /** It works. */
        UP,
        /** It works, but something is worth a look. */
        DEGRADED,
        /** It is not there yet. */
        STARTING,
        /** It does not work. */
        DOWN;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * One part of a client.
     *
     * @param message how it is, for people
     * @param error what is wrong; null if nothing is
     * @param since when it came into this state
     * @param latency how long it last took to do its work; null if nothing is known
     */
    record Component(
            String name, State state, String message, @Nullable ErrorKind error, Instant since, @Nullable Duration latency) {}

    /** All of them. */
    record Report(State state, String message, Instant since, List<Component> components) {
        boolean isHealthy() {
            return state == State.UP || state == State.DEGRADED;
        }

        /** Whether streams can be opened now. */
        boolean isReady() {
            for (Component component : components) {
                switch (component.name) {
                    case "directory", "circuits", "listeners" -> {
                        if (component.state.compareTo(State.DEGRADED) > 0) {
                            return false;
                        }
                    }
                    default -> {}
                }
            }
            return true;
        }

        String json() {
            Json json = new Json().object().field("status", state.label()).field("message", message)
                    .field("since", since.toString()).object("components");
            for (Component component : components) {
                ErrorKind error = component.error;
                Duration latency = component.latency;
                json.object(component.name)
                        .field("status", component.state.label())
                        .field("message", component.message)
                        .field("since", component.since.toString());
                if (latency != null) {
                    json.field("latencySeconds", latency.toNanos() / 1e9);
                }
                if (error != null) {
                    json.field("error", error.label())
                            .field("category", error.category().name().toLowerCase(Locale.ROOT))
                            .field("severity", error.severity().name().toLowerCase(Locale.ROOT))
                            .field("remedy", error.remedy());
                }
                json.endObject();
            }
            return json.endObject().endObject().toString();
        }
    }

    private record Verdict(State state, String message, @Nullable ErrorKind error, @Nullable Duration latency) {
        static Verdict up(String message, @Nullable Duration latency) {
            return new Verdict(State.UP, message, null, latency);
        }

        static Verdict down(String message, ErrorKind error) {
            return new Verdict(State.DOWN, message, error, null);
        }
    }

    private final NetworkState network;
    private final InstantSource clock;
    private final Supplier<List<InetSocketAddress>> listeners;
    private volatile long probed;
    private volatile Verdict answering = Verdict.up("not tried yet", null);
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock:
    private final Map<String, Component> before = new HashMap<>();
    private Instant since;
    private State state = State.STARTING;
    private @Nullable Instant withoutCircuits;

    /** @param listeners addresses of the ports that should answer */
    Health(NetworkState network, InstantSource clock, Supplier<List<InetSocketAddress>> listeners) {
        this.listeners = listeners;
        this.network = network;
        this.clock = clock;
        this.since = clock.instant();
    }

    /** How everything is now, with the listeners tried out. */
    Report report() {
        long now = System.nanoTime();
        if (probed == 0 || now - probed > PROBE_NANOS) {
            probed = now;
            answering = listeners();
        }
        return judge();
    }

    /** The same without trying anything out. */
    Report judge() {
        View view = network.view();
        lock.lock();
        try {
            Instant now = clock.instant();
            List<Component> components = new ArrayList<>(6);
            components.add(judged("directory", directory(view, now), now));
            components.add(judged("guards", guards(view), now));
            components.add(judged("circuits", circuits(view, now), now));
            components.add(judged("listeners", answering, now));
            components.add(judged("clock", clockSkew(view, now), now));
            components.add(judged("onion_services", services(view, now), now));
            Component worst = components.get(0);
            for (Component component : components) {
                if (component.state.compareTo(worst.state) > 0) {
                    worst = component;
                }
            }
            if (worst.state != state) {
                state = worst.state;
                since = now;
            }
            String message = state == State.UP ? "all is well" : worst.name + ": " + worst.message;
            return new Report(state, message, since, components);
        } finally {
            lock.unlock();
        }
    }

    private Component judged(String name, Verdict verdict, Instant now) {
        Component last = before.get(name);
        Instant changed = last != null && last.state == verdict.state ? last.since : now;
        Component component =
                new Component(name, verdict.state, verdict.message, verdict.error, changed, verdict.latency);
        before.put(name, component);
        return component;
    }

    private static Verdict directory(View view, Instant now) {
        TorEvent.ConsensusArrived consensus = view.consensus();
        Duration took = view.downloading().took();
        if (consensus == null) {
            TorException failure = view.downloading().failure();
            return failure == null
                    ? new Verdict(State.STARTING, "no consensus yet", ErrorKind.NO_DIRECTORY, took)
                    : Verdict.down("no consensus: " + failure.getMessage(), failure.kind());
        }
        String what = consensus.relays() + " relays, valid until " + consensus.validUntil();
        if (now.isAfter(consensus.validUntil().plus(STALE))) {
            return Verdict.down(what + ", too old to be used", ErrorKind.NO_DIRECTORY);
        }
        if (now.isAfter(consensus.validUntil())) {
            return new Verdict(State.DEGRADED, what + ": a newer one is due", ErrorKind.NO_DIRECTORY, took);
        }
        return Verdict.up(what, took);
    }

    private static Verdict guards(View view) {
        int up = 0;
        int down = 0;
        for (String guard : view.guards().values()) {
            up += guard.equals("up") ? 1 : 0;
            down += guard.equals("down") ? 1 : 0;
        }
        Duration took = view.connecting().took();
        if (up == 0 && down > 0) {
            TorException failure = view.connecting().failure();
            return Verdict.down(
                    "none of " + down + " can be reached" + (failure == null ? "" : ": " + failure.getMessage()),
                    ErrorKind.NETWORK_DOWN);
        }
        if (up == 0) {
            return new Verdict(isStarted(view) ? State.UP : State.STARTING, "none was tried yet", null, took);
        }
        return Verdict.up(up + " up, " + down + " down", took);
    }

    private static boolean isStarted(View view) {
        return view.bootstrap().percent() == 100;
    }

    private Verdict circuits(View view, Instant now) {
        Outcome building = view.building();
        int open = view.usableCircuits();
        if (open > 0) {
            withoutCircuits = null;
            return Verdict.up(open + " open", building.took());
        }
        if (view.dormant()) {
            withoutCircuits = null;
            return Verdict.up("resting, as nobody uses the client", null);
        }
        if (!isStarted(view)) {
            String problem = view.bootstrap().problem();
            return new Verdict(
                    State.STARTING, "bootstrapping, " + view.bootstrap().percent() + " %" + (problem == null ? "" : ": " + problem),
                    null, null);
        }
        if (withoutCircuits == null) {
            withoutCircuits = now;
        }
        Duration without = Duration.between(withoutCircuits, now);
        TorException failure = view.building().failure() != null ? view.building().failure() : view.connecting().failure();
        if (failure != null && without.compareTo(GRACE) >= 0) {
            return Verdict.down("none open, the last attempt failed: " + failure.getMessage(), failure.kind());
        }
        return without.compareTo(PATIENCE) < 0
                ? Verdict.up("none open for the moment", building.took())
                : Verdict.down("none open for " + PATIENCE.toSeconds() + " s", ErrorKind.CIRCUIT_FAILED);
    }

    /** Connects to each, which shows more than that it was opened once; not more often than every few seconds. */
    private Verdict listeners() {
        List<InetSocketAddress> addresses = listeners.get();
        Verdict verdict = Verdict.up("none is wanted", null);
        for (InetSocketAddress address : addresses) {
            InetAddress host = address.getAddress();
            InetSocketAddress there = new InetSocketAddress(
                    host.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : host, address.getPort());
            long begun = System.nanoTime();
            try (Socket socket = new Socket()) {
                socket.connect(there, CONNECT_MILLIS);
                verdict = Verdict.up(addresses.size() + " open", Duration.ofNanos(System.nanoTime() - begun));
            } catch (IOException e) {
                return Verdict.down("port " + address.getPort() + " does not answer: " + e.getMessage(), ErrorKind.RESOURCE_LIMIT);
            }
        }
        return verdict;
    }

    /** A consensus that is valid now speaks for the clock: then it may be the relay's that is wrong, and circuits are built. */
    private static Verdict clockSkew(View view, Instant now) {
        Duration skew = view.skew();
        if (skew.isZero()) {
            return Verdict.up("agrees with the network", null);
        }
        String what = skew.abs().toSeconds() + " s " + (skew.isNegative() ? "behind" : "ahead of") + " " + view.skewSource();
        TorEvent.ConsensusArrived consensus = view.consensus();
        boolean fits = consensus != null && !now.isBefore(consensus.validAfter()) && !now.isAfter(consensus.validUntil());
        return new Verdict(
                !fits && skew.abs().compareTo(WRONG_CLOCK) > 0 ? State.DOWN : State.DEGRADED, what, ErrorKind.CLOCK_SKEW, null);
    }

    private static Verdict services(View view, Instant now) {
        int ready = 0;
        Duration took = view.serving();
        for (ServiceView service : view.services()) {
            if (service.points() > 0 && service.published()) {
                ready++;
            } else if (Duration.between(service.since(), now).compareTo(PATIENCE) < 0) {
                return new Verdict(State.STARTING, "a service is being published", null, took);
            } else if (service.points() == 0) {
                return Verdict.down("a service has no introduction point", ErrorKind.ONION_SERVICE);
            } else {
                return Verdict.down("a service is not published", ErrorKind.ONION_SERVICE);
            }
        }
        return Verdict.up(view.services().isEmpty() ? "none here" : ready + " published", took);
    }
}
