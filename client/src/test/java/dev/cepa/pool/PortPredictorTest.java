package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.path.ExitRequest;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import dev.cepa.path.RelaySet;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PortPredictorTest {
    private static final Duration IDLE = Duration.ofMinutes(30);

    private final PathSelector selector = PoolWorld.selector();
    private final CircuitList circuits = new CircuitList();
    private final PortPredictor predictor = new PortPredictor(new Random(5));
    private long now = 1_000_000_000L;

    private PooledCircuit ready(int exit) {
        PooledCircuit c = PoolWorld.circuit(selector, exit);
        circuits.add(c);
        circuits.ready(c, IDLE, now);
        return c;
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }

    @Test
    void aPortCountsForHalfAnHourToAnHourSinceItWasLastAskedFor() {
        predictor.used(22, now);
        pass(Duration.ofMinutes(20));
        predictor.used(22, now);
        predictor.used(0, now);
        assertThat(predictor.ports(now)).containsExactlyInAnyOrder(22, PortPredictor.NAME_PORT);
        pass(Duration.ofMinutes(30));
        assertThat(predictor.ports(now)).contains(22);
        assertThat(predictor.remaining(now)).isLessThanOrEqualTo(Duration.ofMinutes(30));
        pass(Duration.ofMinutes(30));
        now++;
        assertThat(predictor.ports(now)).isEmpty();
        assertThat(predictor.remaining(now)).isZero();
        assertThat(predictor.wanted(circuits, selector, now)).as("at rest").isNull();
    }

    @Test
    void theConsensusOrTheUserSaysForHowLong() {
        predictor.setRelevance(Duration.ofMinutes(2));
        predictor.used(80, now);
        pass(Duration.ofMinutes(2));
        assertThat(predictor.ports(now)).isNotEmpty();
        pass(Duration.ofMinutes(2));
        assertThat(predictor.ports(now)).isEmpty();
    }

    @Test
    void twoCircuitsAreWantedForEachPortThatSomeExitTakes() {
        predictor.used(443, now);
        predictor.used(22, now);
        predictor.used(9999, now);
        assertThat(predictor.wanted(circuits, selector, now).port()).isEqualTo(443);
        ready(0);
        PooledCircuit building = PoolWorld.circuit(selector, 1);
        circuits.add(building);
        ExitRequest wanted = predictor.wanted(circuits, selector, now);
        assertThat(wanted.port()).isEqualTo(22);
        assertThat(wanted.stable()).as("LongLivedPorts").isTrue();
        ready(2);
        assertThat(predictor.wanted(circuits, selector, now).port()).isEqualTo(22);
        ready(2);
        assertThat(predictor.wanted(circuits, selector, now)).isNull();
        circuits.remove(building);
        assertThat(predictor.wanted(circuits, selector, now)).as("those for 22 do for 443 too").isNull();
    }

    @Test
    void aCircuitThatIsTakenIsReplaced() {
        predictor.used(443, now);
        ready(0);
        ready(1);
        assertThat(predictor.wanted(circuits, selector, now)).isNull();
        Claim claim = new Claim(IsolationKey.DEFAULT, 0, ExitRequest.ipv4(443, false), true, false);
        circuits.take(claim, selector, IDLE, now);
        assertThat(predictor.wanted(circuits, selector, now)).isNotNull();
    }

    @Test
    void circuitsThatTheSettingsForbidDoNotCount() throws Exception {
        predictor.used(443, now);
        ready(0);
        ready(1);
        PathSelector strict = PoolWorld.selector(
                selector.dir(), PathSettings.DEFAULT.withExcluded(RelaySet.EMPTY, RelaySet.parse("exit0")));
        assertThat(predictor.wanted(circuits, strict, now)).isNotNull();
    }

    @Test
    void fourteenUnusedCircuitsAreEnough() {
        predictor.used(22, now);
        for (int i = 0; i < 14; i++) {
            assertThat(predictor.wanted(circuits, selector, now)).as("%d that are of no use for it", i).isNotNull();
            ready(0);
        }
        assertThat(predictor.wanted(circuits, selector, now)).isNull();
    }

    @Test
    void whereNoExitTakesThePortTwoCircuitsToAnyExitAreKept() {
        predictor.used(9999, now);
        assertThat(predictor.wanted(circuits, selector, now)).isEqualTo(ExitRequest.any());
        ready(0);
        ready(0);
        assertThat(predictor.wanted(circuits, selector, now)).isNull();
    }

    @Test
    void aProgramThatTriesAllPortsIsNotFollowed() {
        for (int port = 1; port <= 65_535; port++) {
            predictor.used(port, now++);
        }
        assertThat(predictor.ports(now)).hasSize(PortPredictor.MAX_PORTS).contains(65_535).doesNotContain(1);
    }

    @Test
    void circuitsAreKeptALittleLongerThanTheyAreMade() {
        predictor.used(443, now);
        for (int i = 0; i < 100; i++) {
            pass(Duration.ofSeconds(10));
            Duration left = predictor.remaining(now);
            assertThat(predictor.idleTime(now)).isBetween(left.plusSeconds(1), left.plusSeconds(2).plus(left.dividedBy(20)));
        }
    }
}
