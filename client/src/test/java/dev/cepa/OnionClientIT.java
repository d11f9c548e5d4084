package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.X25519;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException.Reason;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.onion.OnionAddress;
import dev.cepa.proxy.PortSettings;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.OnionService;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Onion services of C tor, reached through real relays. */
@Timeout(180)
class OnionClientIT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static TestNetwork network;
    private static WebServer web;
    private static OnionService service;
    private static TorClient tor;
    private static final List<TorEvent> EVENTS = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void start() throws IOException {
        network = TestNetworks.shared();
        web = WebServer.start();
        service = network.startOnionService("onion", web.port(), PATIENCE, List.of());
        tor = TorClient.start(config().inMemory().build(), EVENTS::add);
        tor.awaitReady(Duration.ofSeconds(60));
    }

    @AfterAll
    static void stop() throws IOException {
        tor.close();
        service.close();
        web.close();
    }

    private static TorConfigBuilder config() throws TorException {
        TorConfigBuilder config = TorConfig.builder().testingNetwork(true);
        Networks.addAuthorities(config, network);
        return config;
    }

    private static void assertServes(TorClient client, String host, int length, long seed) throws Exception {
        HttpResponse<byte[]> page = client.httpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://" + host + "/bytes/" + length + "?seed=" + seed)).build(),
                        BodyHandlers.ofByteArray());
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(page.body())))
                .isEqualTo(web.content(seed).sha256(length));
    }

    @Test
    void fetchesAPageOfAPublicService() throws Exception {
        assertServes(tor, service.address(), 100_000, 1);
        assertServes(tor, "www." + service.address(), 100, 2);
    }

    @Test
    void movesMegabytesEachWay() throws Exception {
        assertServes(tor, service.address(), 5_000_000, 3);
        HttpResponse<String> up = tor.httpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://" + service.address() + "/upload"))
                                .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[3_000_000]))
                                .build(),
                        BodyHandlers.ofString());
        assertThat(up.body())
                .contains(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(new byte[3_000_000])));
    }

    @Test
    void streamsShareACircuitAsIsolationAllows() throws Exception {
        int before = built("HS_CLIENT_REND");
        TorStreams mine = tor.isolated();
        for (int i = 0; i < 3; i++) {
            mine.open(service.address(), 80).close();
        }
        assertThat(built("HS_CLIENT_REND")).isEqualTo(before + 1);
        tor.isolated().open(service.address(), 80).close();
        assertThat(built("HS_CLIENT_REND")).isEqualTo(before + 2);
    }

    private static int built(String purpose) {
        return (int) EVENTS.stream()
                .filter(e -> e instanceof TorEvent.CircuitStatus c
                        && c.status() == TorEvent.CircuitStatus.Status.BUILT
                        && c.purpose().equals(purpose))
                .count();
    }

    @Test
    void aPortThatTheServiceDoesNotServeIsRefused() {
        assertThatThrownBy(() -> tor.open(service.address(), 81)).isInstanceOf(StreamException.class);
    }

    @Test
    void anUnknownServiceIsNotFound() {
        List<TorEvent> before = List.copyOf(EVENTS);
        String unknown = OnionAddress.of(Ed25519KeyPair.generate(new SecureRandom()).publicKey()).label();
        assertReason(Reason.DESCRIPTOR_NOT_FOUND, () -> tor.open(unknown + ".onion", 80));
        List<TorEvent.OnionDescriptor> events = EVENTS.stream()
                .skip(before.size())
                .filter(e -> e instanceof TorEvent.OnionDescriptor d && d.address().equals(unknown))
                .map(TorEvent.OnionDescriptor.class::cast)
                .toList();
        assertThat(events).hasSize(12).allMatch(e -> e.action() != TorEvent.OnionDescriptor.Action.RECEIVED);
        assertThat(events.getLast().reason()).isEqualTo("NOT_FOUND");
        // Nobody is asked again for a while.
        assertReason(Reason.DESCRIPTOR_NOT_FOUND, () -> tor.open(unknown + ".onion", 80));
        assertThat(EVENTS.stream()
                        .filter(e -> e instanceof TorEvent.OnionDescriptor d && d.address().equals(unknown))
                        .map(e -> ((TorEvent.OnionDescriptor) e).reason()))
                .last()
                .isEqualTo("QUERY_NO_HSDIR");
    }

    @Test
    void aWrongAddressIsToldFromAnUnknownOne() {
        String mistyped = (service.address().charAt(0) == 'a' ? "b" : "a") + service.address().substring(1);
        assertReason(Reason.BAD_ADDRESS, () -> tor.open(mistyped, 80));
        assertReason(Reason.BAD_ADDRESS, () -> tor.open("expyuzz4wqqyqhjn.onion", 80));
        assertThatThrownBy(() -> tor.resolve(service.address(), PATIENCE))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BAD_REQUEST));
        assertThatThrownBy(() -> tor.pin(0, PATIENCE).streams().open(service.address(), 80))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BAD_REQUEST));
    }

    private static void assertReason(Reason reason, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(OnionServiceException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }

    @Test
    void anAuthorisedServiceIsForClientsWithItsKey(@TempDir Path folder) throws Exception {
        byte[] secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        byte[] other = new byte[32];
        new SecureRandom().nextBytes(other);
        String publicKey = base32(X25519.of(secret).publicKey());
        try (OnionService closed = network.startOnionService("closed", web.port(), PATIENCE, List.of(publicKey));
                TorClient client = TorClient.connect(config().inMemory().build())) {
            assertReason(Reason.CLIENT_AUTH_MISSING, () -> client.open(closed.address(), 80));
            client.reconfigure(
                    client.config().toBuilder().onionClientKey(closed.address(), base32(other)).build());
            assertReason(Reason.CLIENT_AUTH_WRONG, () -> client.open(closed.address(), 80));
            Files.writeString(
                    folder.resolve("mine.auth_private"),
                    closed.address().replace(".onion", "") + ":descriptor:x25519:" + base32(secret).toUpperCase() + "\n");
            Files.writeString(folder.resolve("bad.auth_private"), "nonsense\n");
            client.reconfigure(client.config().toBuilder().onionClientKeys(folder).build());
            assertServes(client, closed.address(), 1000, 4);
        }
    }

    private static String base32(byte[] bytes) {
        StringBuilder bits = new StringBuilder(new java.math.BigInteger(1, bytes).toString(2));
        while (bits.length() < 8 * bytes.length) {
            bits.insert(0, '0');
        }
        while (bits.length() % 5 != 0) {
            bits.append('0');
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < bits.length(); i += 5) {
            out.append("abcdefghijklmnopqrstuvwxyz234567".charAt(Integer.parseInt(bits.substring(i, i + 5), 2)));
        }
        return out.toString();
    }

    @Test
    void findsAServiceAgainThatWasRestarted() throws Exception {
        try (OnionService moving = network.startOnionService("moving", web.port(), PATIENCE, List.of());
                TorClient client = TorClient.connect(config().inMemory().build())) {
            assertServes(client, moving.address(), 1000, 5);
            moving.restart(PATIENCE);
            assertServes(client, moving.address(), 1000, 6);
        }
    }

    /**
     * The relay that is stopped is one that the service's circuits to the others don't need: a C tor whose circuits to all
     * its points have broken builds only so many within five minutes.
     */
    @Test
    void anIntroductionPointThatIsDownDoesNotMatter() throws Exception {
        List<TorEvent> events = new CopyOnWriteArrayList<>();
        try (TorClient client = TorClient.start(config().inMemory().build(), events::add)) {
            client.awaitReady(Duration.ofSeconds(60));
            Node point = null;
            for (int i = 0; point == null; i++) {
                assertThat(i).as("services without a point that can be spared").isLessThan(8);
                events.clear();
                try (OnionService there = network.startOnionService(
                        "there" + i, web.port(), PATIENCE, List.of(), "ControlSocket $DIR/control")) {
                    for (int j = 0; j < 12 && point == null; j++) {
                        client.isolated().open(there.address(), 80).close();
                        point = dispensable(events, introductionCircuits(there));
                    }
                    if (point != null) {
                        assertReachedWithout(point, client, there);
                    }
                }
            }
        }
    }

    private static void assertReachedWithout(Node point, TorClient client, OnionService service) throws Exception {
        point.kill();
        try {
            for (int i = 0; i < 4; i++) {
                openInTheEnd(client, service.address());
            }
        } finally {
            point.restart();
        }
    }

    /** The client's own circuits may all be such that the relay is on them: it is one of eight. */
    private static void openInTheEnd(TorClient client, String address) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (true) {
            try {
                client.isolated().open(address, 80).close();
                return;
            } catch (TorException e) {
                if (System.nanoTime() - end > 0) {
                    throw e;
                }
                Thread.sleep(500);
            }
        }
    }

    /** One of the points that the client has used, where the service hears through another of them without it. */
    private static @Nullable Node dispensable(List<TorEvent> events, List<List<String>> serviceCircuits) {
        Set<String> used = new HashSet<>();
        Set<String> guards = new HashSet<>();
        for (TorEvent event : events) {
            if (event instanceof TorEvent.CircuitStatus c && c.status() == TorEvent.CircuitStatus.Status.BUILT) {
                if (c.purpose().equals("HS_CLIENT_INTRO")) {
                    guards.add(c.path().getFirst().substring(1, 41));
                    used.add(c.path().getLast().substring(1, 41));
                }
            }
        }
        for (String point : used) {
            Node node = network.nodeByFingerprint(point);
            boolean another = used.stream().anyMatch(other -> !other.equals(point)
                    && serviceCircuits.stream().filter(path -> path.getLast().equals(other)).noneMatch(p -> p.contains(point)));
            if (another && !guards.contains(point) && !network.nodes(NodeKind.AUTHORITY).contains(node)) {
                return node;
            }
        }
        return null;
    }

    /** The paths of the service's circuits to introduction points, as fingerprints. */
    private static List<List<String>> introductionCircuits(OnionService service) throws IOException {
        List<List<String>> paths = new ArrayList<>();
        Path socket = service.node().folder().resolve("control");
        try (SocketChannel control = SocketChannel.open(UnixDomainSocketAddress.of(socket));
                BufferedReader in = new BufferedReader(Channels.newReader(control, StandardCharsets.US_ASCII))) {
            control.write(StandardCharsets.US_ASCII.encode("AUTHENTICATE\r\nGETINFO circuit-status\r\nQUIT\r\n"));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ");
                if (line.contains("PURPOSE=HS_SERVICE_INTRO") && line.contains(" BUILT $")) {
                    paths.add(Arrays.stream(words[2].split(",")).map(hop -> hop.substring(1, 41)).toList());
                }
            }
        }
        return paths;
    }

    @Test
    void programsReachServicesBySocksAndHearWhyNot() throws Exception {
        PortSettings settings = PortSettings.builder().extendedErrors(true).build();
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (TorClient client = TorClient.connect(config().inMemory().socksListener(any, settings).build())) {
            InetSocketAddress socks = client.socksAddresses().getFirst();
            assertThat(socksStatus(socks, service.address())).isZero();
            String unknown = OnionAddress.of(Ed25519KeyPair.generate(new SecureRandom()).publicKey()).label();
            assertThat(socksStatus(socks, unknown + ".onion")).isEqualTo(0xf0);
            assertThat(socksStatus(socks, "a.onion")).isEqualTo(0xf6);
        }
    }

    private static int socksStatus(InetSocketAddress socks, String host) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(socks);
            OutputStream out = socket.getOutputStream();
            out.write(new byte[] {5, 1, 0, 5, 1, 0, 3, (byte) host.length()});
            out.write(host.getBytes(StandardCharsets.US_ASCII));
            out.write(new byte[] {0, 80});
            return socket.getInputStream().readNBytes(4)[3] & 0xff;
        }
    }
}
