package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.event.TorEvents;
import dev.cepa.path.BuildTimeouts;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import dev.cepa.path.StateFile;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is built ahead, and for how long. */
class PoolKeeperTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-11-24T01:00:00Z"));

    private final PathSelector selector = PoolWorld.selector();
    private final BuildTimeouts timeouts = new BuildTimeouts(
            StateFile.inMemory("1", CLOCK), PathSettings.DEFAULT, CLOCK, new Random(2), new TorEvents());
    private final long now = System.nanoTime();
    private final PoolState state = new PoolState(PoolSettings.DEFAULT, timeouts, new Random(3), now);

    @BeforeEach
    void lock() {
        state.lock.lock(); // this thread is the only one
    }

    private @Nullable ExitRequest wanted(Duration later) {
        return PoolKeeper.wanted(state, selector, now + later.toNanos());
    }

    private @Nullable ExitRequest wanted() {
        return wanted(Duration.ZERO);
    }

    /** A stream to that port is asked for, which the settings hold for. */
    private void ask(int port) {
        wanted(); // takes the settings over
        state.predictor.used(port, now);
    }

    @Test
    void circuitsAreBuiltAheadAsLongAsCircuitsAvailableTimeoutSays() {
        for (Duration relevance : Arrays.asList(Duration.ofMinutes(1), null)) {
            state.settings = new PoolSettings(
                    Duration.ofMinutes(2), null, Duration.ofMinutes(10), relevance, Duration.ofSeconds(30), true, 32);
            ask(443);
            assertThat(wanted()).isNotNull();
            assertThat(wanted(Duration.ofMinutes(3)) == null).as("%s", relevance).isEqualTo(relevance != null);
            assertThat(wanted(Duration.ofMinutes(61))).as("the consensus' half hour").isNull();
        }
    }

    @Test
    void circuitsAreBuiltAheadHalfAsLongWherePaddingIsReduced() {
        ask(443);
        assertThat(wanted(Duration.ofMinutes(29))).isNotNull();
        state.predictor.clear();
        state.settings = PoolSettings.DEFAULT.withShortRelevance(true);
        ask(443);
        assertThat(wanted(Duration.ofMinutes(14))).isNotNull();
        assertThat(wanted(Duration.ofMinutes(31))).isNull();
    }

    @Test
    void nothingIsBuiltAheadIfNothingIsToBePredicted() {
        ask(443);
        assertThat(wanted()).isNotNull();
        state.settings = PoolSettings.DEFAULT.withPrediction(false);
        assertThat(wanted()).isNull();
        state.settings = PoolSettings.DEFAULT;
        state.enabled = false;
        assertThat(wanted()).as("without network").isNull();
    }

    @Test
    void nothingIsBuiltAheadWhileAsManyAreBeingBuiltAsMayBe() {
        state.settings = PoolSettings.DEFAULT.withMaxPendingCircuits(1);
        ask(443);
        assertThat(wanted()).isNotNull();
        assertThat(state.reserve(null)).isTrue();
        assertThat(wanted()).isNull();
        state.unreserve(null);
        assertThat(wanted()).isNotNull();
    }

    @Test
    void circuitsAreBuiltToLearnFromWhileTheClientIsInUseUntilEnoughIsLearned() {
        for (int i = 0; i < PortPredictor.CIRCUITS_PER_PORT; i++) {
            PooledCircuit ready = PoolWorld.circuit(selector, i);
            state.circuits.add(ready);
            state.circuits.ready(ready, Duration.ofHours(1), now);
        }
        assertThat(wanted()).as("nobody has asked for anything").isNull();
        ask(443);
        assertThat(wanted()).as("though there are enough for streams").isEqualTo(ExitRequest.any());
        for (int i = 0; i < 100; i++) {
            timeouts.built(Duration.ofMillis(100), true);
        }
        assertThat(wanted()).as("a hundred are enough").isNull();
    }
}
