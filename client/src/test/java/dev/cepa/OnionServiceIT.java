package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Our onion services, reached by C tor and by ourselves through real relays. */
@Timeout(240)
class OnionServiceIT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final List<TorEvent> EVENTS = new CopyOnWriteArrayList<>();
    private static TestNetwork network;
    private static WebServer web;
    private static Node visitor;
    private static TorClient tor;

    @BeforeAll
    static void start() throws IOException {
        network = TestNetworks.shared();
        web = WebServer.start();
        // In a network this young few relays are stable enough to be rendezvous points; none of them may be its one guard.
        visitor = network.startClient("visitor", PATIENCE, "UseEntryGuards 0");
        tor = TorClient.start(config().inMemory().build(), EVENTS::add);
        tor.awaitReady(Duration.ofSeconds(60));
    }

    @AfterAll
    static void stop() throws IOException {
        tor.close();
        visitor.stop();
        web.close();
    }

    private static TorConfig.Builder config() throws TorException {
        TorConfig.Builder config = TorConfig.builder().testingNetwork(true);
        for (String line : network.clientTorrc()) {
            if (line.startsWith("DirAuthority ")) {
                config.directoryAuthority(line.substring("DirAuthority ".length()));
            }
        }
        return config;
    }

    private static InetSocketAddress webServer() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), web.port());
    }

    /** A connection by way of C tor. */
    private static Socket visit(String host, int port) throws IOException {
        InetSocketAddress socks = new InetSocketAddress(InetAddress.getLoopbackAddress(), visitor.socksPort());
        Socket socket = new Socket(new Proxy(Proxy.Type.SOCKS, socks));
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.connect(InetSocketAddress.createUnresolved(host, port), (int) PATIENCE.toMillis());
        return socket;
    }

    private static void assertServes(String host, int length, long seed) throws Exception {
        try (Socket socket = visit(host, 80)) {
            String request = "GET /bytes/" + length + "?seed=" + seed + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            byte[] all = in.readAllBytes();
            assertThat(all.length).isGreaterThan(length);
            byte[] body = java.util.Arrays.copyOfRange(all, all.length - length, all.length);
            assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body)))
                    .isEqualTo(web.content(seed).sha256(length));
        }
    }

    @Test
    void servesAClientOfCTor() throws Exception {
        try (HostedOnionService service =
                tor.onionService(OnionServiceKey.generate()).port(80, webServer()).start()) {
            service.awaitPublished(PATIENCE);
            assertThat(service.introductionPoints()).isEqualTo(3);
            assertServes(service.address(), 300_000, 1);
            assertServes(service.address(), 1000, 2);
        }
    }
}
