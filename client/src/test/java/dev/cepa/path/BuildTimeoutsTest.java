package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.BuildTimeoutSet;
import dev.cepa.event.TorEvents;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Path-spec section 2.4; the numbers of the first tests are those of Arti's pareto.rs. */
class BuildTimeoutsTest {
    private static final int[] MILLIS = {300, 500, 542, 305, 543, 307, 212, 203, 617, 413};

    private Instant now = Instant.parse("2026-11-24T01:00:00Z");
    private final SmallNet consensus = new SmallNet();
    private final StateFile state = StateFile.inMemory("1", () -> now);
    private final TorEvents events = new TorEvents();
    private final BuildTimeouts timeouts = timeouts();

    private BuildTimeouts timeouts() {
        return new BuildTimeouts(state, PathSettings.DEFAULT, () -> now, new Random(3), events);
    }

    private void learnFromTen() {
        consensus.params.put("cbtmincircs", 1);
        consensus.params.put("cbtnummodes", 2);
        consensus.params.put("cbtinitialtimeout", 700);
        timeouts.update(consensus.dir().consensus(), PathSettings.DEFAULT);
        for (int millis : MILLIS) {
            timeouts.built(Duration.ofMillis(millis), true);
        }
    }

    @Test
    void theHistogramNamesTheMiddlesOfBinsOfTenMilliseconds() {
        BuildTimes times = new BuildTimes();
        for (int millis : new int[] {7, 8, 9, 10, 11, 12, 13, 299, BuildTimes.ABANDONED}) {
            times.add(millis);
        }
        assertThat(times.histogram()).containsExactly(5, 3, 15, 4, 295, 1);
        assertThat(times.size()).isEqualTo(9);
        assertThat(times.abandoned()).isEqualTo(1);
    }

    @Test
    void theFitIsThatOfTheFullestBinsAndTheLikeliestExponent() {
        BuildTimes times = new BuildTimes();
        assertThat(times.fit(2)).isNull();
        for (int millis : MILLIS) {
            times.add(millis);
        }
        BuildTimes.Pareto fit = times.fit(2);
        assertThat(fit.xm()).isEqualTo((305 * 3 + 545 * 2) / 5).isEqualTo(401);
        assertThat(fit.quantile(0.60)).isCloseTo(451.127, within(0.001));
        assertThat(fit.quantile(0.80)).isCloseTo(493.169, within(0.001));
        assertThat(fit.quantile(0.99)).isCloseTo(724.841, within(0.001));
    }

    @Test
    void abandonedCircuitsAloneGiveNoFit() {
        BuildTimes times = new BuildTimes();
        times.add(BuildTimes.ABANDONED);
        assertThat(times.fit(10)).isNull();
    }

    @Test
    void equalTimesGiveThatTime() {
        BuildTimes times = new BuildTimes();
        for (int i = 0; i < 100; i++) {
            times.add(105);
        }
        assertThat(times.fit(10).quantile(0.99)).isCloseTo(105, within(1e-6));
    }

    @Test
    void onlyTheLastThousandTimesCount() {
        BuildTimes times = new BuildTimes();
        for (int i = 0; i < 1000; i++) {
            times.add(9000);
        }
        for (int i = 0; i < 1000; i++) {
            times.add(50);
        }
        assertThat(times.histogram()).containsExactly(55, 1000);
    }

    @Test
    void aMinuteIsAllowedUntilAHundredCircuitsAreBuilt() {
        for (int i = 0; i < 99; i++) {
            timeouts.built(Duration.ofMillis(100 + i), true);
        }
        assertThat(timeouts.needsCircuits()).isTrue();
        assertThat(timeouts.timeout(3)).isEqualTo(Duration.ofSeconds(60));
        timeouts.built(Duration.ofMillis(199), true);
        assertThat(timeouts.needsCircuits()).isFalse();
        assertThat(timeouts.timeout(3)).isLessThan(Duration.ofMillis(200));
        assertThat(timeouts.closeTimeout(3)).as("measured for a minute all the same").isEqualTo(Duration.ofSeconds(60));
    }

    @Test
    void theQuantilesBecomeTheTimeouts() {
        learnFromTen();
        assertThat(timeouts.timeout(3).toNanos() / 1000).isEqualTo(493_169);
        assertThat(timeouts.closeTimeout(3).toNanos() / 1000).isEqualTo(724_841);
        assertThat(timeouts.timeout(4).toNanos() / 1000).as("10 trips instead of 6").isEqualTo(821_949);
        BuildTimeouts.Status status = timeouts.status();
        assertThat(status.computed()).isTrue();
        assertThat(status.xm()).isEqualTo(401);
        assertThat(status.timeoutRate()).isZero();
        timeouts.timedOut(true);
        timeouts.timedOut(true);
        timeouts.networkIsLive();
        timeouts.abandoned(now);
        assertThat(timeouts.status().timeoutRate()).isEqualTo(2 / 12.0);
        assertThat(timeouts.status().closeRate()).isEqualTo(1 / 12.0);
    }

    @Test
    void eighteenSlowCircuitsOfTwentyStartTheLearningOver() {
        learnFromTen();
        for (int i = 0; i < 17; i++) {
            timeouts.timedOut(true);
        }
        assertThat(timeouts.timeout(3).toMillis()).isEqualTo(493);
        timeouts.timedOut(false);
        assertThat(timeouts.timeout(3)).as("it did not even get past its first hop").isLessThan(Duration.ofMillis(494));
        timeouts.timedOut(true);
        assertThat(timeouts.timeout(3)).isEqualTo(Duration.ofMillis(700));
        for (int i = 0; i < 18; i++) {
            timeouts.timedOut(true);
        }
        assertThat(timeouts.timeout(3)).as("and again: twice the time").isEqualTo(Duration.ofMillis(1400));
    }

    @Test
    void whatWasLearnedCanBeDropped() {
        learnFromTen();
        assertThat(timeouts.timeout(3).toMillis()).isEqualTo(493);
        timeouts.drop();
        assertThat(timeouts.timeout(3)).as("that of the consensus").isEqualTo(Duration.ofMillis(700));
        assertThat(timeouts.status().times()).isZero();
    }

    @Test
    void strangelyLongTimesAreNotCounted() {
        timeouts.built(Duration.ofSeconds(122), true);
        timeouts.built(Duration.ofMillis(-1), true);
        assertThat(timeouts.status().times()).isZero();
        timeouts.built(Duration.ofSeconds(121), true);
        assertThat(timeouts.status().times()).isEqualTo(1);
    }

    @Test
    void nothingCountsWhileTheNetworkIsDead() {
        Instant begun = now.plusSeconds(1);
        now = now.plusSeconds(61);
        timeouts.abandoned(begun);
        assertThat(timeouts.status().times()).isZero();
        timeouts.built(Duration.ofMillis(100), true);
        assertThat(timeouts.status().times()).isZero();
        timeouts.networkIsLive();
        timeouts.abandoned(begun);
        assertThat(timeouts.status().times()).isEqualTo(1);
        assertThat(timeouts.status().closeRate()).as("this one and the dead one, and one that was built")
                .isEqualTo(2);
    }

    @Test
    void withoutLearningTheTimeIsTheUsers() {
        timeouts.update(consensus.dir().consensus(), PathSettings.DEFAULT.withBuildTimeout(false, Duration.ofSeconds(7)));
        for (int i = 0; i < 200; i++) {
            timeouts.built(Duration.ofMillis(100), true);
            timeouts.timedOut(true);
            timeouts.abandoned(now);
        }
        assertThat(timeouts.timeout(3)).isEqualTo(Duration.ofSeconds(7));
        assertThat(timeouts.closeTimeout(3)).isEqualTo(Duration.ofSeconds(7));
        assertThat(timeouts.needsCircuits()).isFalse();
    }

    @Test
    void timesSurviveInTheStateFile() throws Exception {
        Random random = new Random(5);
        for (int i = 0; i < 1000; i++) {
            timeouts.built(Duration.ofMillis(10 + random.nextInt(3000)), true);
        }
        timeouts.abandoned(now);
        state.save();
        BuildTimeouts again = timeouts();

        assertThat(again.status().times()).isEqualTo(1000);
        assertThat(state.value("CircuitBuildAbandonedCount")).isEqualTo("1");
        assertThat(again.timeout(3).toMillis()).isCloseTo(timeouts.timeout(3).toMillis(), within(50L));
    }

    @Test
    void whatIsLearnedAndForgottenIsTold() {
        List<TorEvent> told = new ArrayList<>();
        events.add(told::add);
        learnFromTen();
        assertThat(told).hasSize(10);
        BuildTimeoutSet last = (BuildTimeoutSet) told.getLast();
        assertThat(last.type()).isEqualTo(BuildTimeoutSet.Type.COMPUTED);
        assertThat(last.times()).isEqualTo(10);
        assertThat(last.timeout().toMillis()).isEqualTo(493);
        assertThat(last.close().toMillis()).isEqualTo(724);
        assertThat(last.xm()).isEqualTo(401);
        assertThat(last.alpha()).isCloseTo(7.78, within(0.01));
        assertThat(last.quantile()).isEqualTo(0.8);
        for (int i = 0; i < 18; i++) {
            timeouts.timedOut(true);
        }
        BuildTimeoutSet reset = (BuildTimeoutSet) told.getLast();
        assertThat(reset.type()).isEqualTo(BuildTimeoutSet.Type.RESET);
        assertThat(reset.times()).isZero();
        assertThat(reset.quantile()).isEqualTo(1);
        assertThat(last.timeoutRate()).isZero();
        assertThat(reset.timeoutRate()).as("counted anew, as C tor does").isZero();
        assertThat(reset.closeRate()).isZero();
    }

    @Test
    void circuitsToLearnFromAreTenSecondsApartAndNotTooMany() {
        assertThat(timeouts.wantsTestCircuit(0)).isTrue();
        timeouts.launched();
        now = now.plusSeconds(10);
        assertThat(timeouts.wantsTestCircuit(0)).isFalse();
        now = now.plusMillis(1);
        assertThat(timeouts.wantsTestCircuit(9)).isTrue();
        assertThat(timeouts.wantsTestCircuit(10)).isFalse();
        for (int i = 0; i < 100; i++) {
            timeouts.built(Duration.ofMillis(100), true);
        }
        assertThat(timeouts.wantsTestCircuit(0)).as("enough is known").isFalse();
    }

    @Test
    void linesOfCTorAreRead() {
        state.replace("CircuitBuildTimeBin", List.of("5 1", "15 23", "25 40", "35 9", "45 27"));
        state.replace("TotalBuildTimes", List.of("103"));
        state.replace("CircuitBuildAbandonedCount", List.of("3"));
        BuildTimeouts read = timeouts();
        assertThat(read.status().times()).isEqualTo(103);
        assertThat(read.timeout(3)).isLessThan(Duration.ofMillis(60));
    }

    @Test
    void linesThatDoNotAddUpAreNotUsed() {
        for (List<String> bins : List.of(List.of("5 2"), List.of("5 1", "x 2"), List.of("5 1", "15"), List.of("0 100"))) {
            state.replace("CircuitBuildTimeBin", bins);
            state.replace("TotalBuildTimes", List.of("100"));
            assertThat(timeouts().status().times()).isZero();
        }
        state.replace("CircuitBuildTimeBin", List.of("5 999999999"));
        state.replace("TotalBuildTimes", List.of("999999999"));
        assertThat(timeouts().status().times()).isZero();
    }
}
