package dev.cepa.pool;

import dev.cepa.cell.DestroyReason;
import dev.cepa.circuit.Circuit;
import dev.cepa.error.TorException;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.PathSelector;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps circuits ready for streams that are likely to come, closes those whose time is over, and sees to those that take
 * too long to build. One thread, until the pool is closed; its state is the {@link PoolState}.
 */
final class PoolKeeper implements Runnable {
    private static final int DEFAULT_RELEVANCE_SECONDS = 1800;
    /** While circuits fail, so often at least it is looked whether the network is back. */
    private static final Duration TROUBLED_LOOK = Duration.ofSeconds(1);

    private final PoolState state;
    private final CircuitLauncher launcher;
    private final Supplier<@Nullable PathSelector> paths;
    private final Liveness liveness;

    PoolKeeper(
            PoolState state,
            CircuitLauncher launcher,
            Supplier<@Nullable PathSelector> paths,
            Liveness liveness) {
        this.state = state;
        this.launcher = launcher;
        this.paths = paths;
        this.liveness = liveness;
    }

    @Override
    public void run() {
        while (true) {
            List<PooledCircuit> retired;
            ExitRequest wanted;
            PathSelector selector = paths.get();
            boolean alive = liveness.look();
            state.lock.lock();
            try {
                if (state.closed) {
                    return;
                }
                long now = System.nanoTime();
                if (alive && state.failures > 0) {
                    state.retryAt = now;
                    state.signalAll();
                }
                state.expireBuilding(now);
                retired = state.circuits.retire(selector, state.settings.maxCircuitDirtiness(), now);
                wanted = selector == null ? null : wanted(state, selector, now);
                if (wanted != null && !state.reserve(null)) {
                    wanted = null;
                }
                if (retired.isEmpty() && wanted == null) {
                    state.keeperWanted.awaitNanos(pause(now));
                    continue;
                }
            } catch (InterruptedException e) {
                return; // nobody interrupts this thread but a closing JVM
            } finally {
                state.lock.unlock();
            }
            for (PooledCircuit pooled : retired) {
                Circuit circuit = pooled.circuit;
                if (circuit != null) {
                    circuit.close(DestroyReason.FINISHED);
                }
            }
            if (selector != null && wanted != null) {
                launch(selector, wanted);
            }
        }
    }

    /** What should be built ahead now; null if nothing. */
    static @Nullable ExitRequest wanted(PoolState state, PathSelector selector, long now) {
        PoolSettings settings = state.settings;
        boolean mayBuild = state.enabled
                && settings.predicts()
                && now - state.retryAt >= 0
                && !state.isFull();
        if (!mayBuild) {
            return null;
        }
        Duration relevance = settings.portRelevance();
        state.predictor.setRelevance(
                relevance != null
                        ? relevance
                        : Duration.ofSeconds(selector.dir()
                                        .consensus()
                                        .param("nf_conntimeout_clients", DEFAULT_RELEVANCE_SECONDS, 60, 86_400)
                                / (settings.shortRelevance() ? 2 : 1)));
        ExitRequest predicted = state.predictor.wanted(state.circuits, selector, now);
        if (predicted != null) {
            return predicted;
        }
        boolean awake = state.predictor.remaining(now).isPositive();
        return awake && state.timeouts.wantsTestCircuit(state.circuits.unclaimed()) ? ExitRequest.any() : null;
    }

    private long pause(long now) {
        Duration most = state.settings.newCircuitPeriod();
        if (state.timeouts.needsCircuits() && most.compareTo(state.timeouts.testInterval()) > 0) {
            most = state.timeouts.testInterval();
        }
        if (state.failures > 0 && state.predictor.remaining(now).isPositive() && most.compareTo(TROUBLED_LOOK) > 0) {
            most = TROUBLED_LOOK;
        }
        if (state.retryAt - now > 0) {
            most = Duration.ofNanos(Math.min(most.toNanos(), state.retryAt - now));
        }
        return state.watch.untilNextCheck(state.circuits, most, now).toNanos() + 1_000_000;
    }

    private void launch(PathSelector selector, ExitRequest request) {
        try {
            launcher.launch(selector, request, null);
        } catch (TorException e) {
            state.lock.lock();
            try {
                launcher.noteFailure(System.nanoTime());
            } finally {
                state.lock.unlock();
            }
        }
    }
}
