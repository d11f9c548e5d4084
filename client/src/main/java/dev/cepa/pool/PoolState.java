package dev.cepa.pool;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent.CircuitChosen.Outcome;
import dev.cepa.path.BuildTimeouts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What the parts of a pool share. Everything in it is guarded by its lock, which is held only to look and to note: never
 * while a path is chosen, the network waited for, or a circuit closed.
 */
final class PoolState {
    final ReentrantLock lock = new ReentrantLock();
    /** Something changed for streams that wait. */
    final Condition changed = lock.newCondition();
    /** Something changed for the keeper. */
    final Condition keeperWanted = lock.newCondition();

    final CircuitList circuits = new CircuitList();
    final PortPredictor predictor;
    final BuildTimeouts timeouts;
    final BuildWatch watch;

    PoolSettings settings;
    boolean enabled = true;
    boolean closed;
    /** Builds that failed one after the other, and until when nothing is built ahead because of them. */
    int failures;

    long retryAt;
    /** The same of sets. */
    int setFailures;

    long setRetryAt;
    /** Circuits whose path is being chosen. */
    private int reserved;
    /** What those are for that somebody has asked for. */
    private final List<Claim> planned = new ArrayList<>();

    long hits;
    long waits;
    long misses;
    long built;
    long failed;
    long slow;

    PoolState(PoolSettings settings, BuildTimeouts timeouts, RandomGenerator random, long now) {
        this.settings = settings;
        this.timeouts = timeouts;
        this.watch = new BuildWatch(timeouts);
        this.predictor = new PortPredictor(random);
        this.retryAt = now;
        this.setRetryAt = now;
    }

    void checkOpen() throws TorException {
        if (closed) {
            throw new TorException(ErrorKind.CLOSED, "the client is closed");
        }
        if (!enabled) {
            throw new TorException(ErrorKind.CONFIG, "the network is disabled (DisableNetwork 1)");
        }
    }

    /**
     * Whether another circuit may be begun; if so its place is kept until {@link #unreserve}.
     *
     * @param claim whose streams it is for; null: it stays clean
     */
    boolean reserve(@Nullable Claim claim) {
        if (isFull()) {
            return false;
        }
        reserved++;
        if (claim != null) {
            planned.add(claim);
        }
        return true;
    }

    /** Whether the path of a circuit for just such streams is being chosen. */
    boolean isPlanned(Claim claim) {
        return planned.contains(claim);
    }

    boolean isFull() {
        return circuits.pending() + reserved >= settings.maxPendingCircuits();
    }

    /** The circuit has been begun, or could not be. */
    void unreserve(@Nullable Claim claim) {
        reserved--;
        if (claim != null) {
            planned.remove(claim);
        }
        changed.signalAll();
    }

    /** Takes circuits that are too slow away from streams that wait for them. */
    void expireBuilding(long now) {
        int before = circuits.pending();
        if (watch.check(circuits, now)) {
            slow += before - circuits.pending();
            changed.signalAll();
        }
    }

    void signalAll() {
        changed.signalAll();
        keeperWanted.signal();
    }

    /** A stream has got a circuit. */
    void chosen(Outcome outcome) {
        switch (outcome) {
            case HIT -> hits++;
            case WAIT -> waits++;
            case MISS -> misses++;
        }
        keeperWanted.signal();
    }

    PoolStatistics statistics() {
        return new PoolStatistics(
                circuits.open(), circuits.unused(), circuits.pending(), hits, waits, misses, built, failed, slow);
    }
}
