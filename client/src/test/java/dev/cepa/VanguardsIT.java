package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.RsaId;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.NetDir;
import dev.cepa.path.RelaySet;
import dev.cepa.path.VanguardSettings;
import dev.cepa.path.VanguardSettings.Mode;
import dev.cepa.pool.InternalCircuits.Purpose;
import dev.cepa.pool.VanguardCircuits;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The paths of onion-service circuits, on real relays. */
@Timeout(120)
class VanguardsIT {
    private static TestNetwork network;

    @BeforeAll
    static void network() throws IOException {
        network = TestNetworks.shared();
    }

    private static TorClient client(Mode mode) throws TorException {
        TorConfigBuilder config = TorConfig.builder().inMemory().testingNetwork(true);
        Networks.addAuthorities(config, network);
        return TorClient.connect(
                config.vanguards(new VanguardSettings(mode, RelaySet.EMPTY, RelaySet.EMPTY)).build());
    }

    private static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(30));
    }

    private static List<RsaId> path(Circuit circuit) {
        List<RsaId> path = new ArrayList<>();
        for (HopTarget hop : circuit.path()) {
            path.add(hop.link().rsaId());
        }
        return path;
    }

    private static void awaitReady(VanguardCircuits circuits, int count) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (circuits.ready() < count) { // more, where some took so long that others were begun
            assertThat(System.nanoTime()).as("%s are ready", circuits.ready()).isLessThan(end);
            Thread.sleep(10);
        }
    }

    @Test
    void noCircuitIsBuiltBeforeAnyIsAskedForAndThenThreeAreKeptReady() throws Exception {
        try (TorClient tor = client(Mode.AUTO)) {
            VanguardCircuits circuits = tor.internalCircuits();
            Thread.sleep(300);
            assertThat(circuits.ready()).isZero();
            circuits.toRendezvousPoint(soon()).close();
            awaitReady(circuits, 3);
            Circuit again = circuits.toRendezvousPoint(soon());
            assertThat(again.isOpen()).isTrue();
            awaitReady(circuits, 3);
            tor.rest();
            assertThat(circuits.ready()).isZero();
            assertThat(again.isOpen()).as("it is its owner's").isTrue();
            tor.wake();
            Thread.sleep(300);
            assertThat(circuits.ready()).isZero();
            circuits.toRendezvousPoint(soon());
            awaitReady(circuits, 3);
            tor.newIdentity();
            circuits.toRendezvousPoint(soon());
        }
    }

    @Test
    void withLiteEveryCircuitHasOneOfFourSecondHops() throws Exception {
        try (TorClient tor = client(Mode.AUTO)) {
            VanguardCircuits circuits = tor.internalCircuits();
            NetDir dir = circuits.directory(soon());
            Set<RsaId> guards = new HashSet<>();
            Set<RsaId> second = new HashSet<>();
            for (int i = 0; i < 24; i++) {
                HopTarget last = circuits.hop(dir, i % dir.size(), soon());
                Purpose purpose = Purpose.values()[i % Purpose.values().length];
                try (Circuit circuit = circuits.to(last, purpose, soon())) {
                    List<RsaId> path = path(circuit);
                    assertThat(path).hasSize(4).endsWith(last.link().rsaId());
                    assertThat(path.subList(1, 4)).doesNotHaveDuplicates();
                    guards.add(path.get(0));
                    second.add(path.get(1));
                }
                try (Circuit circuit = circuits.toRendezvousPoint(soon())) {
                    assertThat(path(circuit)).hasSize(3).doesNotHaveDuplicates();
                    second.add(path(circuit).get(1));
                }
            }
            assertThat(guards).hasSize(1);
            assertThat(second.size()).isLessThanOrEqualTo(4);
        }
    }

    @Test
    void fullVanguardsMakePathsLonger() throws Exception {
        try (TorClient tor = client(Mode.FULL)) {
            VanguardCircuits circuits = tor.internalCircuits();
            NetDir dir = circuits.directory(soon());
            int[] lengths = {5, 5, 5, 4, 4, 5}; // the relay that is wanted included
            for (Purpose purpose : Purpose.values()) {
                HopTarget last = circuits.hop(dir, purpose.ordinal(), soon());
                try (Circuit circuit = circuits.to(last, purpose, soon())) {
                    assertThat(circuit.path()).as("%s", purpose).hasSize(lengths[purpose.ordinal()]);
                }
            }
            try (Circuit circuit = circuits.toRendezvousPoint(soon())) {
                assertThat(circuit.path()).hasSize(4);
            }
        }
    }
}
