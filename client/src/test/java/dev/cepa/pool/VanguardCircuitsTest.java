package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.circuit.PlayedCircuits;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.netdoc.TestDirectory;
import dev.cepa.path.BuildTimeouts;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import dev.cepa.path.RelaySet;
import dev.cepa.path.StateFile;
import dev.cepa.path.VanguardSettings;
import dev.cepa.path.VanguardSettings.Mode;
import dev.cepa.path.Vanguards;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Paths of onion-service circuits in a network so young that three relays are stable; extending is played, and fails. */
@Timeout(60)
class VanguardCircuitsTest {
    private static final int STABLE = 3;

    private final List<List<HopTarget>> built = new CopyOnWriteArrayList<>();
    private final TorEvents events = new TorEvents();
    private final StateFile file = StateFile.inMemory("1", InstantSource.system());
    private final GuardManager guards = new GuardManager(file, InstantSource.system(), new Random(1), events);

    private static NetDir youngNetwork() {
        TestDirectory network = new TestDirectory().validAfter(Instant.now().minusSeconds(60));
        for (int i = 0; i < STABLE; i++) {
            network.relay("old" + i).with(RelayFlags.GUARD);
        }
        for (int i = 0; i < 5; i++) {
            network.relay("young" + i)
                    .flags(RelayFlags.RUNNING | RelayFlags.VALID | RelayFlags.FAST | RelayFlags.V2_DIR);
        }
        return network.build();
    }

    private VanguardCircuits circuits(PathSelector selector, Mode mode, boolean predicts) {
        guards.update(selector);
        return new VanguardCircuits(
                PoolSettings.DEFAULT.withPrediction(predicts), this::build, () -> selector, guards,
                new Vanguards(
                        new VanguardSettings(mode, RelaySet.EMPTY, RelaySet.EMPTY), InstantSource.system(),
                        new Random(3), events),
                new BuildTimeouts(file, PathSettings.DEFAULT, InstantSource.system(), new Random(2), events));
    }

    private Circuit build(List<HopTarget> path, GuardAttempt attempt, String purpose, CircuitSource.Progress progress)
            throws TorException {
        built.add(path);
        attempt.goesOn();
        attempt.complete();
        return PlayedCircuits.open(built.size(), events, request -> null);
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"OFF", "LITE", "FULL"})
    void aRelayThatNoPathFitsByChanceIsGivenOneThatDoes(Mode mode) throws Exception {
        PathSelector selector = new PathSelector(youngNetwork(), PathSettings.DEFAULT, new Random(1));
        try (VanguardCircuits circuits = circuits(selector, mode, false)) {
            for (int relay = 0; relay < STABLE; relay++) {
                built.clear();
                HopTarget target = target(selector, relay);
                assertThatThrownBy(() -> circuits.to(
                                target, InternalCircuits.Purpose.INTRODUCTION, soon()))
                        .as("extended to, as often as it may fail")
                        .isInstanceOf(ProtocolException.class);
                assertThat(built).hasSizeBetween(1, 10);
            }
        }
    }

    @Test
    void threeAreKeptReadyOnceOneHasBeenAskedForUnlessNothingIsToBePredicted() throws Exception {
        PathSelector selector = new PathSelector(youngNetwork(), PathSettings.DEFAULT, new Random(1));
        try (VanguardCircuits circuits = circuits(selector, Mode.LITE, true)) {
            assertThat(circuits.ready()).isZero();
            circuits.toRendezvousPoint(soon());
            while (circuits.ready() < StemList.READY) {
                Thread.sleep(2); // until the test's time is over
            }
            circuits.setSettings(PoolSettings.DEFAULT.withPrediction(false));
            circuits.toRendezvousPoint(soon());
            Thread.sleep(200);
            assertThat(circuits.ready()).as("what is left").isLessThan(StemList.READY);
        }
        try (VanguardCircuits circuits = circuits(selector, Mode.LITE, false)) {
            circuits.toRendezvousPoint(soon());
            Thread.sleep(200);
            assertThat(circuits.ready()).as("one more, if the first was slow").isLessThan(StemList.READY);
        }
    }

    /** What is said of guards in a network where nothing can be extended. */
    @ParameterizedTest
    @EnumSource
    void relaysThatOthersChooseSayNothingOfOurGuard(InternalCircuits.Purpose purpose) throws Exception {
        boolean chosen = purpose == InternalCircuits.Purpose.INTRODUCTION
                || purpose == InternalCircuits.Purpose.SERVICE_RENDEZVOUS;
        PathSelector selector = new PathSelector(youngNetwork(), PathSettings.DEFAULT, new Random(1));
        try (VanguardCircuits circuits = circuits(selector, Mode.LITE, false)) {
            assertThatThrownBy(() -> circuits.to(target(selector, STABLE), purpose, soon())).isInstanceOf(TorException.class);
        }
        file.markDirty();
        file.save();
        String guards = String.join(" ", file.values("Guard"));
        assertThat(guards).contains("pb_circ_successes=").doesNotContain("pb_collapsed_circuits=");
        assertThat(guards.contains("pb_use_attempts=")).as(guards).isEqualTo(!chosen);
        assertThat(guards.contains("pb_unusable_circuits=")).as(guards).isEqualTo(!chosen);
        assertThat(guards.contains("pb_successful_circuits_closed=")).as(guards).isEqualTo(chosen);
    }

    @Test
    void aRendezvousPointThatWasReachedSpeaksForOurGuard() throws Exception {
        PathSelector selector = new PathSelector(youngNetwork(), PathSettings.DEFAULT, new Random(1));
        try (VanguardCircuits circuits = circuits(selector, Mode.LITE, false)) {
            circuits.toRendezvousPoint(soon()).close();
        }
        file.markDirty();
        file.save();
        assertThat(String.join(" ", file.values("Guard"))).contains("pb_successful_circuits_closed=")
                .doesNotContain("pb_use_attempts=", "pb_unusable_circuits=", "pb_collapsed_circuits=");
    }

    @Test
    void aRelayThatIsExcludedIsGoneToAllTheSameUnlessNodesAreStrict() throws Exception {
        PathSettings excluding = PathSettings.DEFAULT.withExcluded(RelaySet.parse("young0"), RelaySet.EMPTY);
        for (boolean strict : new boolean[] {true, false}) {
            built.clear();
            PathSelector selector = new PathSelector(youngNetwork(), excluding.withStrictNodes(strict), new Random(1));
            try (VanguardCircuits circuits = circuits(selector, Mode.LITE, false)) {
                assertThatThrownBy(() -> circuits.to(
                                target(selector, STABLE), InternalCircuits.Purpose.SERVICE_RENDEZVOUS, soon()))
                        .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind())
                                .isEqualTo(strict ? ErrorKind.NO_PATH : ErrorKind.PROTOCOL));
            }
            assertThat(built.isEmpty()).isEqualTo(strict);
        }
    }

    private static HopTarget target(PathSelector selector, int relay) {
        NetDir dir = selector.dir();
        return new HopTarget(
                new ChannelTarget(dir.rsaId(relay), dir.ed25519Id(relay), List.of(dir.ipv4(relay))), dir.ntorKey(relay), true,
                "target");
    }

    private static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(20));
    }
}
