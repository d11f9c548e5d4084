package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A daemon that reaches relays by a proxy alone, on a network of real relays. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class OutboundProxyIT {
    @TempDir
    private Path folder;

    /** The first bytes of what the proxy was asked. */
    private final Set<Integer> kinds = ConcurrentHashMap.newKeySet();

    @ParameterizedTest
    @CsvSource({"Socks5Proxy, 5", "Socks4Proxy, 4", "HTTPSProxy, C"})
    void connectsToTheProxyAndToNothingElse(String option, char first) throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "only Linux lists connections there");
        TestNetwork network = TestNetworks.shared();
        try (WebServer web = WebServer.start();
                ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> serve(server));
            try (ReadyDaemon daemon = ReadyDaemon.start(
                    network, folder, List.of(), "SocksPort auto", option + " 127.0.0.1:" + server.getLocalPort())) {
                Proxy socks = new Proxy(
                        Proxy.Type.SOCKS, new InetSocketAddress(InetAddress.getLoopbackAddress(), daemon.port("Socks", 0)));
                URI page = URI.create("http://127.0.0.1:" + web.port() + "/sha256/1000?seed=1");
                try (var in = page.toURL().openConnection(socks).getInputStream()) {
                    assertThat(new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip())
                            .contains(web.content(1).sha256(1000));
                }
                assertThat(outgoing(daemon)).containsExactly(server.getLocalPort());
                assertThat(kinds).containsExactly(first == 'C' ? (int) 'C' : first - '0');
            }
        }
    }

    /** A proxy that speaks all three, and connects wherever it is told to. */
    private void serve(ServerSocket server) {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                Thread.ofVirtual().start(() -> serve(client));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket client) {
        try (client; Socket relay = new Socket()) {
            DataInputStream in = new DataInputStream(client.getInputStream());
            OutputStream out = client.getOutputStream();
            int first = in.read();
            kinds.add(first);
            byte[] address = new byte[4];
            int port;
            byte[] answer;
            switch (first) {
                case 5 -> {
                    in.skipNBytes(in.readUnsignedByte());
                    out.write(new byte[] {5, 0});
                    in.skipNBytes(4);
                    in.readFully(address);
                    port = in.readUnsignedShort();
                    answer = new byte[] {5, 0, 0, 1, 0, 0, 0, 0, 0, 0};
                }
                case 4 -> {
                    in.skipNBytes(1);
                    port = in.readUnsignedShort();
                    in.readFully(address);
                    in.skipNBytes(1);
                    answer = new byte[] {0, 0x5a, 0, 0, 0, 0, 0, 0};
                }
                default -> {
                    StringBuilder head = new StringBuilder();
                    while (head.indexOf("\r\n\r\n") < 0) {
                        head.append((char) in.readUnsignedByte());
                    }
                    String target = head.substring(head.indexOf(" ") + 1, head.indexOf(" HTTP"));
                    int colon = target.indexOf(':');
                    address = InetAddress.getByName(target.substring(0, colon)).getAddress();
                    port = Integer.parseInt(target.substring(colon + 1));
                    answer = "HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
                }
            }
            relay.connect(new InetSocketAddress(InetAddress.getByAddress(address), port));
            out.write(answer);
            Thread back = Thread.ofVirtual().start(() -> copy(relay, client));
            copy(client, relay);
            back.join();
        } catch (IOException | InterruptedException e) {
            // This connection is over.
        }
    }

    private static void copy(Socket from, Socket to) {
        try (from; to) {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // The other direction has ended.
        }
    }

    @Test
    void staysOffTheNetworkWithoutTheProxy() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "only Linux lists connections there");
        try (SignalledDaemon daemon = SignalledDaemon.start(
                folder, TestNetworks.shared(), "SocksPort 0", "Socks5Proxy 127.0.0.1:9", "Log info stdout")) {
            daemon.await("SOCKS5 proxy at 127.0.0.1:9");
            assertThat(daemon.log()).doesNotContain("Bootstrapped 30%");
        }
    }

    /** The far ports of all TCP connections that a process has made, as it listens on loopback addresses only. */
    private static Set<Integer> outgoing(ReadyDaemon daemon) throws IOException {
        Set<String> sockets = new HashSet<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + daemon.pid() + "/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                try {
                    sockets.add(Files.readSymbolicLink(descriptor).toString());
                } catch (IOException e) {
                    // closed meanwhile
                }
            }
        }
        int own = daemon.port("Socks", 0);
        Set<Integer> ports = new HashSet<>();
        for (String file : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            for (String line : Files.readAllLines(Path.of(file))) {
                String[] fields = line.strip().split("\\s+");
                boolean established = fields[3].equals("01");
                if (established && sockets.contains("socket:[" + fields[9] + "]") && port(fields[1]) != own) {
                    ports.add(port(fields[2]));
                }
            }
        }
        return ports;
    }

    private static int port(String place) {
        return Integer.parseInt(place.substring(place.lastIndexOf(':') + 1), 16);
    }
}
