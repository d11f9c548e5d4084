package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a network does to a client: relays that die, and all of them at once. */
@Timeout(180)
class NetworkFaultsIT {
    private static TestNetwork network;
    private static WebServer web;

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

    private static TorConfig config() throws TorException {
        TorConfigBuilder config = TorConfig.builder().inMemory().testingNetwork(true);
        Networks.addAuthorities(config, network);
        return config.build();
    }

    /** A stream, and the events of its client. */
    private record Running(TorSocket socket, List<String> path) {}

    @Test
    void whenTheGuardDiesItsStreamsEndAndOthersGoOnAndNewOnesOpenWithinTenSeconds() throws Exception {
        List<TorEvent> events = new CopyOnWriteArrayList<>();
        try (TorClient tor = TorClient.start(config(), events::add);
                ServerSocket echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> echo(echo));
            tor.awaitReady(Duration.ofSeconds(60));
            Running download = open(tor, events, web.port());
            String guard = download.path.getFirst();
            assertOthersGoOn(tor, download, guard, echo.getLocalPort());
        }
    }

    private static void assertOthersGoOn(TorClient tor, Running download, String guard, int echoPort) throws Exception {
        List<TorEvent> otherEvents = new CopyOnWriteArrayList<>();
        TorConfig elsewhere = config().toBuilder().excludeNodes(guard.substring(0, 41)).build();
        try (TorClient other = TorClient.start(elsewhere, otherEvents::add)) {
            other.awaitReady(Duration.ofSeconds(60));
            Running unharmed = open(other, otherEvents, echoPort);
            assertThat(unharmed.path).doesNotContain(guard);
            exchange(unharmed.socket, 1);
            request(download.socket, 500_000_000);
            assertThat(download.socket.getInputStream().readNBytes(100_000)).hasSize(100_000);
            Node victim = network.nodeByFingerprint(guard.substring(1, 41));
            victim.kill();
            try {
                long begin = System.nanoTime();
                assertThatThrownBy(() -> download.socket.getInputStream().transferTo(OutputStream.nullOutputStream()))
                        .isInstanceOf(TorException.class);
                assertThat(fetch(tor, 5000)).isEqualTo(5000);
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
                exchange(unharmed.socket, 2);
            } finally {
                victim.restart();
            }
        }
    }

    /** As after a laptop's sleep: connections look open and are dead, and who was out of reach may be in reach. */
    @Test
    void afterTheClockHasJumpedNewStreamsTakeNewConnectionsAndGuardsThatWereDownAreTriedAgain() throws Exception {
        List<TorEvent> events = new CopyOnWriteArrayList<>();
        AtomicLong ahead = new AtomicLong();
        ClockWatch watch = new ClockWatch(() -> Instant.now().plusSeconds(ahead.get()), System::nanoTime);
        try (TorClient tor = TorClient.start(config(), events::add, watch);
                ServerSocket echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> echo(echo));
            tor.awaitReady(Duration.ofSeconds(60));
            String guard = open(tor, events, echo.getLocalPort()).path.getFirst();
            Node node = network.nodeByFingerprint(guard.substring(1, 41));
            node.kill();
            Running meanwhile;
            try {
                tor.newIdentity();
                meanwhile = open(tor, events, echo.getLocalPort());
                assertThat(meanwhile.path.getFirst()).isNotEqualTo(guard);
            } finally {
                node.restart();
            }

            ahead.set(200);
            Running after = meanwhile;
            for (int tries = 0; tries < 200 && !after.path.getFirst().equals(guard); tries++) {
                Thread.sleep(100);
                if (!after.path.equals(meanwhile.path)) {
                    tor.newIdentity(); // the first guard was this circuit's exit
                }
                try {
                    after = open(tor, events, echo.getLocalPort());
                } catch (TorException e) {
                    // The relay that was restarted is an exit too, and refuses everything for a moment.
                    assertThat(e.kind()).isEqualTo(ErrorKind.EXIT_POLICY);
                }
            }

            assertThat(events).anySatisfy(event -> assertThat(event)
                    .isInstanceOfSatisfying(TorEvent.ClockJumped.class, jump -> {
                        assertThat(jump.time()).isGreaterThan(Duration.ofSeconds(199));
                        assertThat(jump.standstill()).isFalse();
                    }));
            assertThat(after.path.getFirst()).as("the first guard is tried again").isEqualTo(guard);
            exchange(meanwhile.socket, 1);
            exchange(after.socket, 2);
        }
    }

    private static Running open(TorClient tor, List<TorEvent> events, int port) throws IOException {
        TorSocket socket = tor.open("127.0.0.1", port);
        long circuit = 0;
        for (TorEvent event : events) {
            // Not any stream: the client asks directory caches at the same time, over circuits of one hop.
            if (event instanceof TorEvent.StreamStatus s
                    && s.status() == TorEvent.StreamStatus.Status.SUCCEEDED
                    && s.target().equals("127.0.0.1:" + port)) {
                circuit = s.circuitId();
            }
        }
        for (TorEvent event : events) {
            if (event instanceof TorEvent.CircuitStatus c
                    && c.circuitId() == circuit
                    && c.status() == TorEvent.CircuitStatus.Status.BUILT) {
                return new Running(socket, c.path());
            }
        }
        throw new AssertionError("a stream on no circuit");
    }

    private static void echo(ServerSocket server) {
        try {
            while (true) {
                Socket socket = server.accept();
                Thread.startVirtualThread(() -> {
                    try (socket) {
                        socket.getInputStream().transferTo(socket.getOutputStream());
                    } catch (IOException e) {
                        // The exit has gone.
                    }
                });
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    private static void exchange(Socket socket, int seed) throws IOException {
        byte[] sent = new byte[5000];
        new Random(seed).nextBytes(sent);
        socket.setSoTimeout(20_000);
        socket.getOutputStream().write(sent);
        assertThat(socket.getInputStream().readNBytes(sent.length)).isEqualTo(sent);
    }

    @Test
    void aNetworkThatIsDownAtTheStartIsTriedUntilItComesUp() throws Exception {
        List<TorEvent> events = new CopyOnWriteArrayList<>();
        List<Node> relays = new ArrayList<>(network.relays());
        for (Node relay : relays) {
            relay.stop();
        }
        try (TorClient tor = TorClient.start(config(), events::add)) {
            try {
                assertThatThrownBy(() -> tor.awaitReady(Duration.ofSeconds(5)))
                        .isInstanceOfSatisfying(
                                TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
                assertThat(tor.status().problem()).as("why it waits").isNotNull();
            } finally {
                for (Node relay : relays) {
                    relay.restart();
                }
            }
            tor.awaitReady(Duration.ofSeconds(90));
            // Exits that have just started refuse everything for a moment.
            assertThat(fetchWhenExitsAreReady(tor, 1000)).isEqualTo(1000);
        }
    }

    private static int fetchWhenExitsAreReady(TorClient tor, int length) throws Exception {
        for (int tries = 0; ; tries++) {
            try {
                return fetch(tor, length);
            } catch (TorException e) {
                if (e.kind() != ErrorKind.EXIT_POLICY || tries == 30) {
                    throw e;
                }
                Thread.sleep(1000);
            }
        }
    }

    private static int fetch(TorClient tor, int length) throws IOException {
        try (TorSocket socket = tor.open("127.0.0.1", web.port(), Duration.ofSeconds(30))) {
            request(socket, length);
            InputStream in = socket.getInputStream();
            byte[] all = in.readAllBytes();
            String text = new String(all, StandardCharsets.ISO_8859_1);
            return all.length - text.indexOf("\r\n\r\n") - 4;
        }
    }

    private static void request(TorSocket socket, int length) throws IOException {
        socket.getOutputStream()
                .write(("GET /bytes/" + length + "?seed=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }
}
