package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of the streams of a service's clients, by way of real relays. */
@Timeout(240)
class OnionServiceStreamsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static TorClient host;
    private static TorClient guest;

    @BeforeAll
    static void start() throws IOException {
        TestNetwork network = TestNetworks.shared();
        host = client(network);
        guest = client(network);
    }

    private static TorClient client(TestNetwork network) throws TorException {
        TorConfigBuilder config = TorConfig.builder().testingNetwork(true).inMemory();
        TorClient client = TorClient.connect(Networks.addAuthorities(config, network).build());
        client.awaitReady(Duration.ofSeconds(60));
        return client;
    }

    @AfterAll
    static void stop() {
        host.close();
        guest.close();
    }

    /** Says its name, and then the first line that it was told. */
    private static ServerSocket server(String name) throws IOException {
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(() -> {
            try {
                while (true) {
                    Socket socket = server.accept();
                    Thread.startVirtualThread(() -> answer(socket, name));
                }
            } catch (IOException e) {
                // Closed.
            }
        });
        return server;
    }

    private static void answer(Socket socket, String name) {
        try (socket) {
            String line = lines(socket).readLine();
            socket.getOutputStream().write((name + "\n" + line + "\n").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            // The client went away.
        }
    }

    private static BufferedReader lines(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    }

    private static InetSocketAddress at(ServerSocket server) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort());
    }

    @Test
    void serversOfAPortTakeTurnsAndAreToldWhichClientItIs() throws Exception {
        try (ServerSocket one = server("one");
                ServerSocket two = server("two");
                HostedOnionService service = host.onionService(OnionServiceKey.generate())
                        .port(80, at(one))
                        .port(80, at(two))
                        .exportCircuitId()
                        .start()) {
            service.awaitPublished(PATIENCE);
            Set<String> names = new HashSet<>();
            Set<String> headers = new HashSet<>();
            for (int i = 0; i < 20; i++) {
                visit(guest.open(service.address(), 80), names, headers);
            }
            assertThat(names).containsExactlyInAnyOrder("one", "two");
            assertThat(headers).hasSize(1);
            assertThat(headers.iterator().next())
                    .matches("PROXY TCP6 fc00:dead:beef:4dad::[0-9a-f]{1,4}:[0-9a-f]{1,4} ::1 [0-9]+ 80");
            visit(guest.isolated().open(service.address(), 80), names, headers);
            assertThat(headers).hasSize(2);
        }
    }

    private static void visit(TorSocket socket, Set<String> names, Set<String> headers) throws IOException {
        try (socket) {
            BufferedReader in = lines(socket);
            names.add(in.readLine());
            headers.add(in.readLine());
        }
    }

    @Test
    void whoLooksForOtherPortsLosesItsCircuitIfTheServiceSaysSo() throws Exception {
        try (HostedOnionService service =
                host.onionService(OnionServiceKey.generate()).port(7).closeOnUnknownPort().start()) {
            Thread.startVirtualThread(() -> {
                try {
                    while (true) {
                        service.accept();
                    }
                } catch (TorException e) {
                    // Closed.
                }
            });
            service.awaitPublished(PATIENCE);
            TorSocket first = guest.open(service.address(), 7);
            assertThat(service.clients()).isEqualTo(1);
            assertThatThrownBy(() -> guest.open(service.address(), 8)).isInstanceOf(TorException.class);
            assertThatThrownBy(() -> first.getInputStream().read()).isInstanceOf(IOException.class);
            guest.open(service.address(), 7).close();
        }
    }
}
