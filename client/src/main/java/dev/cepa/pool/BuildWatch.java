package dev.cepa.pool;

import dev.cepa.path.BuildTimeouts;
import dev.cepa.pool.PooledCircuit.State;
import java.time.Duration;
import java.time.Instant;

/**
 * Sees to it that circuits that take too long to build are not waited for, and that the times of all are learned from
 * (path-spec section 2.4). Not thread-safe; {@link CircuitPool} holds its lock around every call. Times are on the
 * monotonic clock, in nanoseconds.
 */
final class BuildWatch {
    private static final int HOPS = 3;

    private final BuildTimeouts timeouts;

    BuildWatch(BuildTimeouts timeouts) {
        this.timeouts = timeouts;
    }

    /**
     * Gives up waiting for circuits that are too slow. They are built to their end all the same, to know how long they
     * take. While no circuit is open at all, slow ones are waited for: the network may have become slower.
     *
     * @return whether somebody may be waiting in vain
     */
    boolean check(CircuitList circuits, long now) {
        boolean changed = false;
        long limit = timeouts.timeout(HOPS).toNanos();
        boolean anyOpen = circuits.open() > 0;
        for (PooledCircuit c : circuits.all()) {
            if (!isBeingBuilt(c) || now - c.begunAt <= limit) {
                continue;
            }
            if (!c.relaxed && (!anyOpen || !timeouts.needsCircuits())) {
                timeouts.timedOut(c.firstHopDone);
            }
            if (anyOpen) {
                c.state = State.MEASURING;
                changed = true;
            } else {
                c.relaxed = true;
            }
        }
        return changed;
    }

    /** How long until {@link #check} has something to do; at most the given time. */
    Duration untilNextCheck(CircuitList circuits, Duration most, long now) {
        long limit = timeouts.timeout(HOPS).toNanos();
        long wait = most.toNanos();
        for (PooledCircuit c : circuits.all()) {
            if (isBeingBuilt(c) && !c.relaxed) {
                wait = Math.min(wait, Math.max(0, limit - (now - c.begunAt)));
            }
        }
        return Duration.ofNanos(wait);
    }

    /** A circuit's last hop was completed; whether it came in time for streams shows in its state. */
    void built(PooledCircuit c, long now) {
        c.complete = true;
        timeouts.built(Duration.ofNanos(now - c.begunAt), c.state == State.BUILDING);
    }

    /** A circuit was not completed in the time that it was given in the end. */
    void abandoned(PooledCircuit c) {
        // As long as too few are known to learn from, the time allowed is a guess, and exceeding it tells nothing.
        if (c.begun && !timeouts.needsCircuits()) {
            timeouts.abandoned(Instant.ofEpochMilli(c.begunMillis));
        }
    }

    private static boolean isBeingBuilt(PooledCircuit c) {
        return c.state == State.BUILDING && c.begun && !c.complete;
    }
}
