package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.crypto.X25519;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

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

    private static TorConfigBuilder config() throws TorException {
        TorConfigBuilder config = TorConfig.builder().testingNetwork(true);
        Networks.addAuthorities(config, network);
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

    private static TorClient client() throws TorException {
        TorClient client = TorClient.connect(config().inMemory().build());
        client.awaitReady(Duration.ofSeconds(60));
        return client;
    }

    /** Sends back what comes, until the client is done. */
    private static void echo(HostedOnionService service) {
        Thread.startVirtualThread(() -> {
            try {
                while (true) {
                    TorSocket socket = service.accept();
                    Thread.startVirtualThread(() -> {
                        try (socket) {
                            socket.getInputStream().transferTo(socket.getOutputStream());
                        } catch (IOException e) {
                            // The client went away.
                        }
                    });
                }
            } catch (TorException e) {
                // Closed.
            }
        });
    }

    private static void assertEchoes(Socket socket, int length) throws Exception {
        byte[] sent = new byte[length];
        new Random(length).nextBytes(sent);
        Thread writer = Thread.startVirtualThread(() -> {
            try {
                socket.getOutputStream().write(sent);
            } catch (IOException e) {
                // The reader fails then.
            }
        });
        assertThat(socket.getInputStream().readNBytes(length)).isEqualTo(sent);
        writer.join();
    }

    @Test
    void programsAcceptStreamsThemselves() throws Exception {
        try (HostedOnionService service =
                        tor.onionService(OnionServiceKey.generate()).port(7).port(80, webServer()).start();
                TorClient client = client()) {
            echo(service);
            service.awaitPublished(PATIENCE);
            try (Socket socket = visit(service.address(), 7)) {
                assertEchoes(socket, 10);
                assertEchoes(socket, 2_000_000);
                assertThat(service.clients()).isEqualTo(1);
            }
            List<Socket> open = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                open.add(client.open(service.address(), 7));
            }
            for (Socket socket : open) {
                assertEchoes(socket, 20_000);
                socket.close();
            }
            assertServes(service.address(), 1000, 3);
        }
    }

    @Test
    void aPortThatIsNotServedIsRefusedAndNothingElseHappens() throws Exception {
        try (HostedOnionService service =
                        tor.onionService(OnionServiceKey.generate()).port(80, webServer()).port(81, closedPort()).start();
                TorClient client = client()) {
            service.awaitPublished(PATIENCE);
            assertThatThrownBy(() -> client.open(service.address(), 82)).isInstanceOf(StreamException.class);
            assertThatThrownBy(() -> client.open(service.address(), 81))
                    .isInstanceOfSatisfying(
                            StreamException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONNECTION_REFUSED));
            assertThatThrownBy(() -> visit(service.address(), 82)).isInstanceOf(IOException.class);
            client.open(service.address(), 80).close();
            assertThat(service.clients()).isEqualTo(2);
        }
    }

    private static InetSocketAddress closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), socket.getLocalPort());
        }
    }

    @Test
    void oneClientGetsNoMoreStreamsThanItMayHave() throws Exception {
        try (HostedOnionService service = tor.onionService(OnionServiceKey.generate()).port(7).maxStreams(2, false).start();
                HostedOnionService strict = tor.onionService(OnionServiceKey.generate()).port(7).maxStreams(2, true).start();
                TorClient client = client()) {
            echo(service);
            echo(strict);
            service.awaitPublished(PATIENCE);
            strict.awaitPublished(PATIENCE);
            TorSocket first = client.open(service.address(), 7);
            TorSocket second = client.open(service.address(), 7);
            assertThatThrownBy(() -> client.open(service.address(), 7)).isInstanceOf(StreamException.class);
            assertEchoes(second, 100);
            first.close();
            assertEchoes(client.open(service.address(), 7), 100);

            TorSocket lost = client.open(strict.address(), 7);
            client.open(strict.address(), 7);
            // The circuit goes, and the client makes another.
            assertEchoes(client.open(strict.address(), 7), 100);
            assertThatThrownBy(() -> assertEchoes(lost, 100)).isInstanceOf(Throwable.class);
        }
    }

    @Test
    void isForThoseAloneWhomItAuthorises() throws Exception {
        byte[] secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        String publicKey = base32(X25519.of(secret).publicKey());
        try (HostedOnionService service = tor.onionService(OnionServiceKey.generate())
                        .port(7)
                        .authorize("descriptor:x25519:" + publicKey)
                        .start();
                TorClient stranger = client();
                TorClient friend = TorClient.connect(config().inMemory()
                        .onionClientKey(service.address(), base32(secret))
                        .build())) {
            echo(service);
            service.awaitPublished(PATIENCE);
            assertThatThrownBy(() -> stranger.open(service.address(), 7))
                    .isInstanceOfSatisfying(
                            OnionServiceException.class,
                            e -> assertThat(e.reason()).isEqualTo(OnionServiceException.Reason.CLIENT_AUTH_MISSING));
            assertEchoes(friend.open(service.address(), 7), 100);
        }
    }

    private static String base32(byte[] bytes) {
        StringBuilder bits = new StringBuilder();
        for (byte b : bytes) {
            bits.append(Integer.toBinaryString(b & 0xff | 0x100), 1, 9);
        }
        bits.append("0000", 0, (5 - bits.length() % 5) % 5);
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < bits.length(); i += 5) {
            out.append("abcdefghijklmnopqrstuvwxyz234567".charAt(Integer.parseInt(bits.substring(i, i + 5), 2)));
        }
        return out.toString();
    }

    @Test
    void takesAFolderOverFromCTorAndGivesItBack(@TempDir Path parent) throws Exception {
        String address;
        try (dev.cepa.testnet.OnionService theirs =
                network.startOnionService("theirs", web.port(), PATIENCE, List.of())) {
            address = theirs.address();
        }
        Path folder = network.folder().resolve("theirs-service");
        try (HostedOnionService service = tor.onionService(folder).port(80, webServer()).start()) {
            assertThat(service.address()).isEqualTo(address);
            service.awaitPublished(PATIENCE);
            assertServes(address, 1000, 5);
        }
        Path made = parent.resolve("made");
        String ours;
        try (HostedOnionService service = tor.onionService(made).port(80, webServer()).start()) {
            ours = service.address();
            service.awaitPublished(PATIENCE);
        }
        // Its descriptors have to count as newer than ours.
        Node successor = network.startClient(
                "successor",
                PATIENCE,
                "HiddenServiceDir " + made,
                "HiddenServicePort 80 127.0.0.1:" + web.port(),
                "Log [rend]info file $DIR/rend.log");
        assertThat(made.resolve("hostname")).hasContent(ours + "\n");
        Path log = successor.folder().resolve("rend.log");
        await(() -> contains(log, "Uploading hidden service descriptor: finished with status 200"));
        assertThat(contains(log, "status 400")).isFalse();
        assertServes(ours, 1000, 6);
        successor.stop();
    }

    @Test
    void replacesAnIntroductionPointThatIsGone() throws Exception {
        try (TestNetwork own = TestNetwork.builder().start(Duration.ofMinutes(2))) {
            TorConfigBuilder config = TorConfig.builder().testingNetwork(true).inMemory();
            Networks.addAuthorities(config, own);
            List<TorEvent> events = new CopyOnWriteArrayList<>();
            try (TorClient host = TorClient.start(config.build(), events::add);
                    TorClient guest = TorClient.connect(config.build())) {
                host.awaitReady(Duration.ofSeconds(60));
                HostedOnionService service = host.onionService(OnionServiceKey.generate()).port(7).start();
                echo(service);
                service.awaitPublished(PATIENCE);
                assertEchoes(guest.open(service.address(), 7), 100);
                for (String point : points(events)) {
                    Node node = own.nodeByFingerprint(point.substring(1, 41));
                    if (own.nodes(NodeKind.RELAY).contains(node)) {
                        node.kill();
                    }
                }
                await(() -> service.introductionPoints() == 3);
                assertEchoes(guest.isolated().open(service.address(), 7), 100);
            }
        }
    }

    private static boolean contains(Path log, String text) {
        try {
            return Files.exists(log) && Files.readString(log, StandardCharsets.ISO_8859_1).contains(text);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static List<String> points(List<TorEvent> events) {
        return events.stream()
                .filter(e -> e instanceof TorEvent.CircuitStatus c
                        && c.status() == TorEvent.CircuitStatus.Status.BUILT
                        && c.purpose().equals("HS_SERVICE_INTRO"))
                .map(e -> ((TorEvent.CircuitStatus) e).path().getLast())
                .distinct()
                .limit(1)
                .toList();
    }

    private static void await(java.util.function.BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        Thread.sleep(1000);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(100);
        }
    }
}
