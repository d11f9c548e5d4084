package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole client against real relays. */
@Timeout(120)
class TorClientIT {
    private static TestNetwork network;
    private static WebServer web;
    private static TorClient tor;
    private static final List<TorEvent> EVENTS = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void start() throws IOException {
        network = TestNetworks.shared();
        web = WebServer.start();
        tor = TorClient.start(config().inMemory().build(), EVENTS::add);
        tor.awaitReady(Duration.ofSeconds(60));
    }

    @AfterAll
    static void stop() {
        tor.close();
        web.close();
    }

    private static TorConfigBuilder config() throws TorException {
        TorConfigBuilder config = TorConfig.builder().testingNetwork(true);
        Networks.addAuthorities(config, network);
        return config;
    }

    private static URI uri(String path) {
        return URI.create("http://www.cepa.test:" + web.port() + path);
    }

    @Test
    void bootstrappingReportsEachPhaseInOrder() {
        List<Integer> percents = new ArrayList<>();
        Set<String> tags = new LinkedHashSet<>();
        for (TorEvent event : EVENTS) {
            if (event instanceof TorEvent.Bootstrap b) {
                percents.add(b.percent());
                tags.add(b.tag());
            }
        }
        assertThat(percents).isSorted().startsWith(0).endsWith(100);
        assertThat(tor.status().percent()).isEqualTo(100);
        // Connecting to build circuits is left out where the channel was there already.
        tags.removeAll(Set.of("ap_conn", "ap_conn_done", "ap_handshake"));
        assertThat(tags)
                .containsExactly(
                        "starting", "conn", "conn_done", "handshake", "handshake_done", "onehop_create",
                        "requesting_status", "loading_status", "loading_keys", "requesting_descriptors",
                        "loading_descriptors", "enough_dirinfo", "ap_handshake_done", "circuit_create", "done");
    }

    /** Each phase comes when it is reached, and not together with the next. */
    @Test
    void bootstrappingFollowsWhatHappens() {
        int launched = firstChannel(TorEvent.ChannelStatus.Status.LAUNCHED);
        int reached = firstChannel(TorEvent.ChannelStatus.Status.REACHED);
        int secured = firstChannel(TorEvent.ChannelStatus.Status.SECURED);
        int connected = firstChannel(TorEvent.ChannelStatus.Status.CONNECTED);
        assertThat(phase("conn")).isLessThan(reached);
        assertThat(phase("conn_done")).isBetween(launched, secured);
        assertThat(phase("handshake")).isBetween(reached, connected);
        assertThat(phase("handshake_done")).isGreaterThan(secured);
        int firstCircuit = firstCircuit(TorEvent.CircuitStatus.Status.LAUNCHED, 0);
        assertThat(phase("onehop_create")).isBetween(phase("handshake_done"), firstCircuit);
        assertThat(phase("requesting_status"))
                .isBetween(firstCircuit(TorEvent.CircuitStatus.Status.BUILT, 1), phase("loading_status"));
        assertThat(phase("circuit_create")).isLessThan(firstCircuit(TorEvent.CircuitStatus.Status.EXTENDED, 2));
        assertThat(phase("done")).isGreaterThan(firstCircuit(TorEvent.CircuitStatus.Status.BUILT, 3));
    }

    private static int phase(String tag) {
        return first(e -> e instanceof TorEvent.Bootstrap b && b.tag().equals(tag));
    }

    private static int firstChannel(TorEvent.ChannelStatus.Status status) {
        return first(e -> e instanceof TorEvent.ChannelStatus c && c.status() == status);
    }

    private static int firstCircuit(TorEvent.CircuitStatus.Status status, int length) {
        return first(e -> e instanceof TorEvent.CircuitStatus c && c.status() == status && c.path().size() == length);
    }

    private static int first(Predicate<TorEvent> wanted) {
        for (int i = 0; i < EVENTS.size(); i++) {
            if (wanted.test(EVENTS.get(i))) {
                return i;
            }
        }
        throw new AssertionError("no such event");
    }

    @Test
    void fetchesAPageThroughThreeDifferentRelays() throws Exception {
        HttpResponse<byte[]> page =
                tor.httpClient().send(HttpRequest.newBuilder(uri("/bytes/100000?seed=1")).build(), BodyHandlers.ofByteArray());
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(sha256(page.body())).isEqualTo(digestOf(100_000, 1));
        List<String> path = EVENTS.stream()
                .filter(e -> e instanceof TorEvent.CircuitStatus c
                        && c.status() == TorEvent.CircuitStatus.Status.BUILT
                        && c.path().size() == 3)
                .map(e -> ((TorEvent.CircuitStatus) e).path())
                .findFirst()
                .orElseThrow();
        assertThat(path).doesNotHaveDuplicates();
        assertThat(path.getLast()).contains("exit");
    }

    @Test
    void movesTwentyMegabytesEachWay() throws Exception {
        HttpResponse<byte[]> down = tor.httpClient()
                .send(HttpRequest.newBuilder(uri("/bytes/20000000?seed=2")).build(), BodyHandlers.ofByteArray());
        assertThat(sha256(down.body())).isEqualTo(digestOf(20_000_000, 2));
        HttpResponse<String> up = tor.httpClient()
                .send(
                        HttpRequest.newBuilder(uri("/upload"))
                                .POST(HttpRequest.BodyPublishers.ofByteArray(down.body()))
                                .build(),
                        BodyHandlers.ofString());
        assertThat(up.body()).contains(sha256(down.body()));
    }

    @Test
    void carriesTwoHundredStreamsAtOnce() throws Exception {
        List<Future<String>> answers = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 200; i++) {
                int seed = i;
                Callable<String> fetch = () -> {
                    HttpRequest request = HttpRequest.newBuilder(uri("/bytes/50000?seed=" + seed)).build();
                    return sha256(tor.httpClient().send(request, BodyHandlers.ofByteArray()).body());
                };
                answers.add(threads.submit(fetch));
            }
        }
        for (int i = 0; i < answers.size(); i++) {
            assertThat(answers.get(i).get()).isEqualTo(digestOf(50_000, i));
        }
    }

    @Test
    void halfClosedStreamsGoOnReading() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, java.net.InetAddress.getLoopbackAddress());
                TorSocket socket = tor.open("127.0.0.1", server.getLocalPort());
                Socket accepted = server.accept()) {
            socket.getOutputStream().write("question".getBytes(StandardCharsets.UTF_8));
            byte[] question = accepted.getInputStream().readNBytes(8);
            socket.shutdownOutput();
            assertThatThrownBy(() -> socket.getOutputStream().write(1)).isInstanceOf(IOException.class);
            accepted.getOutputStream().write(question);
            accepted.getOutputStream().write(" answered".getBytes(StandardCharsets.UTF_8));
            accepted.close();
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo("question answered");
        }
    }

    @Test
    void readsTimeOutAsSocketsDo() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, java.net.InetAddress.getLoopbackAddress());
                TorSocket socket = tor.open("127.0.0.1", server.getLocalPort())) {
            socket.setSoTimeout(100);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            try (Socket accepted = server.accept()) {
                accepted.getOutputStream().write(7);
                socket.setSoTimeout(10_000);
                assertThat(socket.getInputStream().read()).isEqualTo(7);
            }
        }
    }

    @Test
    void socketFactorySocketsConnectByUnresolvedName() throws Exception {
        try (Socket socket = tor.socketFactory().createSocket()) {
            socket.connect(InetSocketAddress.createUnresolved("www.cepa.test", web.port()), 20_000);
            OutputStream out = socket.getOutputStream();
            out.write("GET /bytes/10?seed=3 HTTP/1.0\r\nHost: www.cepa.test\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            assertThat(new String(in.readNBytes(12), StandardCharsets.US_ASCII)).endsWith("200");
        }
    }

    @Test
    void exitsResolveNames() throws Exception {
        assertThat(tor.resolve("www.cepa.test", Duration.ofSeconds(30)))
                .contains(java.net.InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
    }

    @Test
    void refusedConnectionsAndUnknownNamesSayWhatTheyAre() throws Exception {
        int free;
        try (ServerSocket s = new ServerSocket(0)) {
            free = s.getLocalPort();
        }
        // Today's exits mostly say MISC where they mean that the connection was refused.
        assertThatThrownBy(() -> tor.open("127.0.0.1", free))
                .isInstanceOfSatisfying(
                        TorException.class,
                        e -> assertThat(e.kind()).isIn(ErrorKind.CONNECTION_REFUSED, ErrorKind.STREAM_CLOSED));
        assertKind(ErrorKind.NAME_NOT_FOUND, () -> tor.open("nxdomain.test", 80));
        assertKind(ErrorKind.BAD_REQUEST, () -> tor.open("white space", 80));
        assertKind(ErrorKind.BAD_REQUEST, () -> tor.open("a.test", 0));
    }

    @Test
    void closingAStreamWakesItsReader() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, java.net.InetAddress.getLoopbackAddress());
                TorSocket socket = tor.open("127.0.0.1", server.getLocalPort())) {
            Thread closer = Thread.startVirtualThread(() -> {
                try {
                    Thread.sleep(100);
                    socket.close();
                } catch (InterruptedException | IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(IOException.class);
            closer.join();
        }
    }

    @Test
    void twoClientsLiveSideBySideAndOneDataDirectoryBelongsToOne(@TempDir Path dir) throws Exception {
        try (TorClient other = TorClient.connect(config().dataDirectory(dir.resolve("data")).build())) {
            assertKind(
                    ErrorKind.ALREADY_RUNNING,
                    () -> TorClient.connect(config().dataDirectory(dir.resolve("data")).build()));
            HttpRequest request = HttpRequest.newBuilder(uri("/bytes/1000?seed=4")).build();
            assertThat(other.httpClient().send(request, BodyHandlers.ofByteArray()).body()).hasSize(1000);
            assertThat(tor.httpClient().send(request, BodyHandlers.ofByteArray()).body()).hasSize(1000);
        }
    }

    @Test
    void startsAgainFromWhatIsOnDisk(@TempDir Path dir) throws Exception {
        TorClient.connect(config().dataDirectory(dir).build()).close();
        List<TorEvent> events = new CopyOnWriteArrayList<>();
        long begin = System.nanoTime();
        try (TorClient again = TorClient.start(config().dataDirectory(dir).build(), events::add)) {
            again.awaitReady(Duration.ofSeconds(30));
            long millis = (System.nanoTime() - begin) / 1_000_000;
            System.err.println("warm start to the first circuit: " + millis + " ms");
        }
        assertThat(events).noneMatch(e -> e instanceof TorEvent.Bootstrap b && b.percent() == 50);
        assertThat(dir.resolve("state")).content().contains("Guard in=default");
    }

    @Test
    void aClientAtRestWakesWhenAStreamIsAskedFor() throws Exception {
        List<TorEvent> events = new CopyOnWriteArrayList<>();
        DormantSettings resting = new DormantSettings(true, Duration.ofDays(1), true, true, false);
        try (TorClient other = TorClient.start(config().inMemory().dormant(resting).build(), events::add)) {
            Thread.sleep(500);
            assertThat(other.isDormant()).isTrue();
            assertThat(events).noneMatch(TorEvent.ChannelStatus.class::isInstance);
            HttpRequest request = HttpRequest.newBuilder(uri("/bytes/1000?seed=4")).build();
            assertThat(other.httpClient().send(request, BodyHandlers.ofByteArray()).body()).hasSize(1000);
            assertThat(other.isDormant()).isFalse();
            other.rest();
            assertThat(other.isDormant()).isTrue();
            assertThat(other.httpClient().send(request, BodyHandlers.ofByteArray()).body()).hasSize(1000);
        }
        assertThat(events.stream().filter(TorEvent.Dormant.class::isInstance).map(e -> ((TorEvent.Dormant) e).dormant()))
                .containsExactly(true, false, true, false);
    }

    @Test
    void offersSocksOnlyWhenAskedTo() throws Exception {
        assertThat(tor.socksAddresses()).isEmpty();
        try (TorClient other = TorClient.connect(config().inMemory().socksPort(0).build());
                Socket socket = new Socket()) {
            socket.connect(other.socksAddresses().getFirst());
            OutputStream out = socket.getOutputStream();
            out.write(new byte[] {5, 1, 0});
            assertThat(socket.getInputStream().readNBytes(2)).containsExactly(5, 0);
            byte[] host = "www.cepa.test".getBytes(StandardCharsets.US_ASCII);
            out.write(new byte[] {5, 1, 0, 3, (byte) host.length});
            out.write(host);
            out.write(new byte[] {(byte) (web.port() >>> 8), (byte) web.port()});
            assertThat(socket.getInputStream().readNBytes(10)[1]).isZero();
        }
    }

    private static void assertKind(ErrorKind kind, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    private static String digestOf(long length, long seed) {
        return web.content(seed).sha256(length);
    }

    private static String sha256(byte[] data) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
    }
}
