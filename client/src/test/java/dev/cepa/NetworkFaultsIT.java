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
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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
        TorConfig.Builder config = TorConfig.builder().inMemory().testingNetwork(true);
        for (String line : network.clientTorrc()) {
            if (line.startsWith("DirAuthority ")) {
                config.directoryAuthority(line.substring("DirAuthority ".length()));
            }
        }
        return config.build();
    }

    @Test
    void whenTheGuardDiesItsStreamsEndAndNewOnesOpenWithinTenSeconds() throws Exception {
        List<TorEvent> events = new CopyOnWriteArrayList<>();
        try (TorClient tor = TorClient.start(config(), events::add)) {
            tor.awaitReady(Duration.ofSeconds(60));
            TorSocket running = tor.open("127.0.0.1", web.silentPort());
            Node guard = network.nodeByFingerprint(guardOf(events));
            guard.kill();
            try {
                long begin = System.nanoTime();
                assertThatThrownBy(() -> running.getInputStream().read()).isInstanceOf(IOException.class);
                assertThat(fetch(tor, 5000)).isEqualTo(5000);
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
            } finally {
                guard.restart();
            }
        }
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

    private static String guardOf(List<TorEvent> events) {
        return events.stream()
                .filter(e -> e instanceof TorEvent.CircuitStatus c
                        && c.status() == TorEvent.CircuitStatus.Status.BUILT
                        && c.path().size() == 3)
                .map(e -> ((TorEvent.CircuitStatus) e).path().getFirst().substring(1, 41))
                .findFirst()
                .orElseThrow();
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
            socket.getOutputStream()
                    .write(("GET /bytes/" + length + "?seed=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            byte[] all = in.readAllBytes();
            String text = new String(all, StandardCharsets.ISO_8859_1);
            return all.length - text.indexOf("\r\n\r\n") - 4;
        }
    }
}
