package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.DesiredUx;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitChosen;
import dev.cepa.event.TorEvent.CircuitChosen.Outcome;
import dev.cepa.pool.ConfluxChoice;
import dev.cepa.pool.PoolStatistics;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Circuits that are ready before they are asked for, on real relays. */
@Timeout(120)
class PoolIT {
    private static TestNetwork network;
    private static WebServer web;

    private final List<TorEvent> events = new CopyOnWriteArrayList<>();
    private TorClient tor;

    @BeforeAll
    static void network() throws IOException {
        network = TestNetworks.shared();
        web = WebServer.start();
    }

    @AfterAll
    static void stop() {
        web.close();
    }

    @BeforeEach
    void start() throws TorException {
        TorConfigBuilder config = TorConfig.builder().inMemory().testingNetwork(true);
        Networks.addAuthorities(config, network);
        tor = TorClient.start(config.build(), events::add);
        tor.awaitReady(Duration.ofSeconds(60));
    }

    @AfterEach
    void close() {
        tor.close();
    }

    private List<CircuitChosen> chosen() {
        List<CircuitChosen> chosen = new ArrayList<>();
        for (TorEvent event : events) {
            if (event instanceof CircuitChosen c) {
                chosen.add(c);
            }
        }
        return chosen;
    }

    private void awaitUnused(int count) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        for (PoolStatistics s = tor.poolStatistics(); s.unused() < count || s.pending() > 0; s = tor.poolStatistics()) {
            assertThat(System.nanoTime()).as("%s", s).isLessThan(end);
            Thread.sleep(10);
        }
    }

    private void use(TorStreams streams) throws IOException {
        try (TorSocket socket = streams.open("127.0.0.1", web.echoPort())) {
            socket.getOutputStream().write(7);
            socket.setSoTimeout(20_000);
            assertThat(socket.getInputStream().read()).isEqualTo(7);
        }
    }

    @Test
    void streamsFindCircuitsThatWereBuiltBeforeTheyWereAskedFor() throws Exception {
        for (int i = 0; i < 6; i++) {
            awaitUnused(2);
            use(tor.isolated());
        }
        assertThat(chosen()).hasSize(6).allMatch(c -> c.outcome() == Outcome.HIT);
        assertThat(chosen().stream().map(CircuitChosen::circuitId)).doesNotHaveDuplicates();
        assertThat(tor.poolStatistics().hits()).isEqualTo(6);
    }

    private TorConfig withoutSets() throws TorException {
        ConfluxChoice off = new ConfluxChoice(ConfluxChoice.Mode.OFF, DesiredUx.HIGH_THROUGHPUT);
        return tor.config().toBuilder().conflux(off).build();
    }

    /** Without sets: streams would move to one as soon as it is ready. */
    @Test
    void handlesKeepTheirStreamsTogetherAndApartFromOthers() throws Exception {
        tor.reconfigure(withoutSets());
        TorStreams one = tor.isolated();
        TorStreams other = tor.isolated();
        for (TorStreams streams : List.of(one, other, tor.streams(), one, other, tor.streams(), one.onDemand())) {
            use(streams);
        }
        List<Long> ids = new ArrayList<>();
        chosen().forEach(c -> ids.add(c.circuitId()));
        assertThat(ids.subList(0, 3)).doesNotHaveDuplicates().isEqualTo(ids.subList(3, 6));
        assertThat(ids.get(6)).as("the handle's own circuit").isEqualTo(ids.get(0));
    }

    @Test
    void aNewIdentityMovesNewStreamsToOtherCircuitsAndLeavesRunningOnes() throws Exception {
        try (TorSocket running = tor.open("127.0.0.1", web.echoPort())) {
            tor.newIdentity();
            use(tor.streams());
            assertThat(chosen().get(1).circuitId()).isNotEqualTo(chosen().get(0).circuitId());
            running.getOutputStream().write(9);
            running.setSoTimeout(20_000);
            assertThat(running.getInputStream().read()).isEqualTo(9);
        }
    }

    @Test
    void aPinnedCircuitCarriesItsOwnersStreamsUntilItIsClosed() throws Exception {
        try (PinnedCircuit circuit = tor.pin(web.echoPort(), Duration.ofSeconds(30))) {
            assertThat(circuit.path()).hasSize(3).doesNotHaveDuplicates().allMatch(relay -> relay.startsWith("$"));
            use(circuit.streams());
            use(circuit.streams());
            use(tor.streams());
            assertThat(chosen().getLast().circuitId()).isNotEqualTo(circuit.id());
            tor.newIdentity();
            use(circuit.streams());
            circuit.close();
            assertThat(circuit.isOpen()).isFalse();
            assertThatThrownBy(() -> use(circuit.streams())).isInstanceOf(TorException.class);
        }
    }

    @Test
    void withoutPredictionCircuitsAreBuiltWhenTheyAreAskedFor() throws Exception {
        awaitUnused(2);
        tor.reconfigure(withoutSets().toBuilder().predictCircuits(false).build());
        // First those that are there, and those that had been begun.
        PoolStatistics left = tor.poolStatistics();
        for (int i = 0; i < 20 && left.unused() + left.pending() > 0; i++) {
            use(tor.isolated());
            left = tor.poolStatistics();
        }
        use(tor.isolated());
        assertThat(chosen().getLast().outcome()).isEqualTo(Outcome.MISS);
        assertThat(tor.poolStatistics().unused()).isZero();
    }
}
