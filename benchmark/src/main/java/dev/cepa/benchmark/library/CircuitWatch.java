package dev.cepa.benchmark.library;

import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.StreamStatus;
import dev.cepa.event.TorEventListener;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Learns from a client's events when its circuits of three hops were launched and built and which streams they carry.
 * Events come on the thread that does what they tell, so the times are those of the deed. Holds what is open, no more.
 * Thread-safe.
 */
final class CircuitWatch implements TorEventListener {
    /**
     * A circuit that carries a stream.
     *
     * @param launchedNanos when its first message went out, on {@link System#nanoTime}'s clock
     * @param builtNanos when its last hop had answered
     */
    record Built(long circuitId, long launchedNanos, long builtNanos) {
        long buildNanos() {
            return builtNanos - launchedNanos;
        }
    }

    /**
     * A stream that has been given a circuit.
     *
     * @param attachedNanos when
     */
    record Attached(Built circuit, long attachedNanos) {}

    private final Map<Long, Long> launched = new ConcurrentHashMap<>();
    private final Map<Long, Built> built = new ConcurrentHashMap<>();
    private final Map<String, Attached> streams = new ConcurrentHashMap<>();
    private final Set<Long> carrying = ConcurrentHashMap.newKeySet();
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong builds = new AtomicLong();

    @Override
    public void onEvent(TorEvent event) {
        long now = System.nanoTime();
        if (event instanceof CircuitStatus circuit) {
            onCircuit(circuit, now);
        } else if (event instanceof StreamStatus stream) {
            onStream(stream, now);
        }
    }

    private void onCircuit(CircuitStatus event, long now) {
        long id = event.circuitId();
        switch (event.status()) {
            case LAUNCHED -> launched.put(id, now);
            case BUILT -> {
                Long start = launched.remove(id);
                if (start != null && event.path().size() == 3) {
                    builds.incrementAndGet();
                    built.put(id, new Built(id, start, now));
                }
            }
            case FAILED -> {
                // Closing the client ends what is under construction; that is counted by nobody.
                launched.remove(id);
                failures.incrementAndGet();
            }
            case CLOSED -> {
                launched.remove(id);
                built.remove(id);
                carrying.remove(id);
            }
            case EXTENDED -> {}
        }
    }

    private void onStream(StreamStatus event, long now) {
        switch (event.status()) {
            case NEW -> {
                Built circuit = built.get(event.circuitId());
                if (circuit != null) {
                    streams.put(event.target(), new Attached(circuit, now));
                }
            }
            case SUCCEEDED -> {
                // The directory's circuits of one hop carry streams too.
                if (built.containsKey(event.circuitId())) {
                    carrying.add(event.circuitId());
                }
            }
            case CLOSED, FAILED, SENT_CONNECT -> {}
        }
    }

    /** Takes what is known of the last stream to {@code host:port}; null if there was none. */
    @Nullable Attached take(String target) {
        return streams.remove(target);
    }

    /** How many circuits of three hops were built. */
    long builds() {
        return builds.get();
    }

    /** How many circuits failed before they were built. */
    long failures() {
        return failures.get();
    }

    /** How many circuits of three hops are open. */
    int open() {
        return built.size();
    }

    /** Which open circuits have carried a stream. */
    Set<Long> carrying() {
        return Set.copyOf(carrying);
    }
}
