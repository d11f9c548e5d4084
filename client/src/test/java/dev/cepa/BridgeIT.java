package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.channel.OutboundAddresses;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client that reaches a network of real relays by real bridges. */
@Timeout(180)
class BridgeIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static TestNetwork network;
    private static WebServer web;

    @TempDir
    private Path folder;

    private final List<TorEvent> events = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void start() throws IOException {
        network = TestNetwork.builder().bridges(2).votingInterval(Duration.ofMinutes(5)).start(Duration.ofMinutes(3));
        web = WebServer.start();
    }

    @AfterAll
    static void stop() {
        web.close();
        network.close();
    }

    private static Node bridge(int number) {
        return network.node("bridge" + number);
    }

    private static String line(int number) {
        return network.bridgeLines().get(number).substring("Bridge ".length());
    }

    private static String lineWithoutFingerprint(int number) {
        return "127.0.0.1:" + bridge(number).orPort();
    }

    private static TorConfigBuilder config() throws TorException {
        return Networks.addAuthorities(TorConfig.builder().inMemory().testingNetwork(true), network);
    }

    private static TorConfigBuilder from(TorConfigBuilder config, int last) throws IOException {
        return config.outboundAddresses(
                OutboundAddresses.ANY.with(InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last})));
    }

    private TorClient ready(TorConfig config) throws TorException {
        TorClient tor = TorClient.start(config, events::add);
        try {
            tor.awaitReady(PATIENCE);
            return tor;
        } catch (TorException e) {
            tor.close();
            throw new TorException(e.kind(), e.getMessage() + "\n" + events, e);
        }
    }

    private static void fetch(TorClient tor) throws IOException {
        try (TorSocket socket = tor.open("127.0.0.1", web.port())) {
            socket.getOutputStream().write("GET /bytes/1000 HTTP/1.0\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            assertThat(in.readNBytes(1000)).hasSize(1000);
        }
    }

    private void assertKeepsTheSecret(int... bridges) {
        for (int bridge : bridges) {
            for (TorEvent event : events) {
                assertThat(event.toString())
                        .doesNotContain(bridge(bridge).fingerprint())
                        .doesNotContain(":" + bridge(bridge).orPort(), "port " + bridge(bridge).orPort());
            }
        }
    }

    @Test
    void connectsToTheBridgeAndToNothingElse() throws Exception {
        try (Connections connections = new Connections(77);
                TorClient tor = ready(from(config().bridge(line(0)), 77).build())) {
            fetch(tor);
            tor.newIdentity();
            fetch(tor);
            assertThat(connections.ports()).containsExactly(bridge(0).orPort());
            assertThat(events).filteredOn(TorEvent.DirectoryDownload.class::isInstance)
                    .extracting(event -> ((TorEvent.DirectoryDownload) event).document())
                    .contains("descriptor", "consensus", "certificates", "microdescriptors");
            assertThat(events).filteredOn(TorEvent.CircuitStatus.class::isInstance)
                    .allSatisfy(event -> assertThat(((TorEvent.CircuitStatus) event).path())
                            .allSatisfy(relay -> assertThat(relay.equals("[bridge 1]") || relay.startsWith("$")).isTrue()));
            assertKeepsTheSecret(0);
        }
    }

    /** What the test before relies on. */
    @Test
    void aClientWithoutBridgesIsSeenToConnectToRelays() throws Exception {
        try (Connections connections = new Connections(78); TorClient tor = ready(from(config(), 78).build())) {
            fetch(tor);
            List<Integer> relays = network.relays().stream().map(Node::orPort).toList();
            assertThat(connections.ports()).isNotEmpty().allMatch(relays::contains);
        }
    }

    @Test
    void aWarmStartNeedsNothingFromTheBridgeButCircuits() throws Exception {
        TorConfig config = config().dataDirectory(folder.resolve("data")).bridge(line(0)).build();
        ready(config).close();
        Path journal = folder.resolve("data").resolve("cached-descriptors.new");
        assertThat(Files.readString(journal)).startsWith("@downloaded-at ").contains("\n@purpose bridge\nrouter bridge0 ");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(journal))).isEqualTo("rw-------");
        events.clear();
        try (TorClient tor = ready(config)) {
            assertThat(events).noneMatch(TorEvent.DirectoryDownload.class::isInstance);
            fetch(tor);
        }
        // What is on disk is not trusted.
        Files.writeString(journal, Files.readString(journal).replace("published 20", "published 19"));
        events.clear();
        try (TorClient tor = ready(config)) {
            fetch(tor);
            assertThat(events).anyMatch(event -> event instanceof TorEvent.DirectoryDownload d && d.document().equals("descriptor"));
        }
    }

    @Test
    void theStateIsOneThatCTorGoesOnWith() throws Exception {
        Path data = network.folder().resolve("bridged");
        ready(config().dataDirectory(data).bridge(line(0)).build()).close();
        Path state = data.resolve("state");
        String ours = guardLine(state);
        assertThat(ours).contains(" rsa_id=" + bridge(0).fingerprint() + " bridge_addr=127.0.0.1:" + bridge(0).orPort() + " ");
        Node tor = network.startClient("bridged", PATIENCE, "UseBridges 1", "Bridge " + line(0), "Log info file $DIR/info.log");
        tor.stop();
        assertThat(Files.readString(data.resolve("info.log")))
                .contains("new bridge descriptor 'bridge0' (cached)").doesNotContain("Requesting consensus");
        String theirs = guardLine(state);
        assertThat(upToBias(theirs)).isEqualTo(upToBias(ours));
        events.clear();
        try (TorClient again = ready(config().dataDirectory(data).bridge(line(0)).build())) {
            assertThat(events).noneMatch(TorEvent.DirectoryDownload.class::isInstance);
            fetch(again);
        }
        assertThat(upToBias(guardLine(state))).isEqualTo(upToBias(ours));
    }

    private static String guardLine(Path state) throws IOException {
        List<String> lines = Files.readAllLines(state).stream().filter(line -> line.startsWith("Guard in=bridges ")).toList();
        assertThat(lines).hasSize(1);
        return lines.getFirst();
    }

    private static String upToBias(String line) {
        return line.replaceFirst(" pb_.*", "");
    }

    @Test
    void aBridgeWithoutFingerprintMustKeepTheOneThatItShowsFirst() throws Exception {
        Path data = folder.resolve("data");
        try (TorClient tor = ready(config().dataDirectory(data).bridge(lineWithoutFingerprint(1)).build())) {
            fetch(tor);
        }
        Path state = data.resolve("state");
        assertThat(guardLine(state)).contains(bridge(1).fingerprint());
        assertKeepsTheSecret(1);
        // As if another had been there at first.
        Files.writeString(state, Files.readString(state).replace(bridge(1).fingerprint(), bridge(0).fingerprint()));
        Files.delete(data.resolve("cached-descriptors.new"));
        assertRefused(config().dataDirectory(data).bridge(lineWithoutFingerprint(1)).build());
    }

    @Test
    void aBridgeWithAnotherFingerprintIsRefusedWithAWordThatSaysSo() throws Exception {
        assertRefused(config().bridge(lineWithoutFingerprint(0) + " " + bridge(1).fingerprint()).build());
        assertKeepsTheSecret(0);
    }

    private void assertRefused(TorConfig config) throws Exception {
        events.clear();
        try (TorClient tor = TorClient.start(config, events::add)) {
            assertThatThrownBy(() -> tor.awaitReady(Duration.ofSeconds(4)))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT))
                    .hasMessageContaining("[bridge 1]").hasMessageContaining("its fingerprint is another one")
                    .hasMessageContaining("Check the Bridge lines");
            assertThat(events).filteredOn(TorEvent.Warning.class::isInstance).singleElement().asString()
                    .contains("[bridge 1] can't be used", "Compare its Bridge line");
        }
    }

    @Test
    void saysThatNoBridgeIsOfUseAndRecoversWhenOneComesBack() throws Exception {
        bridge(1).stop();
        TorConfig config = config().dataDirectory(folder.resolve("data")).bridge(line(1)).build();
        try (TorClient tor = TorClient.start(config, events::add)) {
            try {
                assertThatThrownBy(() -> tor.awaitReady(Duration.ofSeconds(3)))
                        .hasMessageContaining("the bridge is of no use: ")
                        .hasMessageContaining("TCP connection with [bridge 1] failed")
                        .hasMessageContaining("get other bridges");
            } finally {
                bridge(1).restart();
            }
            tor.awaitReady(PATIENCE);
            fetch(tor);
            // The same while it runs.
            bridge(1).kill();
            assertThatThrownBy(() -> tor.open("127.0.0.1", web.port(), Duration.ofSeconds(2))).isInstanceOf(TorException.class);
            bridge(1).restart();
            long end = System.nanoTime() + PATIENCE.toNanos();
            for (boolean back = false; !back; ) {
                try {
                    tor.open("127.0.0.1", web.port(), Duration.ofSeconds(10)).close();
                    back = true;
                } catch (TorException e) {
                    assertThat(System.nanoTime()).as("still %s", e.getMessage()).isLessThan(end);
                }
            }
        }
        assertKeepsTheSecret(1);
    }

    @Test
    void aBridgeThatIsDownHoldsUpNobodyWhoHasAnother() throws Exception {
        bridge(1).stop();
        try (TorClient tor = ready(config().bridge(line(0)).bridge(line(1)).build())) {
            fetch(tor);
        } finally {
            bridge(1).restart();
        }
    }

    @Test
    void otherBridgesTakeOverWhileItRunsAndTheOldOneGetsNoNewStreams() throws Exception {
        TorConfig first = from(config().bridge(line(0)).namedBridges(true), 79).build();
        try (Connections connections = new Connections(79); TorClient tor = ready(first);
                TorSocket old = tor.open("127.0.0.1", web.echoPort())) {
            old.getOutputStream().write(1);
            assertThat(old.getInputStream().read()).isEqualTo(1);
            tor.reconfigure(first.toBuilder().noBridges().bridge(line(1)).build());
            long begun = System.nanoTime();
            fetch(tor);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(30));
            assertThat(firstHopOfLastStream()).startsWith("$" + bridge(1).fingerprint());
            old.getOutputStream().write(2);
            assertThat(old.getInputStream().read()).as("streams that are open go on").isEqualTo(2);
            assertThat(connections.ports()).containsExactlyInAnyOrder(bridge(0).orPort(), bridge(1).orPort());
            tor.reconfigure(first.toBuilder().noBridges().build());
            fetch(tor);
            assertThat(firstHopOfLastStream()).doesNotContain(bridge(1).fingerprint(), bridge(0).fingerprint());
            tor.reconfigure(first);
            fetch(tor);
            assertThat(firstHopOfLastStream()).startsWith("$" + bridge(0).fingerprint());
        }
    }

    private String firstHopOfLastStream() {
        long circuit = -1;
        for (TorEvent event : events) {
            if (event instanceof TorEvent.StreamStatus s && s.status() == TorEvent.StreamStatus.Status.SUCCEEDED) {
                circuit = s.circuitId();
            }
        }
        for (TorEvent event : events) {
            if (event instanceof TorEvent.CircuitStatus c && c.circuitId() == circuit && !c.path().isEmpty()) {
                return c.path().getFirst();
            }
        }
        throw new AssertionError("no stream in " + events);
    }

    @Test
    void anOnionServiceAndItsClientMeetThoughBothAreBehindBridges() throws Exception {
        try (Connections connections = new Connections(80);
                TorClient server = ready(from(config().bridge(line(0)), 80).build());
                TorClient client = ready(from(config().bridge(line(1)), 80).build());
                HostedOnionService service = server.onionService(OnionServiceKey.generate())
                        .port(80, new InetSocketAddress(InetAddress.getLoopbackAddress(), web.echoPort()))
                        .start()) {
            service.awaitPublished(PATIENCE);
            try (TorSocket socket = client.open(service.address(), 80, PATIENCE)) {
                socket.getOutputStream().write(5);
                assertThat(socket.getInputStream().read()).isEqualTo(5);
            }
            assertThat(connections.ports()).containsExactlyInAnyOrder(bridge(0).orPort(), bridge(1).orPort());
        }
        assertKeepsTheSecret(0, 1);
    }
}
