package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.DesiredUx;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.pool.ConfluxChoice;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams of a client over sets of circuits, on real relays. */
@Timeout(180)
class ConfluxIT {
    private static final int MANY = 10_000_000;

    private static TestNetwork network;
    private static WebServer web;
    private final List<TorEvent> events = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void start() throws IOException {
        network = TestNetwork.builder().start(Duration.ofMinutes(3));
        web = WebServer.start();
    }

    @AfterAll
    static void stop() {
        web.close();
        network.close();
    }

    private TorClient client(ConfluxChoice.Mode mode) throws Exception {
        TorConfigBuilder config = TorConfig.builder().inMemory().testingNetwork(true);
        Networks.addAuthorities(config, network);
        config.conflux(new ConfluxChoice(mode, DesiredUx.HIGH_THROUGHPUT));
        TorClient tor = TorClient.start(config.build(), events::add);
        tor.awaitReady(Duration.ofSeconds(60));
        return tor;
    }

    /** The legs of all sets that are open, by their sets. */
    private Map<String, List<CircuitStatus>> sets() {
        Map<Long, CircuitStatus> circuits = new HashMap<>();
        for (TorEvent event : events) {
            if (event instanceof CircuitStatus status) {
                circuits.put(status.circuitId(), status);
            }
        }
        Map<String, List<CircuitStatus>> sets = new HashMap<>();
        for (CircuitStatus leg : circuits.values()) {
            if (leg.status() == CircuitStatus.Status.BUILT && leg.purpose().equals("CONFLUX_LINKED")) {
                sets.computeIfAbsent(leg.confluxId(), id -> new ArrayList<>()).add(leg);
            }
        }
        return sets;
    }

    private void awaitSets(int count) throws InterruptedException {
        long end = System.nanoTime() + 30_000_000_000L;
        while (sets().size() < count) {
            assertThat(System.nanoTime()).as("%s", events).isLessThan(end);
            Thread.sleep(20);
        }
    }

    /** The circuit or set that the last stream was given. */
    private long chosen() {
        long id = 0;
        for (TorEvent event : events) {
            if (event instanceof TorEvent.CircuitChosen chosen) {
                id = chosen.circuitId();
            }
        }
        return id;
    }

    private List<CircuitStatus> legsOf(long id) {
        for (List<CircuitStatus> legs : sets().values()) {
            if (legs.stream().anyMatch(leg -> leg.circuitId() == id)) {
                return legs;
            }
        }
        return List.of();
    }

    private static void request(TorSocket socket, long seed, int bytes) throws IOException {
        socket.setSoTimeout(60_000);
        socket.getOutputStream()
                .write(("GET /bytes/" + bytes + "?seed=" + seed + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    private static void assertServed(TorStreams streams, long seed, int bytes) throws Exception {
        try (TorSocket socket = streams.open("127.0.0.1", web.port())) {
            request(socket, seed, bytes);
            byte[] all = socket.getInputStream().readAllBytes();
            byte[] body = Arrays.copyOfRange(all, all.length - bytes, all.length);
            String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
            assertThat(sum).isEqualTo(web.content(seed).sha256(bytes));
        }
    }

    @Test
    void setsAreBuiltAheadOfLegsThatShareNoRelayButTheExitAndAreWhatStreamsGet() throws Exception {
        try (TorClient tor = client(ConfluxChoice.Mode.AUTO)) {
            awaitSets(3);
            for (List<CircuitStatus> legs : sets().values()) {
                assertThat(legs).hasSize(2);
                List<String> first = legs.get(0).path();
                List<String> second = legs.get(1).path();
                assertThat(first).hasSize(3);
                assertThat(second.getLast()).isEqualTo(first.getLast()).contains("~exit");
                assertThat(second.subList(0, 2)).doesNotContainAnyElementsOf(first);
            }
            assertServed(tor.streams(), 1, MANY);
            assertThat(legsOf(chosen())).as("the set that the stream was on").hasSize(2);
            // Another stream of the same user goes there too; one of somebody else has a set for himself.
            long one = chosen();
            assertServed(tor.streams(), 2, 1000);
            assertThat(chosen()).isEqualTo(one);
            assertServed(tor.isolated(), 3, 1000);
            assertThat(chosen()).isNotEqualTo(one);
            tor.newIdentity();
            assertServed(tor.streams(), 4, 1000);
            assertThat(chosen()).isNotEqualTo(one);
        }
    }

    @Test
    void manyStreamsOfManyUsersAreServed() throws Exception {
        try (TorClient tor = client(ConfluxChoice.Mode.AUTO)) {
            awaitSets(1);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int user = 0; user < 4; user++) {
                TorStreams streams = tor.isolated();
                for (int i = 0; i < 15; i++) {
                    int seed = 100 * user + i;
                    threads.add(Thread.ofVirtual().start(() -> {
                        try {
                            assertServed(streams, seed, 200_000);
                        } catch (Exception | AssertionError e) {
                            failure.compareAndSet(null, e);
                        }
                    }));
                }
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failure.get()).isNull();
        }
    }

    @Test
    void pinnedCircuitsAreNoSetsAndNobodyGetsOneOnceTheyAreTurnedOff() throws Exception {
        try (TorClient tor = client(ConfluxChoice.Mode.AUTO)) {
            awaitSets(1);
            try (PinnedCircuit circuit = tor.pin(web.port(), Duration.ofSeconds(30))) {
                assertServed(circuit.streams(), 1, 1000);
                assertThat(legsOf(circuit.id())).isEmpty();
            }
            tor.reconfigure(tor.config().toBuilder()
                    .conflux(new ConfluxChoice(ConfluxChoice.Mode.OFF, DesiredUx.HIGH_THROUGHPUT))
                    .build());
            assertServed(tor.streams(), 2, 1000);
            assertThat(legsOf(chosen())).isEmpty();
        }
    }

    @Test
    void thereAreNoneWhereTheyAreOff() throws Exception {
        try (TorClient tor = client(ConfluxChoice.Mode.OFF)) {
            assertServed(tor.streams(), 1, 1000);
            assertThat(events).noneMatch(e -> e instanceof CircuitStatus status && status.confluxId() != null);
        }
    }

    @Test
    void whenTheGuardOfALegDiesNothingIsReadWrongAndNewStreamsGoOn() throws Exception {
        try (TorClient tor = client(ConfluxChoice.Mode.AUTO)) {
            awaitSets(2); // so that the first is not only built, but there to be taken
            TorSocket download = tor.open("127.0.0.1", web.port());
            List<CircuitStatus> legs = legsOf(chosen());
            assertThat(legs).hasSize(2);
            request(download, 5, 500_000_000);
            assertThat(download.getInputStream().readNBytes(1_000_000)).hasSize(1_000_000);
            String guard = legs.getFirst().path().getFirst();
            Node victim = network.nodeByFingerprint(guard.substring(1, 41));
            victim.kill();
            try {
                // Both legs carry data, so that it can't go on.
                assertThatThrownBy(() -> download.getInputStream().transferTo(OutputStream.nullOutputStream()))
                        .isInstanceOf(IOException.class);
                long begin = System.nanoTime();
                assertServed(tor.streams(), 6, 100_000);
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(15));
            } finally {
                victim.restart();
            }
            // Sets of the guards that are left.
            long end = System.nanoTime() + 30_000_000_000L;
            do {
                assertThat(System.nanoTime()).isLessThan(end);
                Thread.sleep(100);
                assertServed(tor.isolated(), 7, 100_000);
            } while (legsOf(chosen()).isEmpty());
        }
    }
}
