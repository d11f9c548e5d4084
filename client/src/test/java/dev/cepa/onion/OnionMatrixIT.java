package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cepa.HostedOnionService;
import dev.cepa.Networks;
import dev.cepa.OnionServiceBuilder;
import dev.cepa.OnionServiceKey;
import dev.cepa.TorClient;
import dev.cepa.TorConfig;
import dev.cepa.TorConfigBuilder;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.TorStream;
import dev.cepa.crypto.X25519;
import dev.cepa.error.Deadline;
import dev.cepa.event.TorEvents;
import dev.cepa.pool.InternalCircuits;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.OnionService;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each kind of client at each kind of service, through real relays: we and C tor on either side. C tor at C tor shows that
 * what fails elsewhere is not the network's fault.
 */
@Timeout(180)
class OnionMatrixIT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int DOWN = 300_000;
    private static final int UP = 200_000;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Who runs a client or a service. */
    enum Side {
        CEPA,
        TOR
    }

    /** Whom a service is for. */
    enum Access {
        PUBLIC,
        AUTHORISED,
        /** For everybody, and it may ask for proof of work. */
        WORK
    }

    private static final Map<Access, OnionService> THEIRS = new EnumMap<>(Access.class);
    private static final Map<Access, HostedOnionService> OURS = new EnumMap<>(Access.class);
    private static TestNetwork network;
    private static WebServer web;
    private static TorClient host;
    private static TorClient client;
    private static Node visitor;
    /** Nobody here has the key to it. */
    private static HostedOnionService closed;

    @BeforeAll
    static void start() throws Exception {
        network = TestNetworks.shared();
        web = WebServer.start();
        byte[] secret = new byte[X25519.LENGTH];
        RANDOM.nextBytes(secret);
        String publicKey = Base32.encode(X25519.of(secret).publicKey());
        host = TorClient.connect(config().build());
        for (Access access : List.of(Access.PUBLIC, Access.AUTHORISED)) {
            OURS.put(access, ours(access == Access.AUTHORISED ? publicKey : null));
        }
        closed = ours(Base32.encode(X25519.generate(RANDOM).publicKey()));
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Map<Access, Future<OnionService>> starting = new EnumMap<>(Access.class);
            for (Access access : Access.values()) {
                starting.put(access, threads.submit(() -> network.startOnionService(
                        "matrix-" + access.name().toLowerCase(java.util.Locale.ROOT), web.port(), PATIENCE,
                        access == Access.AUTHORISED ? List.of(publicKey) : List.of(),
                        "HiddenServicePoWDefensesEnabled " + (access == Access.WORK ? 1 : 0))));
            }
            for (Map.Entry<Access, Future<OnionService>> each : starting.entrySet()) {
                THEIRS.put(each.getKey(), each.getValue().get());
            }
        }
        for (HostedOnionService service : OURS.values()) {
            service.awaitPublished(PATIENCE);
        }
        closed.awaitPublished(PATIENCE);

        Path keys = Files.createDirectory(network.folder().resolve("matrix-keys"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        TorConfigBuilder config = config();
        for (Side side : Side.values()) {
            String label = address(side, Access.AUTHORISED).replace(".onion", "");
            config.onionClientKey(label + ".onion", Base32.encode(secret));
            Files.writeString(keys.resolve(side + ".auth_private"),
                    label + ":descriptor:x25519:" + Base32.encode(secret).toUpperCase(java.util.Locale.ROOT) + "\n");
        }
        client = TorClient.connect(config.build());
        // In a network this young few relays are stable enough to be rendezvous points; none of them may be its one guard.
        visitor = network.startClient(
                "matrix-client", PATIENCE, "UseEntryGuards 0", "ClientOnionAuthDir " + keys);
    }

    private static TorConfigBuilder config() throws IOException {
        return Networks.addAuthorities(TorConfig.builder().inMemory().testingNetwork(true), network);
    }

    private static HostedOnionService ours(String publicKey) throws IOException {
        OnionServiceBuilder service = host.onionService(OnionServiceKey.generate())
                .port(80, new InetSocketAddress(InetAddress.getLoopbackAddress(), web.port()));
        return (publicKey == null ? service : service.authorize(publicKey)).start();
    }

    private static String address(Side side, Access access) {
        return side == Side.CEPA ? OURS.get(access).address() : THEIRS.get(access).address();
    }

    @AfterAll
    static void stop() throws IOException {
        visitor.stop();
        client.close();
        host.close();
        for (OnionService service : THEIRS.values()) {
            service.close();
        }
        web.close();
    }

    private static Stream<Arguments> combinations() {
        List<Arguments> all = new ArrayList<>();
        for (Side from : Side.values()) {
            for (Side to : Side.values()) {
                for (Access access : Access.values()) {
                    if (access != Access.WORK || to == Side.TOR) {
                        all.add(Arguments.of(from, to, access));
                    }
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0} at {1}, {2}")
    @MethodSource("combinations")
    void carriesBytesBothWays(Side from, Side to, Access access) throws Exception {
        try (Socket socket = open(from, address(to, access))) {
            download(socket.getInputStream(), socket.getOutputStream(), from.ordinal() + 1);
            upload(socket.getInputStream(), socket.getOutputStream());
        }
    }

    private static Socket open(Side from, String address) throws IOException {
        if (from == Side.CEPA) {
            return client.open(address, 80);
        }
        InetSocketAddress socks = new InetSocketAddress(InetAddress.getLoopbackAddress(), visitor.socksPort());
        Socket socket = new Socket(new Proxy(Proxy.Type.SOCKS, socks));
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.connect(InetSocketAddress.createUnresolved(address, 80), (int) PATIENCE.toMillis());
        return socket;
    }

    private static void download(InputStream in, OutputStream out, long seed) throws Exception {
        write(out, "GET /bytes/" + DOWN + "?seed=" + seed + " HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(head(in)).startsWith("HTTP/1.1 200 ").contains("Content-Length: " + DOWN + "\r\n");
        assertThat(sha256(in.readNBytes(DOWN))).isEqualTo(web.content(seed).sha256(DOWN));
    }

    private static void upload(InputStream in, OutputStream out) throws Exception {
        byte[] sent = new byte[UP];
        RANDOM.nextBytes(sent);
        write(out, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: " + UP + "\r\n\r\n");
        out.write(sent);
        String answer = sha256(sent) + " " + UP + "\n";
        assertThat(head(in)).startsWith("HTTP/1.1 200 ");
        assertThat(in.readNBytes(answer.length())).asString(StandardCharsets.US_ASCII).isEqualTo(answer);
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Up to the empty line. */
    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            int next = in.read();
            assertThat(next).as("after %s", head).isNotNegative();
            head.write(next);
        }
        return head.toString(StandardCharsets.US_ASCII);
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void neitherClientReachesAServiceThatIsForOthers() {
        for (Side from : Side.values()) {
            assertThatExceptionOfType(IOException.class)
                    .as("%s", from)
                    .isThrownBy(() -> open(from, closed.address()).close());
        }
        assertThat(closed.clients()).isZero();
    }

    /** If only one side controlled it, the first confirmation would be refused. */
    @ParameterizedTest
    @EnumSource
    void ourClientControlsCongestionWithEither(Side to) throws Exception {
        OnionAddress address = OnionAddress.parse(address(to, Access.PUBLIC));
        Deadline deadline = Deadline.in(PATIENCE);
        InternalCircuits circuits = Networks.internalCircuits(client);
        IntroMemory memory = new IntroMemory(InstantSource.system(), RANDOM);
        try (Circuit circuit = new Connector(circuits, descriptors(), memory, RANDOM).connect(address, deadline);
                TorStream stream = circuit.openServiceOptimistic(address.label() + ".onion", 80, null)) {
            stream.awaitConnected(deadline);
            assertThat(circuit.controlsCongestion()).isTrue();
            download(stream.input(), stream.output(), 4);
            upload(stream.input(), stream.output());
        }
    }

    private static DescriptorStore descriptors() {
        InternalCircuits circuits = Networks.internalCircuits(client);
        InstantSource clock = InstantSource.system();
        return new DescriptorStore(
                new DescriptorFetcher(circuits, new TorEvents(), clock, RANDOM), circuits, true, clock);
    }

    /** An effort is asked for only after minutes of too many clients, but a client whose attempts have failed makes one. */
    @Test
    void aServiceOfCTorTakesOurProofOfWork() throws Exception {
        OnionService service = THEIRS.get(Access.WORK);
        OnionAddress address = OnionAddress.parse(service.address());
        InternalCircuits circuits = Networks.internalCircuits(client);
        IntroMemory memory = new IntroMemory(InstantSource.system(), RANDOM);
        DescriptorStore descriptors = descriptors();
        Deadline deadline = Deadline.in(PATIENCE);
        HsDescriptor descriptor = descriptors.get(address, deadline).descriptor();
        assertThat(descriptor.pow()).isNotNull();
        descriptor.introPoints().forEach(memory::unreachable);
        try (Circuit circuit = new Connector(circuits, descriptors, memory, RANDOM).connect(address, deadline);
                TorStream stream = circuit.openServiceOptimistic(service.address(), 80, null)) {
            stream.awaitConnected(deadline);
            download(stream.input(), stream.output(), 3);
        }
        assertThat(Files.readString(service.node().folder().resolve("rend.log"), StandardCharsets.ISO_8859_1))
                .contains("Dequeued pending rendezvous request with effort: 8");
    }
}
