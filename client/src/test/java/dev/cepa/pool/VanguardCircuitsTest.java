package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.circuit.PlayedCircuits;
import dev.cepa.error.Deadline;
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

    private VanguardCircuits circuits(PathSelector selector, Mode mode) {
        guards.update(selector);
        return new VanguardCircuits(
                PoolSettings.DEFAULT.withPrediction(false), this::build, () -> selector, guards,
                new Vanguards(
                        new VanguardSettings(mode, RelaySet.EMPTY, RelaySet.EMPTY), InstantSource.system(),
                        new Random(3), events),
                new BuildTimeouts(file, PathSettings.DEFAULT, InstantSource.system(), new Random(2), events));
    }

    private Circuit build(List<HopTarget> path, GuardAttempt attempt, String purpose, CircuitSource.Progress progress)
            throws TorException {
        built.add(path);
        attempt.complete();
        return PlayedCircuits.open(built.size(), events, request -> null);
    }

    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"OFF", "LITE", "FULL"})
    void aRelayThatNoPathFitsByChanceIsGivenOneThatDoes(Mode mode) throws Exception {
        PathSelector selector = new PathSelector(youngNetwork(), PathSettings.DEFAULT, new Random(1));
        try (VanguardCircuits circuits = circuits(selector, mode)) {
            for (int relay = 0; relay < STABLE; relay++) {
                built.clear();
                RsaId id = selector.dir().rsaId(relay);
                HopTarget target = new HopTarget(
                        new ChannelTarget(id, selector.dir().ed25519Id(relay), List.of(selector.dir().ipv4(relay))),
                        selector.dir().ntorKey(relay), true, "target");
                assertThatThrownBy(() -> circuits.to(
                                target, InternalCircuits.Purpose.INTRODUCTION, Deadline.in(Duration.ofSeconds(20))))
                        .as("extended to, as often as it may fail")
                        .isInstanceOf(ProtocolException.class);
                assertThat(built).hasSizeBetween(1, 10);
            }
        }
    }
}
