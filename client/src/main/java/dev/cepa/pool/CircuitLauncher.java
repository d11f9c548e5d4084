package dev.cepa.pool;

import dev.cepa.cell.DestroyReason;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.ConfluxSettings;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.PathSelector;
import dev.cepa.pool.PooledCircuit.State;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Builds a pool's circuits, each on a virtual thread of its own, so that a build goes on for the next stream when the one
 * that caused it gives up. Thread-safe; its state is the {@link PoolState}.
 */
final class CircuitLauncher {
    private static final int HOPS = 3;
    private static final int MOST_FAILURES = 10;
    /** A set is tried again after so long at most. */
    private static final long MOST_SET_PAUSE_MILLIS = 60_000;

    private final PoolState state;
    private final CircuitSource source;
    private final Liveness liveness;

    CircuitLauncher(PoolState state, CircuitSource source, Liveness liveness) {
        this.state = state;
        this.source = source;
        this.liveness = liveness;
    }

    /**
     * Chooses a path and begins to build a circuit, whose place the caller has {@linkplain PoolState#reserve reserved};
     * whoever waits is woken when it is done.
     *
     * @param claim whose streams it is for; null: it stays clean
     * @throws TorException if there is no path now, or of kind CLOSED or CONFIG if no circuit may be built
     */
    PooledCircuit launch(PathSelector selector, ExitRequest request, @Nullable Claim claim) throws TorException {
        try {
            return launch(source.plan(selector, request), claim);
        } finally {
            state.lock.lock();
            try {
                state.unreserve(claim);
            } finally {
                state.lock.unlock();
            }
        }
    }

    private PooledCircuit launch(CircuitSource.Plan plan, @Nullable Claim claim) throws TorException {
        PooledCircuit circuit =
                new PooledCircuit(plan.selector(), plan.stable(), plan.guard(), plan.middle(), plan.exit());
        state.lock.lock();
        try {
            if (state.closed || !state.enabled) {
                plan.attempt().closed();
            }
            state.checkOpen();
            if (claim != null) {
                CircuitList.own(circuit, claim);
                circuit.waiting = 1;
            }
            state.circuits.add(circuit);
            state.timeouts.launched();
        } finally {
            state.lock.unlock();
        }
        Thread.ofVirtual().name("cepa-build").start(() -> build(circuit, plan));
        return circuit;
    }

    /**
     * Chooses paths and begins to build a set, for which nobody waits.
     *
     * @throws TorException if there are no such paths now, or of kind CLOSED or CONFIG if no circuit may be built
     */
    void launchSet(PathSelector selector, ExitRequest request, ConfluxParams params) throws TorException {
        CircuitSource.SetPlan plan = source.planSet(selector, request, params.legs());
        PooledCircuit pooled = new PooledCircuit(plan.legs());
        CircuitSource.SetOptions options;
        state.lock.lock();
        try {
            if (state.closed || !state.enabled) {
                for (CircuitSource.Plan leg : plan.legs()) {
                    leg.attempt().closed();
                }
            }
            state.checkOpen();
            options = new CircuitSource.SetOptions(
                    new ConfluxSettings(state.settings.conflux().ux(), params.maxQueuedBytes()), params.retries(),
                    state.timeouts.timeout(HOPS));
            state.circuits.add(pooled);
        } finally {
            state.lock.unlock();
        }
        Thread.ofVirtual().name("cepa-set").start(() -> buildSet(pooled, plan, options));
    }

    private void buildSet(PooledCircuit pooled, CircuitSource.SetPlan plan, CircuitSource.SetOptions options) {
        CircuitSource.BuiltSet built = null;
        try {
            built = source.buildSet(plan, options);
            built.set().onClose(() -> forget(pooled));
        } catch (TorException e) {
            pooled.failure = e;
        } catch (RuntimeException e) {
            pooled.failure = new TorException(ErrorKind.INTERNAL, "building a set failed: " + e, e);
        }
        boolean wanted;
        liveness.look();
        state.lock.lock();
        try {
            wanted = settleSet(pooled, built);
        } finally {
            state.lock.unlock();
        }
        if (!wanted && built != null) {
            built.set().close(DestroyReason.FINISHED);
        }
    }

    private boolean settleSet(PooledCircuit pooled, CircuitSource.@Nullable BuiltSet built) {
        long now = System.nanoTime();
        boolean wanted = built != null && built.set().isOpen() && pooled.state == State.LINKING && !pooled.doubtful
                && state.enabled;
        if (built != null && wanted) {
            state.built++;
            state.setFailures = 0;
            pooled.setLegs(built.legs());
            pooled.circuit = built.set();
            pooled.streams = built.set()::streamCount;
            state.circuits.ready(pooled, state.predictor.idleTime(now), now);
        } else {
            state.circuits.remove(pooled);
            noteSetFailure(now);
        }
        state.signalAll();
        return wanted;
    }

    /** No set could be built: the next attempt waits, longer each time. Circuits do not wait for that. */
    void noteSetFailure(long now) {
        state.setFailures = Math.min(state.setFailures + 1, MOST_FAILURES);
        state.setRetryAt = now + TimeUnit.MILLISECONDS.toNanos(Math.min(100L << state.setFailures, MOST_SET_PAUSE_MILLIS));
    }

    private void build(PooledCircuit pooled, CircuitSource.Plan plan) {
        Circuit circuit = null;
        TorException failure = null;
        pooled.attempts = List.of(plan.attempt());
        try {
            Circuit made = source.build(plan, new Watched(pooled));
            circuit = made;
            made.onClose(() -> {
                plan.attempt().closed();
                TorException reason = made.closeReason();
                plan.attempt().ended(false, reason != null && reason.kind() != ErrorKind.CLOSED);
                forget(pooled);
            });
        } catch (TorException e) {
            failure = e;
        } catch (RuntimeException e) {
            failure = new TorException(ErrorKind.INTERNAL, "building a circuit failed: " + e, e);
        }
        if (failure != null) {
            boolean ours = failure.kind() == ErrorKind.CLOSED || pooled.complete;
            plan.attempt().ended(failure.kind() == ErrorKind.TIMEOUT && !pooled.complete, !ours);
        }
        boolean wanted;
        liveness.look();
        state.lock.lock();
        try {
            wanted = settle(pooled, circuit, failure);
        } finally {
            state.lock.unlock();
        }
        if (!wanted && circuit != null) {
            circuit.close(DestroyReason.FINISHED);
        }
    }

    /** Notes how it came out; false if the circuit is not wanted. */
    private boolean settle(PooledCircuit pooled, @Nullable Circuit circuit, @Nullable TorException failure) {
        long now = System.nanoTime();
        if (failure != null && failure.kind() == ErrorKind.TIMEOUT && !pooled.complete) {
            state.watch.abandoned(pooled);
        }
        pooled.failure = failure;
        boolean wanted = circuit != null && circuit.isOpen() && pooled.state == State.BUILDING && state.enabled;
        if (circuit != null && wanted) {
            state.built++;
            pooled.circuit = circuit;
            pooled.streams = circuit::streamCount;
            Duration idle = state.timeouts.needsCircuits()
                    ? state.timeouts.idleWhileLearning()
                    : state.predictor.idleTime(now);
            state.circuits.ready(pooled, idle, now);
        } else {
            state.circuits.remove(pooled);
        }
        if (circuit != null) {
            state.failures = 0;
            state.retryAt = now;
        } else {
            state.failed++;
            if (!pooled.held) {
                noteFailure(now);
            }
        }
        state.signalAll();
        return wanted;
    }

    /** Nothing could be built ahead: the next attempt waits, longer each time, up to NewCircuitPeriod. */
    void noteFailure(long now) {
        state.failures = Math.min(state.failures + 1, MOST_FAILURES);
        long wait = TimeUnit.MILLISECONDS.toNanos(50L << state.failures);
        state.retryAt = now + Math.min(wait, state.settings.newCircuitPeriod().toNanos());
    }

    private void forget(PooledCircuit pooled) {
        state.lock.lock();
        try {
            state.circuits.remove(pooled);
            state.signalAll();
        } finally {
            state.lock.unlock();
        }
    }

    /** Notes how far a circuit is. */
    private final class Watched implements CircuitSource.Progress {
        private final PooledCircuit circuit;

        Watched(PooledCircuit circuit) {
            this.circuit = circuit;
        }

        @Override
        public Deadline begun() {
            liveness.look();
            state.lock.lock();
            try {
                circuit.begun = true;
                circuit.begunAt = System.nanoTime();
                circuit.begunMillis = System.currentTimeMillis();
                state.keeperWanted.signal(); // for the time at which it is too slow
                return Deadline.in(state.timeouts.closeTimeout(HOPS));
            } finally {
                state.lock.unlock();
            }
        }

        @Override
        public void firstHopDone() {
            state.lock.lock();
            try {
                circuit.firstHopDone = true;
            } finally {
                state.lock.unlock();
            }
        }

        @Override
        public void complete() {
            state.lock.lock();
            try {
                state.timeouts.networkIsLive();
                long now = System.nanoTime();
                state.expireBuilding(now);
                state.watch.built(circuit, now);
            } finally {
                state.lock.unlock();
            }
        }

        @Override
        public void held() {
            state.lock.lock();
            try {
                circuit.held = true;
                state.signalAll();
            } finally {
                state.lock.unlock();
            }
        }

        @Override
        public void silent() {
            state.lock.lock();
            try {
                state.circuits.doubtThrough(circuit.guard());
                state.signalAll();
            } finally {
                state.lock.unlock();
            }
        }
    }
}
