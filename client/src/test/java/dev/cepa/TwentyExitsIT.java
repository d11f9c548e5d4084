package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.StreamStatus;
import dev.cepa.proxy.ListenerKind;
import dev.cepa.proxy.PortSettings;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.WebServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One client whose programs leave Tor by twenty different relays at the same time, on a network that has so many exits. */
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class TwentyExitsIT {
    private static final int EXITS = 20;

    /** The last relay of each circuit that was built, and the circuits that streams were opened on. */
    private final Map<Long, String> lastRelays = new ConcurrentHashMap<>();

    private final Set<Long> used = ConcurrentHashMap.newKeySet();

    private void note(TorEvent event) {
        if (event instanceof CircuitStatus circuit && circuit.status() == CircuitStatus.Status.BUILT) {
            lastRelays.put(circuit.circuitId(), circuit.path().getLast());
        } else if (event instanceof StreamStatus stream && stream.status() == StreamStatus.Status.SUCCEEDED
                && stream.target().startsWith("127.0.0.1:")) { // directories are asked over streams too
            used.add(stream.circuitId());
        }
    }

    @Test
    void twentySessionsLeaveByTwentyExitsAtOnce() throws Exception {
        try (TestNetwork network = TestNetwork.builder().relays(2).exits(EXITS).start(Duration.ofMinutes(4));
                WebServer web = WebServer.start();
                ExecutorService programs = Executors.newVirtualThreadPerTaskExecutor()) {
            TorConfig config = Networks.addAuthorities(TorConfig.builder(), network)
                    .testingNetwork(true)
                    .inMemory()
                    .predictCircuits(false)
                    .listener(
                            ListenerKind.SOCKS, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                            PortSettings.builder().sessions(true).build())
                    .build();
            try (TorClient tor = TorClient.start(config, this::note)) {
                tor.awaitReady(Duration.ofMinutes(2));
                List<Node> exits = network.nodes(NodeKind.EXIT);
                assertThat(exits).hasSize(EXITS);
                List<Future<Socket>> opening = new ArrayList<>();
                for (int i = 0; i < EXITS; i++) {
                    String user = "session=" + i + ";exit=" + exits.get(i).fingerprint();
                    opening.add(programs.submit(() -> connect(tor.socksAddresses().getFirst(), user, web.echoPort())));
                }
                List<Socket> open = new ArrayList<>();
                for (Future<Socket> socket : opening) {
                    open.add(socket.get());
                }
                for (Socket socket : open) {
                    socket.getOutputStream().write(7);
                }
                for (Socket socket : open) {
                    assertThat(socket.getInputStream().read()).isEqualTo(7);
                }
                Set<String> left = new HashSet<>();
                for (long circuit : used) {
                    left.add(String.valueOf(lastRelays.get(circuit)));
                }
                assertThat(used).as("a circuit for each session").hasSize(EXITS);
                for (Node exit : exits) {
                    assertThat(left).anyMatch(relay -> relay.contains(exit.fingerprint()));
                }
                assertThat(left).hasSize(EXITS);
                for (Socket socket : open) {
                    socket.close();
                }
            }
        }
    }

    private static Socket connect(InetSocketAddress proxy, String user, int port) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(new byte[] {5, 1, 2, 1, (byte) user.length()});
        request.writeBytes(user.getBytes(StandardCharsets.US_ASCII));
        request.writeBytes(new byte[] {1, 'x', 5, 1, 0, 1, 127, 0, 0, 1});
        request.write(port >> 8);
        request.write(port);
        Socket socket = new Socket();
        socket.connect(proxy);
        socket.setSoTimeout(120_000);
        socket.getOutputStream().write(request.toByteArray());
        assertThat(socket.getInputStream().readNBytes(14)).as(user).startsWith(5, 2, 1, 0, 5, 0);
        return socket;
    }
}
