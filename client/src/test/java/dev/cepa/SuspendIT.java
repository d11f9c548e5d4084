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
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A network of which nothing answers any more for a while, as when a cable is out: connections stay, and are silent. */
@Timeout(180)
class SuspendIT {
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

    private static void assertEchoes(TorSocket socket, int value) throws IOException {
        socket.getOutputStream().write(value);
        socket.setSoTimeout(30_000);
        assertThat(socket.getInputStream().read()).isEqualTo(value);
    }

    private static TorConfig config() throws TorException {
        TorConfigBuilder config = TorConfig.builder().inMemory().testingNetwork(true);
        Networks.addAuthorities(config, network);
        return config.build();
    }

    /** A guard that nothing comes from any more, though its connection stays: C tor would wait a minute. */
    @Test
    void whenTheGuardFallsSilentNewStreamsTakeAnother() throws Exception {
        List<TorEvent> events = new CopyOnWriteArrayList<>();
        try (TorClient tor = TorClient.start(config(), events::add)) {
            tor.awaitReady(Duration.ofSeconds(60));
            Node guard;
            try (PinnedCircuit circuit = tor.pin(web.echoPort(), Duration.ofSeconds(30))) {
                guard = network.nodeByFingerprint(circuit.path().getFirst().substring(1, 41));
            }
            guard.suspend();
            // Five seconds until it counts as gone, and three for each path that it would have been on further along: in so
            // small a network that may be several.
            try (TorSocket socket = tor.isolated().open("127.0.0.1", web.echoPort(), Duration.ofSeconds(50))) {
                assertEchoes(socket, 1);
            } finally {
                guard.resume();
            }
        }
    }

    @Test
    void whenTheWholeNetworkStopsAndGoesOnTheClientRecoversByItself() throws Exception {
        try (TorClient tor = TorClient.start(config())) {
            tor.awaitReady(Duration.ofSeconds(60));
            try (TorSocket running = tor.open("127.0.0.1", web.echoPort())) {
                assertEchoes(running, 1);
                for (Node relay : network.relays()) {
                    relay.suspend();
                }
                try {
                    for (int i = 0; i < 3; i++) {
                        assertThatThrownBy(() -> tor.isolated().open("127.0.0.1", web.echoPort(), Duration.ofSeconds(10)))
                                .isInstanceOfSatisfying(
                                        TorException.class,
                                        e -> assertThat(e.kind())
                                                .isIn(ErrorKind.TIMEOUT, ErrorKind.NETWORK_DOWN, ErrorKind.RELAY_UNREACHABLE,
                                                        ErrorKind.CIRCUIT_FAILED));
                    }
                } finally {
                    for (Node relay : network.relays()) {
                        relay.resume();
                    }
                }
                long begin = System.nanoTime();
                try (TorSocket again = tor.isolated().open("127.0.0.1", web.echoPort(), Duration.ofSeconds(30))) {
                    assertEchoes(again, 2);
                }
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
                assertEchoes(running, 3);
            }
        }
    }
}
