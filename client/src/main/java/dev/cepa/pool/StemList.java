package dev.cepa.pool;

import dev.cepa.cell.RsaId;
import dev.cepa.circuit.Circuit;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.VanguardSettings.Mode;
import dev.cepa.path.Vanguards.Stem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The stems of internal circuits that are ready or being built, and who waits for some. Everything in it is guarded by its
 * lock, which callers hold, and never during I/O. Times are on the monotonic clock, in nanoseconds.
 */
final class StemList {
    /** So many are kept ready of a kind that is used, as C tor keeps internal circuits. */
    static final int READY = 3;
    /** A kind that nobody has asked for in so long is not kept ready. */
    static final Duration RELEVANCE = Duration.ofHours(1);

    private static final int MOST_PENDING = 8;
    private static final int MOST_READY = 12;
    private static final Duration LIFETIME = Duration.ofMinutes(45);
    private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int MOST_DOUBLINGS = 5;

    final ReentrantLock lock = new ReentrantLock();
    /** Something changed, for those who wait and for the keeper. */
    final Condition changed = lock.newCondition();

    private final List<Ready> ready = new ArrayList<>();
    private final List<Pending> pending = new ArrayList<>();
    private final int[] waiting = new int[Stem.values().length];
    private final boolean[] everUsed = new boolean[Stem.values().length];
    private final long[] usedAt = new long[Stem.values().length];
    private boolean enabled = true;
    private boolean closed;
    private long failures;
    private int failedInTurn;
    private long retryAt = System.nanoTime();
    private @Nullable TorException lastFailure;
    /** Counts up when what is being built is not wanted any more when it is ready. */
    private int generation;

    /**
     * A circuit that has not been asked for.
     *
     * @param mode that it was built under
     * @param relays its path
     * @param since when it became ready
     */
    record Ready(Circuit circuit, Stem kind, Mode mode, List<RsaId> relays, GuardAttempt attempt, long since) {}

    /** One that is being built. */
    static final class Pending {
        final Stem kind;
        private final long since;
        private final int generation;
        private boolean held;

        Pending(Stem kind, long since, int generation) {
            this.kind = kind;
            this.since = since;
            this.generation = generation;
        }

        /** Whether it may be ready any moment. */
        private boolean isPromising(long now) {
            return !held && now - since < PooledCircuit.PATIENCE.toNanos();
        }
    }

    void checkOpen() throws TorException {
        if (closed) {
            throw new TorException(ErrorKind.CLOSED, "the client is closed");
        }
        if (!enabled) {
            throw new TorException(ErrorKind.CONFIG, "the network is disabled (DisableNetwork 1)");
        }
    }

    void setEnabled(boolean on) {
        enabled = on;
        retryAt = System.nanoTime();
        changed.signalAll();
    }

    void close() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }

    int size() {
        return ready.size();
    }

    /** Somebody asks for one of that kind. */
    void used(Stem kind, long now) {
        everUsed[kind.ordinal()] = true;
        usedAt[kind.ordinal()] = now;
    }

    /** One more, or one less, waits for one of that kind. */
    void waiting(Stem kind, int change) {
        waiting[kind.ordinal()] += change;
    }

    /** How many have failed to be built so far. */
    long failures() {
        return failures;
    }

    @Nullable TorException lastFailure() {
        return lastFailure;
    }

    /**
     * Takes out the first of that kind that is fit, for one who {@linkplain #waiting waits} and does not any more; null if
     * none is. Both in one step: in between, the keeper would have another built for one who is served.
     */
    @Nullable Ready take(Stem kind, Predicate<Ready> fit) {
        for (Iterator<Ready> i = ready.iterator(); i.hasNext(); ) {
            Ready stem = i.next();
            if (stem.kind == kind && fit.test(stem)) {
                i.remove();
                waiting(kind, -1);
                return stem;
            }
        }
        return null;
    }

    boolean any(Predicate<Ready> fit) {
        for (Ready stem : ready) {
            if (fit.test(stem)) {
                return true;
            }
        }
        return false;
    }

    /** Another to be begun for those who wait, whose place is kept until {@link #settle}; null if none is to be. */
    @Nullable Pending reserve(Stem kind, long now) {
        int promising = 0;
        for (Pending p : pending) {
            if (p.kind == kind && p.isPromising(now)) {
                promising++;
            }
        }
        return promising < waiting[kind.ordinal()] ? begin(kind, now) : null;
    }

    private @Nullable Pending begin(Stem kind, long now) {
        if (now - retryAt < 0 || pending.size() >= MOST_PENDING || !enabled || closed) {
            return null;
        }
        Pending begun = new Pending(kind, now, generation);
        pending.add(begun);
        return begun;
    }

    /** It is complete and waits itself: another should try whether a better guard works. */
    void held(Pending p, long now) {
        p.held = true;
        retryAt = Math.max(retryAt, now + 5 * FIRST_PAUSE);
        changed.signalAll();
    }

    /** What is being built has been, or has failed; returns a circuit that is too much. */
    @Nullable Ready settle(Pending p, @Nullable Ready stem, @Nullable TorException failure, long now) {
        pending.remove(p);
        changed.signalAll();
        if (stem == null) {
            lastFailure = failure;
            // Whether the network comes back is worth all the time that there is.
            failures += failure != null && failure.kind() == ErrorKind.NETWORK_DOWN ? 0 : 1;
            retryAt = now + (FIRST_PAUSE << Math.min(MOST_DOUBLINGS, failedInTurn++));
            return null;
        }
        failedInTurn = 0;
        retryAt = now;
        if (closed || !enabled || p.generation != generation) {
            return stem;
        }
        ready.add(stem);
        return ready.size() > MOST_READY ? ready.removeFirst() : null;
    }

    /** Takes out what is no good any more, or has been ready for long. */
    List<Ready> retire(Predicate<Ready> good, long now) {
        List<Ready> retired = new ArrayList<>();
        for (Iterator<Ready> i = ready.iterator(); i.hasNext(); ) {
            Ready stem = i.next();
            if (now - stem.since > LIFETIME.toNanos() || !good.test(stem)) {
                i.remove();
                retired.add(stem);
            }
        }
        return retired;
    }

    List<Ready> removeAll(boolean forgetUse) {
        List<Ready> all = List.copyOf(ready);
        ready.clear();
        generation++;
        if (forgetUse) {
            for (Stem kind : Stem.values()) {
                everUsed[kind.ordinal()] = false;
            }
        }
        failedInTurn = 0;
        retryAt = System.nanoTime();
        changed.signalAll();
        return all;
    }

    private boolean isRelevant(Stem kind, long now) {
        return everUsed[kind.ordinal()] && now - usedAt[kind.ordinal()] < RELEVANCE.toNanos();
    }

    /** Whether none is wanted ahead and none is there. */
    boolean isIdle(long now) {
        return ready.isEmpty() && !isRelevant(Stem.OPEN, now) && !isRelevant(Stem.GUARDED, now);
    }

    /** One that should be built ahead now, whose place is kept; null if there are enough. */
    @Nullable Pending wanted(long now) {
        for (Stem kind : Stem.values()) {
            if (isRelevant(kind, now)) {
                int there = 0;
                for (Ready stem : ready) {
                    there += stem.kind == kind ? 1 : 0;
                }
                for (Pending p : pending) {
                    there += p.kind == kind ? 1 : 0;
                }
                if (there < READY + waiting[kind.ordinal()]) {
                    return begin(kind, now);
                }
            }
        }
        return null;
    }

    /** Waits for a change, or until it is time to try again after a failure. */
    @SuppressWarnings("WaitNotInLoop") // the loop is the caller's
    void awaitChange(Duration most, long now) throws InterruptedException {
        long left = most.toNanos();
        changed.awaitNanos(retryAt - now > 0 ? Math.min(left, retryAt - now) : left);
    }
}
