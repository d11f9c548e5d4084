package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitChosen;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.path.CountryFiles;
import dev.cepa.proxy.ListenerKind;
import dev.cepa.proxy.PortSettings;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Programs that choose their exits and circuits by SOCKS user names, on a network of real relays. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class SessionsIT {
    private static final int SESSIONS = 20;

    @TempDir
    private Path folder;

    private final Map<Long, String> exits = new ConcurrentHashMap<>();
    private final List<Long> chosen = new ArrayList<>(); // guarded by itself
    private TestNetwork network;
    private WebServer web;
    private TorClient tor;

    @BeforeEach
    void start() throws Exception {
        network = TestNetworks.shared();
        web = WebServer.start();
        Path countries = folder.resolve("geoip");
        Files.writeString(countries, "16777216,16777471,FR\n2130706432,2147483647,DE\n");
        TorConfig config = Networks.addAuthorities(TorConfig.builder(), network)
                .testingNetwork(true)
                .inMemory()
                .countryFiles(new CountryFiles(countries, null, CountryFiles.ExcludeUnknown.AUTO))
                .listener(
                        ListenerKind.SOCKS, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        PortSettings.builder().sessions(true).build())
                .build();
        tor = TorClient.start(config, this::note);
        tor.awaitReady(java.time.Duration.ofMinutes(1));
    }

    private void note(TorEvent event) {
        if (event instanceof CircuitStatus circuit && circuit.status() == CircuitStatus.Status.BUILT) {
            exits.put(circuit.circuitId(), circuit.path().getLast());
        } else if (event instanceof CircuitChosen circuit) {
            synchronized (chosen) {
                chosen.add(circuit.circuitId());
            }
        }
    }

    private long lastChosen() {
        synchronized (chosen) {
            return chosen.getLast();
        }
    }

    @AfterEach
    void stop() {
        tor.close();
        web.close();
    }

    /** Connects by SOCKS; the reply's code is the second byte after those about the method and the password. */
    private Socket connect(String user, int expectedCode) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(new byte[] {5, 1, 2, 1, (byte) user.length()});
        request.writeBytes(user.getBytes(StandardCharsets.US_ASCII));
        request.writeBytes(new byte[] {1, 'x', 5, 1, 0, 1, 127, 0, 0, 1});
        request.write(web.echoPort() >> 8);
        request.write(web.echoPort());
        Socket socket = new Socket();
        socket.connect(tor.socksAddresses().getFirst());
        socket.setSoTimeout(60_000);
        socket.getOutputStream().write(request.toByteArray());
        assertThat(socket.getInputStream().readNBytes(14)).startsWith(5, 2, 1, 0, 5, expectedCode);
        return socket;
    }

    private static void echo(Socket socket) throws IOException {
        socket.getOutputStream().write(7);
        assertThat(socket.getInputStream().read()).isEqualTo(7);
    }

    private List<Node> exitNodes() {
        List<Node> nodes = network.nodes(NodeKind.EXIT);
        assertThat(nodes).hasSizeGreaterThan(1);
        return nodes;
    }

    @Test
    void twentySessionsHaveExitsOfTheirOwnAtOnce() throws Exception {
        List<Node> nodes = exitNodes();
        List<Socket> open = new ArrayList<>();
        List<Long> circuits = new ArrayList<>();
        try {
            for (int i = 0; i < SESSIONS; i++) {
                Node exit = nodes.get(i % nodes.size());
                open.add(connect("session=" + i + ";exit=" + exit.fingerprint(), 0));
                circuits.add(lastChosen());
                assertThat(exits.get(lastChosen())).contains(exit.fingerprint());
            }
            assertThat(circuits).doesNotHaveDuplicates();
            for (Socket socket : open) {
                echo(socket);
            }
            connect("session=3;exit=" + nodes.get(3 % nodes.size()).fingerprint(), 0).close();
            assertThat(lastChosen()).as("the same session again").isEqualTo(circuits.get(3));
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    @Test
    void choosesExitsByCountry() throws Exception {
        try (Socket socket = connect("exit={de}", 0)) {
            echo(socket);
        }
        long begin = System.nanoTime();
        connect("exit={fr}", 1).close();
        assertThat(System.nanoTime() - begin).as("there is none, which shows at once").isLessThan(30_000_000_000L);
    }

    @Test
    void givesEachRequestACircuitOfItsOwnIfItIsToBeFresh() throws Exception {
        List<Long> circuits = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            connect("fresh", 0).close();
            circuits.add(lastChosen());
        }
        assertThat(circuits).doesNotHaveDuplicates();
    }

    @Test
    void changesCircuitsWhenTheirLifetimeIsOver() throws Exception {
        connect("session=1;lifetime=3s", 0).close();
        long first = lastChosen();
        connect("session=1;lifetime=3s", 0).close();
        assertThat(lastChosen()).isEqualTo(first);
        Thread.sleep(3500);
        connect("session=1;lifetime=3s", 0).close();
        assertThat(lastChosen()).isNotEqualTo(first);
    }

    @Test
    void refusesWhatItDoesNotKnow() throws Exception {
        connect("session=1;country=de", 1).close();
        connect("session=1;exit=no_relay", 1).close();
        connect("plain user", 0).close();
    }

    @Test
    void theLibraryTakesTheSame() throws Exception {
        Node exit = exitNodes().get(1);
        TorStreams streams = tor.isolated("exit=" + exit.nickname());
        for (int i = 0; i < 2; i++) {
            try (TorSocket socket = streams.open("127.0.0.1", web.echoPort())) {
                echo(socket);
            }
            assertThat(exits.get(lastChosen())).contains(exit.fingerprint());
        }
        TorStreams fresh = tor.isolated("fresh");
        fresh.open("127.0.0.1", web.echoPort()).close();
        long first = lastChosen();
        fresh.open("127.0.0.1", web.echoPort()).close();
        assertThat(lastChosen()).isNotEqualTo(first);
        assertThatThrownBy(() -> tor.isolated("exits={de}"))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BAD_REQUEST));
    }

    @Test
    void hostsAreReachedByTheExitThatTheyWereLastReachedBy() throws Exception {
        tor.reconfigure(tor.config().toBuilder()
                .trackHostExits(List.of(".cepa.test"), java.time.Duration.ofMinutes(5))
                .build());
        String exit = null;
        for (int i = 0; i < 6; i++) {
            tor.isolated().open("www.cepa.test", web.echoPort()).close();
            String now = exits.get(lastChosen());
            assertThat(now).isEqualTo(exit == null ? now : exit);
            exit = now;
        }
    }
}
