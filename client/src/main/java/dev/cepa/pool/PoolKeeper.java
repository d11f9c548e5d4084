package dev.cepa.pool;

import dev.cepa.cell.DestroyReason;
import dev.cepa.circuit.Tunnel;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.NetDir;
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
    /** What the directory and the settings say of sets; touched by the keeper's thread alone. */
    private @Nullable ConfluxParams params;

    private @Nullable NetDir paramsOf;
    private ConfluxChoice.@Nullable Mode paramsMode;

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
            ExitRequest wantedSet = null;
            ConfluxParams sets = null;
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
                if (wanted == null && selector != null) {
                    sets = params(selector);
                    wantedSet = wantedSet(state, selector, sets, now);
                }
                if (retired.isEmpty() && wanted == null && wantedSet == null) {
                    state.keeperWanted.awaitNanos(pause(now));
                    continue;
                }
            } catch (InterruptedException e) {
                return; // nobody interrupts this thread but a closing JVM
            } finally {
                state.lock.unlock();
            }
            for (PooledCircuit pooled : retired) {
                Tunnel circuit = pooled.circuit;
                if (circuit != null) {
                    circuit.close(DestroyReason.FINISHED);
                }
            }
            if (selector != null && wanted != null) {
                launch(selector, wanted);
            } else if (selector != null && wantedSet != null && sets != null) {
                launchSet(selector, wantedSet, sets);
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

    /**
     * What a set should be built ahead for now; null if for nothing. Circuits come first, as streams wait for those, and one
     * set after the other, so that nobody has much to do at once.
     */
    static @Nullable ExitRequest wantedSet(PoolState state, PathSelector selector, ConfluxParams params, long now) {
        boolean mayBuild = params.wantsSets()
                && state.enabled
                && state.settings.predicts()
                && now - state.setRetryAt >= 0
                && state.failures == 0
                && state.circuits.open() > 0
                && !state.circuits.isLinking()
                && state.circuits.sets(false) < params.maxSets()
                && state.circuits.sets(true) < params.prebuilt();
        return mayBuild ? state.predictor.wantedOfSet(state.circuits, selector, now) : null;
    }

    /** Looking through all exits is done once for each directory. */
    private ConfluxParams params(PathSelector selector) {
        ConfluxChoice.Mode mode = state.settings.conflux().mode();
        ConfluxParams known = params;
        if (known == null || paramsOf != selector.dir() || paramsMode != mode) {
            known = ConfluxParams.of(selector.dir(), mode);
            params = known;
            paramsOf = selector.dir();
            paramsMode = mode;
        }
        return known;
    }

    private void launchSet(PathSelector selector, ExitRequest request, ConfluxParams sets) {
        try {
            launcher.launchSet(selector, request, sets);
        } catch (TorException e) {
            state.lock.lock();
            try {
                launcher.noteSetFailure(System.nanoTime());
            } finally {
                state.lock.unlock();
            }
        }
    }

    private long pause(long now) {
        Duration most = state.settings.newCircuitPeriod();
        if (state.timeouts.needsCircuits() && most.compareTo(state.timeouts.testInterval()) > 0) {
            most = state.timeouts.testInterval();
        }
        if (state.failures > 0 && state.predictor.remaining(now).isPositive() && most.compareTo(TROUBLED_LOOK) > 0) {
            most = TROUBLED_LOOK;
        }
        if (state.setRetryAt - now > 0) {
            most = Duration.ofNanos(Math.min(most.toNanos(), state.setRetryAt - now));
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
