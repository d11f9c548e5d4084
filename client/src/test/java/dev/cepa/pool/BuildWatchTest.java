package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.event.TorEvents;
import dev.cepa.path.BuildTimeouts;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import dev.cepa.path.StateFile;
import dev.cepa.pool.PooledCircuit.State;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Circuits under construction in played time. */
class BuildWatchTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private long nanos = 1_000_000_000L;
    private final InstantSource clock = () -> Instant.ofEpochMilli(1_800_000_000_000L + nanos / 1_000_000);
    private final PathSelector selector = PoolWorld.selector();
    private final BuildTimeouts timeouts = new BuildTimeouts(
            StateFile.inMemory("1", clock), PathSettings.DEFAULT, clock, new Random(1), new TorEvents());
    private final CircuitList circuits = new CircuitList();
    private final BuildWatch watch = new BuildWatch(timeouts);

    private void pass(long millis) {
        nanos += millis * 1_000_000;
    }

    private PooledCircuit begin() {
        PooledCircuit c = PoolWorld.circuit(selector, 0);
        circuits.add(c);
        c.begun = true;
        c.begunAt = nanos;
        c.begunMillis = clock.millis();
        return c;
    }

    private PooledCircuit open() {
        PooledCircuit c = PoolWorld.circuit(selector, 0);
        circuits.add(c);
        circuits.ready(c, LONG, nanos);
        return c;
    }

    /** A hundred circuits that take 100 to 199 ms. */
    private void learn() {
        for (int i = 0; i < 100; i++) {
            PooledCircuit c = begin();
            pass(100 + i);
            watch.built(c, nanos);
            circuits.remove(c);
        }
        assertThat(timeouts.timeout(3)).isBetween(Duration.ofMillis(150), Duration.ofMillis(199));
    }

    @Test
    void aSlowCircuitIsNotWaitedForButMeasured() {
        learn();
        open();
        PooledCircuit slow = begin();
        slow.firstHopDone = true;
        Duration limit = timeouts.timeout(3);
        assertThat(watch.untilNextCheck(circuits, LONG, nanos)).isEqualTo(limit);
        nanos += limit.toNanos();
        assertThat(watch.check(circuits, nanos)).isFalse();
        nanos++;
        assertThat(watch.check(circuits, nanos)).isTrue();
        assertThat(slow.state).isEqualTo(State.MEASURING);
        assertThat(circuits.pending()).isZero();
        assertThat(watch.untilNextCheck(circuits, LONG, nanos)).isEqualTo(LONG);
        pass(3000);
        watch.built(slow, nanos);
        assertThat(timeouts.status().times()).isEqualTo(101);
        assertThat(timeouts.status().timeoutRate()).isEqualTo(1 / 101.0);
    }

    @Test
    void theTimeDoesNotRunBeforeTheChannelIsThereNorWhileABetterGuardIsAwaited() {
        learn();
        open();
        PooledCircuit connecting = PoolWorld.circuit(selector, 0);
        circuits.add(connecting);
        PooledCircuit waiting = begin();
        pass(100);
        watch.built(waiting, nanos);
        pass(20_000);
        assertThat(watch.check(circuits, nanos)).isFalse();
        assertThat(connecting.state).isEqualTo(State.BUILDING);
        assertThat(waiting.state).isEqualTo(State.BUILDING);
    }

    @Test
    void whileNoCircuitIsOpenSlowOnesAreWaitedForAndCountedOnce() {
        learn();
        PooledCircuit slow = begin();
        slow.firstHopDone = true;
        pass(1000);
        for (int i = 0; i < 20; i++) {
            assertThat(watch.check(circuits, nanos)).isFalse();
        }
        assertThat(slow.state).isEqualTo(State.BUILDING);
        assertThat(slow.relaxed).isTrue();
        assertThat(timeouts.status().timeoutRate()).isEqualTo(1 / 101.0);
        open();
        assertThat(watch.check(circuits, nanos)).isTrue();
        assertThat(slow.state).isEqualTo(State.MEASURING);
        assertThat(timeouts.status().timeoutRate()).isEqualTo(1 / 101.0);
    }

    @Test
    void whenNearlyAllBecomeSlowTheTimeIsRelaxed() {
        learn();
        open();
        for (int i = 0; i < 18; i++) {
            PooledCircuit slow = begin();
            slow.firstHopDone = true;
            pass(1000);
            watch.check(circuits, nanos);
        }
        assertThat(timeouts.timeout(3)).isEqualTo(Duration.ofSeconds(60));
        assertThat(timeouts.needsCircuits()).isTrue();
    }

    @Test
    void circuitsThatNeverCompleteCountAsGivenUpUnlessNothingCameFromTheNetwork() {
        learn();
        open();
        PooledCircuit lost = begin();
        timeouts.networkIsLive();
        pass(60_000);
        watch.abandoned(lost);
        assertThat(timeouts.status().times()).isEqualTo(101);
        PooledCircuit dead = begin();
        pass(60_000);
        watch.abandoned(dead);
        assertThat(timeouts.status().times()).as("the network was down").isEqualTo(101);
    }

    @Test
    void givingUpTellsNothingBeforeThereIsEnoughToLearnFrom() {
        timeouts.networkIsLive();
        PooledCircuit lost = begin();
        pass(60_001);
        watch.abandoned(lost);
        open();
        watch.check(circuits, nanos);
        assertThat(timeouts.status().times()).isZero();
        assertThat(timeouts.status().timeoutRate()).isZero();
    }
}
