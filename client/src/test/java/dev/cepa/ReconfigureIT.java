package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.StreamStatus;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client whose configuration changes while it works. */
@Timeout(120)
class ReconfigureIT {
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

    private static void assertEchoes(TorSocket socket, int value) throws IOException {
        socket.getOutputStream().write(value);
        socket.setSoTimeout(20_000);
        assertThat(socket.getInputStream().read()).isEqualTo(value);
    }

    private TorSocket echo() throws IOException {
        TorSocket socket = tor.open("127.0.0.1", web.echoPort());
        assertEchoes(socket, 1);
        return socket;
    }

    /** The path of the circuit that the last stream was opened on. */
    private List<String> lastPath() {
        Map<Long, List<String>> paths = new HashMap<>();
        List<String> last = List.of();
        for (TorEvent event : events) {
            if (event instanceof CircuitStatus c && c.status() == CircuitStatus.Status.BUILT) {
                paths.put(c.circuitId(), c.path());
            } else if (event instanceof StreamStatus s
                    && s.status() == StreamStatus.Status.SUCCEEDED
                    && s.target().equals("127.0.0.1:" + web.echoPort())) { // directory caches are asked at the same time
                last = paths.getOrDefault(s.circuitId(), List.of());
            }
        }
        return last;
    }

    @Test
    void streamsGoOnWhileExcludedRelaysCarryNoNewOnes() throws Exception {
        List<TorSocket> running = new ArrayList<>();
        String excluded = "";
        try {
            for (int round = 0; round < 4; round++) {
                running.add(echo());
                String exit = lastPath().getLast();
                assertThat(excluded).as("excluded exits").doesNotContain(exit.substring(0, 41));
                if (round < 3) {
                    excluded += (excluded.isEmpty() ? "" : ",") + exit.substring(0, 41);
                    tor.reconfigure(tor.config().toBuilder().excludeNodes(excluded).build());
                }
            }
            String guard = lastPath().getFirst().substring(0, 41);
            tor.reconfigure(tor.config().toBuilder().excludeNodes(guard).build());
            running.add(echo());
            assertThat(lastPath()).noneMatch(relay -> relay.startsWith(guard));
            for (TorSocket socket : running) {
                assertEchoes(socket, 2);
            }
        } finally {
            for (TorSocket socket : running) {
                socket.close();
            }
        }
    }

    @Test
    void whatCanNotChangeIsRefusedByNameAndChangesNothing() throws Exception {
        TorConfig before = tor.config();
        assertRefused("DataDirectory", before.toBuilder().dataDirectory(Path.of("/elsewhere")).socksPort(0).build());
        assertRefused(
                "DirAuthority",
                before.toBuilder()
                        .directoryAuthority("auth9 orport=1 v3ident=EFDF9D116A649AD3DF2BF040C11D3C62C904CD1E 127.0.0.1:2 "
                                + "194F17814834ADB29FCF0005BE9067477433F10F")
                        .build());
        assertRefused("TestingTorNetwork", before.toBuilder().testingNetwork(false).build());
        assertThat(tor.config()).isSameAs(before);
        assertThat(tor.socksAddresses()).isEmpty();
        echo().close();
    }

    private void assertRefused(String option, TorConfig next) {
        assertThatThrownBy(() -> tor.reconfigure(next))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG))
                .hasMessageContaining(option)
                .hasMessageContaining("restart");
    }

    @Test
    void theNetworkCanBeDisabledAndEnabled() throws Exception {
        tor.reconfigure(tor.config().toBuilder().socksPort(0).build());
        assertThat(tor.socksAddresses()).hasSize(1);
        try (TorSocket running = echo()) {
            tor.reconfigure(tor.config().toBuilder().disableNetwork(true).build());
            assertThat(tor.socksAddresses()).isEmpty();
            assertThat(tor.status().percent()).isZero();
            assertThatThrownBy(() -> running.getInputStream().read()).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> tor.open("127.0.0.1", web.echoPort()))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG))
                    .hasMessageContaining("DisableNetwork");
        }
        int connections = countConnections();
        Thread.sleep(1500);
        assertThat(countConnections()).as("nothing is connected to any more").isEqualTo(connections);

        tor.reconfigure(tor.config().toBuilder().disableNetwork(false).build());
        tor.awaitReady(Duration.ofSeconds(30));
        echo().close();
        assertThat(tor.socksAddresses()).hasSize(1);
    }

    private int countConnections() {
        int count = 0;
        for (TorEvent event : events) {
            if (event instanceof TorEvent.ChannelStatus c && c.status() == TorEvent.ChannelStatus.Status.LAUNCHED) {
                count++;
            }
        }
        return count;
    }
}
