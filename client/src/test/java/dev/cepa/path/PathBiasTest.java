package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.path.PathBias.Stage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PathBiasTest {
    private final TorEvents events = new TorEvents();
    private final List<String> warnings = new ArrayList<>();
    private final PathBias.Params params = PathBias.Params.of(new SmallNet().many(3, SmallNet.GUARD, 10).dir().consensus());
    private final PathBias bias = new PathBias();

    PathBiasTest() {
        events.add(e -> warnings.add(((TorEvent.Warning) e).message()));
    }

    private Stage begin() {
        return bias.begun("$A~a", params, events);
    }

    private Stage use(Stage stage) {
        return bias.used(stage, "$A~a", params, events);
    }

    private void succeed() {
        bias.ended(bias.answered(use(bias.built(begin()))), false, false);
    }

    private void fail() {
        bias.ended(begin(), false, true);
    }

    private String state() {
        StringBuilder out = new StringBuilder();
        bias.format(out);
        return out.toString();
    }

    @Test
    void countsEachCircuitOnceByHowItEnded() {
        succeed();
        fail();
        bias.ended(begin(), true, true);
        bias.ended(bias.built(begin()), false, false);
        bias.ended(bias.built(begin()), false, true);
        Stage unusable = bias.ended(use(bias.built(begin())), false, false);
        assertThat(unusable).isEqualTo(Stage.OVER);
        assertThat(bias.ended(unusable, false, false)).isEqualTo(Stage.OVER);
        assertThat(state()).isEqualTo(" pb_use_attempts=2.000000 pb_use_successes=1.000000 pb_circ_attempts=6.000000"
                + " pb_circ_successes=4.000000 pb_successful_circuits_closed=2.000000 pb_collapsed_circuits=1.000000"
                + " pb_unusable_circuits=1.000000 pb_timeouts=1.000000");
    }

    @Test
    void circuitsThatAreOpenHaveTheBenefitOfTheDoubt() {
        Stage open = use(bias.built(begin()));
        assertThat(open).isEqualTo(Stage.USED);
        assertThat(bias.closeSuccesses()).isEqualTo(1);
        assertThat(bias.useSuccesses()).isEqualTo(1);
        bias.ended(open, false, true);
        assertThat(bias.closeSuccesses()).isZero();
        assertThat(bias.useSuccesses()).isZero();
    }

    @Test
    void aGuardThatFailsCircuitsIsWarnedOfThreeTimesAtMost() {
        for (int i = 0; i < 90; i++) {
            succeed();
        }
        for (int i = 0; i < 60; i++) {
            fail();
        }
        assertThat(warnings).as("too few to judge by").isEmpty();
        fail();
        fail();
        assertThat(warnings).hasSize(1);
        assertThat(warnings.getFirst()).startsWith("Guard $A~a is failing more circuits than usual.")
                .contains("Success counts are 90/151");
        for (int i = 0; i < 400; i++) {
            fail();
        }
        assertThat(warnings).hasSize(3);
        assertThat(warnings.get(1)).contains("a very large amount of circuits");
        assertThat(warnings.get(2)).contains("an extremely large amount of circuits");
    }

    @Test
    void aGuardWhoseCircuitsCarryNothingIsWarnedOf() {
        for (int i = 0; i < 18; i++) {
            succeed();
        }
        for (int i = 0; i < 6; i++) {
            bias.ended(use(bias.built(begin())), false, false);
        }
        assertThat(warnings).hasSize(1);
        assertThat(warnings.getFirst()).contains("failing to carry more streams on its circuits than usual");
        for (int i = 0; i < 30; i++) {
            bias.ended(use(bias.built(begin())), false, false);
        }
        assertThat(warnings).hasSize(2);
        assertThat(warnings.get(1)).contains("an extremely large amount of streams");
    }

    @Test
    void countsAreHalvedSoThatWhatIsRecentWeighsMore() {
        for (int i = 0; i < 301; i++) {
            succeed();
        }
        Stage open = bias.built(begin());
        assertThat(state()).contains("pb_circ_attempts=151.500000 pb_circ_successes=151.500000"
                + " pb_successful_circuits_closed=151.500000");
        bias.ended(open, false, false);
    }

    @Test
    void countsOfUseAreHalvedToo() {
        for (int i = 0; i < 101; i++) {
            succeed();
        }
        Stage open = use(bias.built(begin()));
        assertThat(state()).contains("pb_use_attempts=51.500000 pb_use_successes=51.500000");
        bias.ended(open, false, false);
        assertThat(state()).contains("pb_use_attempts=51.500000 pb_use_successes=50.500000");
    }

    @Test
    void aGuardWhoseCircuitsCarryNothingIsGivenUpToo() {
        PathBias.Params dropping = PathBias.Params.of(
                new SmallNet().many(3, SmallNet.GUARD, 10).dir().consensus(),
                new PathBiasSettings(-1, -1, -1, -1, 1, -1, 3, -1, -1, -1));
        for (int i = 0; i < 5; i++) {
            assertThat(bias.isDropped()).isFalse();
            bias.ended(bias.used(bias.built(begin()), "$A~a", dropping, events), false, false);
        }
        assertThat(bias.isDropped()).isTrue();
        assertThat(warnings).singleElement().asString().contains("failing to carry", "has disabled use of this guard");
    }

    @Test
    void theConsensusMayTurnEveryWarningOff() {
        SmallNet net = new SmallNet().many(3, SmallNet.GUARD, 10);
        for (String share : new String[] {"pb_noticepct", "pb_warnpct", "pb_extremepct", "pb_noticeusepct", "pb_extremeusepct"}) {
            net.params.put(share, 0);
        }
        PathBias.Params off = PathBias.Params.of(net.dir().consensus());
        for (int i = 0; i < 200; i++) {
            bias.ended(bias.used(bias.built(bias.begun("$A~a", off, events)), "$A~a", off, events), false, false);
        }
        assertThat(warnings).isEmpty();
    }

    @Test
    void readsWhatCTorWritesAndLeavesOutWhatIsNoNumber() {
        Guard guard = Guard.parse(
                "in=default rsa_id=" + SmallNet.id(0) + " listed=1 pb_circ_attempts=60.500000 pb_timeouts=x"
                        + " pb_use_attempts=-1 pb_unusable_circuits=1e99 other=1",
                1);
        assertThat(guard.format("default", 0)).endsWith("listed=1 pb_circ_attempts=60.500000 other=1");
    }

    @Test
    void theUserMayChooseTheThresholds() {
        PathBias.Params own = PathBias.Params.of(
                new SmallNet().many(3, SmallNet.GUARD, 10).dir().consensus(),
                new PathBiasSettings(5, 0.9, -1, 0, 0, 10, 3, -1, 0, 11));
        assertThat(own).isEqualTo(new PathBias.Params(5, 0.9, 0.5, 0, false, 10, 3, 0.8, 0, 11, 0.5));
        assertThat(PathBias.Params.of(new SmallNet().many(3, SmallNet.GUARD, 10).dir().consensus(),
                new PathBiasSettings(4, -1, -1, -1, 0, 9, 2, -1, -1, 9))).as("too small to make sense").isEqualTo(params);
        for (int i = 0; i < 6; i++) {
            bias.ended(bias.begun("$A~a", own, events), false, true);
        }
        bias.begun("$A~a", own, events);
        assertThat(warnings).singleElement().asString().contains("a very large amount of circuits");
    }

    @Test
    void aGuardIsGivenUpOnlyIfTheUserWantsThat() {
        PathBias.Params dropping = PathBias.Params.of(
                new SmallNet().many(3, SmallNet.GUARD, 10).dir().consensus(),
                new PathBiasSettings(5, -1, -1, -1, 1, -1, -1, -1, -1, -1));
        for (int i = 0; i < 7; i++) {
            assertThat(bias.isDropped()).isFalse();
            bias.ended(bias.begun("$A~a", dropping, events), false, true);
        }
        assertThat(bias.isDropped()).isTrue();
        assertThat(warnings).singleElement().asString().contains("has disabled use of this guard");
        for (int i = 0; i < 300; i++) {
            fail();
        }
    }
}
