package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.cepa.error.TorException;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two services of ours behind OnionBalance, which is Debian's and speaks with C tor. */
@Timeout(480)
class OnionBalanceIT {
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    /** The only one that OnionBalance knows of test networks. */
    private static final Duration VOTING_INTERVAL = Duration.ofSeconds(20);

    private static final String PROGRAM = "onionbalance";

    private static TorClient client(TestNetwork network) throws TorException {
        TorConfigBuilder config = TorConfig.builder().testingNetwork(true).inMemory();
        TorClient client = TorClient.connect(Networks.addAuthorities(config, network).build());
        client.awaitReady(PATIENCE);
        return client;
    }

    /** A service behind that front end, which tells each client its name. */
    private static HostedOnionService backend(TorClient host, String name, OnionServiceKey front) throws TorException {
        HostedOnionService service =
                host.onionService(OnionServiceKey.generate()).port(7).onionBalance(front.address()).start();
        Thread.startVirtualThread(() -> {
            try {
                while (true) {
                    try (TorSocket socket = service.accept()) {
                        socket.getOutputStream().write(name.getBytes(StandardCharsets.US_ASCII));
                    }
                }
            } catch (IOException e) {
                // Closed.
            }
        });
        return service;
    }

    @Test
    void clientsOfTheFrontEndAreServedByThoseBehindIt(@TempDir Path folder) throws Exception {
        Path installed = requireProgram();
        OnionServiceKey front = OnionServiceKey.generate();
        try (TestNetwork network = TestNetwork.builder().votingInterval(VOTING_INTERVAL).start(Duration.ofMinutes(3));
                TorClient firstHost = client(network);
                TorClient secondHost = client(network);
                TorClient guest = client(network);
                HostedOnionService first = backend(firstHost, "1", front);
                HostedOnionService second = backend(secondHost, "2", front)) {
            first.awaitPublished(PATIENCE);
            second.awaitPublished(PATIENCE);
            int controlPort = freePort();
            Node balancer = network.startClient("balancer", PATIENCE, "ControlPort 127.0.0.1:" + controlPort);
            Path config = write(folder, front, List.of(first.address(), second.address()));
            Path log = folder.resolve("log");
            Process program = new ProcessBuilder(
                            installed.toString(), "--is-testnet", "-i", "127.0.0.1", "-p", "" + controlPort, "-c",
                            config.toString(), "-v", "debug")
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            try {
                Set<String> served = new HashSet<>();
                long end = System.nanoTime() + 2 * PATIENCE.toNanos();
                while (served.size() < 2) {
                    assertThat(program.isAlive() && System.nanoTime() < end)
                            .as("served by %s; %s", served, Files.readString(log))
                            .isTrue();
                    try (TorSocket socket = guest.isolated().open(front.address(), 7, Duration.ofSeconds(20))) {
                        served.add(answer(socket));
                    } catch (IOException e) {
                        // Not published yet, or by the other's introduction points.
                        guest.newIdentity();
                        Thread.sleep(1000);
                    }
                }
                assertThat(served).containsExactlyInAnyOrder("1", "2");
                try (Socket socket = visit(network, front.address())) {
                    assertThat(answer(socket)).isIn("1", "2");
                }
            } finally {
                program.destroy();
                balancer.stop();
            }
        }
    }

    private static String answer(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }

    /** By way of C tor, whose process ends with the network. */
    private static Socket visit(TestNetwork network, String address) throws IOException {
        Node visitor = network.startClient("balanced", PATIENCE, "UseEntryGuards 0");
        Socket socket = new Socket(new Proxy(
                Proxy.Type.SOCKS, new InetSocketAddress(InetAddress.getLoopbackAddress(), visitor.socksPort())));
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.connect(InetSocketAddress.createUnresolved(address, 7), (int) PATIENCE.toMillis());
        return socket;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static Path write(Path folder, OnionServiceKey front, List<String> backends) throws IOException {
        byte[] head = Arrays.copyOf("== ed25519v1-secret: type0 ==".getBytes(StandardCharsets.US_ASCII), 32);
        byte[] key = Arrays.copyOf(head, 32 + OnionServiceKey.LENGTH);
        System.arraycopy(front.secret(), 0, key, 32, OnionServiceKey.LENGTH);
        Files.write(folder.resolve("front.key"), key);
        StringBuilder text = new StringBuilder("services:\n- key: front.key\n  instances:\n");
        for (String backend : backends) {
            text.append("  - address: ").append(backend).append('\n');
        }
        return Files.writeString(folder.resolve("config.yaml"), text);
    }

    private static Path requireProgram() {
        Path program = find();
        return program != null ? program : abort("OnionBalance is not installed here; see scripts/programs");
    }

    private static @Nullable Path find() {
        String path = System.getenv("PATH") + File.pathSeparator + "/usr/sbin";
        return Arrays.stream(path.split(File.pathSeparator, -1))
                .map(folder -> Path.of(folder, PROGRAM))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }
}
