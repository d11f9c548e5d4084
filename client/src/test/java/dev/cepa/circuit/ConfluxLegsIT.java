package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelManager;
import dev.cepa.channel.ChannelSettings;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.error.Deadline;
import dev.cepa.event.TorEvents;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two circuits that a real exit has joined. */
@Timeout(120)
class ConfluxLegsIT {
    private static final int MANY = 20_000_000;

    private static TestNetwork network;
    private static WebServer web;
    private final ChannelManager manager = new ChannelManager(ChannelSettings.DEFAULT, new TorEvents());
    private final TorEvents events = new TorEvents();
    private final ConfluxSet set =
            new ConfluxSet(ConfluxSettings.DEFAULT, CircuitSettings.DEFAULT, manager.memory(), events);
    private final Circuit[] legs = new Circuit[2];

    @BeforeAll
    static void start() throws Exception {
        network = TestNetworks.shared();
        web = WebServer.start();
    }

    @AfterAll
    static void stop() {
        web.close();
    }

    @BeforeEach
    void build() throws Exception {
        for (int i = 0; i < legs.length; i++) {
            HopTarget guard = hop("relay" + 2 * i);
            legs[i] = set.createLeg(manager.get(guard.link(), soon()), guard, 1 + i, soon());
            legs[i].extend(hop("relay" + (2 * i + 1)), soon());
            legs[i].extend(hop("exit0").withCongestion(CongestionSettings.EXIT), soon());
            set.link(legs[i], Duration.ofSeconds(30));
        }
        set.join(2);
    }

    @AfterEach
    void close() {
        set.close();
        manager.close();
    }

    private static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(30));
    }

    private static HopTarget hop(String name) throws Exception {
        Node node = network.node(name);
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), node.orPort());
        Ed25519Id id = Ed25519Id.of(Base64.getDecoder().decode(node.ed25519Id()));
        // A tag of 32 bytes, the secret and the public key.
        byte[] keys = Files.readAllBytes(node.folder().resolve("keys/secret_onion_key_ntor"));
        ChannelTarget link = new ChannelTarget(RsaId.ofHex(node.fingerprint()), id, List.of(address));
        return new HopTarget(link, Arrays.copyOfRange(keys, keys.length - 32, keys.length), true, name);
    }

    private static long cells(Circuit leg) {
        return leg.leg().inbound.count();
    }

    private TorStream get(long seed, int bytes) throws IOException {
        TorStream stream = set.open("www.cepa.test", web.port(), 0, soon());
        stream.output()
                .write(("GET /bytes/" + bytes + "?seed=" + seed + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        return stream;
    }

    private static void assertServed(TorStream stream, long seed, int bytes) throws Exception {
        byte[] all = stream.input().readAllBytes();
        byte[] body = Arrays.copyOfRange(all, all.length - bytes, all.length);
        assertThat(sha256(body)).isEqualTo(web.content(seed).sha256(bytes));
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void aDownloadComesOverBothLegsAndEveryByteInItsPlace() throws Exception {
        assertServed(get(1, MANY), 1, MANY);
        for (Circuit leg : legs) {
            assertThat(cells(leg)).as("%s", leg).isGreaterThan(MANY / 498 / 20);
        }
        assertThat(set.isOpen()).isTrue();
        assertThat(set.isWhole()).isTrue();
        // All that waited for its turn was given out.
        assertThat(set.waitingSince()).isNull();
    }

    @Test
    void anUploadArrivesWhole() throws Exception {
        byte[] sent = new byte[MANY];
        new Random(4).nextBytes(sent);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            AtomicReference<byte[]> received = new AtomicReference<>(new byte[0]);
            Thread reader = Thread.ofVirtual().start(() -> {
                try (Socket socket = server.accept()) {
                    InputStream in = socket.getInputStream();
                    received.set(in.readNBytes(sent.length));
                } catch (IOException e) {
                    // The bytes are missed.
                }
            });
            TorStream stream = set.open("www.cepa.test", server.getLocalPort(), 0, soon());
            stream.output().write(sent);
            reader.join();
            assertThat(sha256(received.get())).isEqualTo(sha256(sent));
        }
        assertThat(set.isWhole()).isTrue();
    }

    @Test
    void manyStreamsGoBothWaysAtOnce() throws Exception {
        List<Thread> threads = new ArrayList<>();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        for (int i = 0; i < 60; i++) {
            int seed = i;
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    if (seed % 2 == 0) {
                        assertServed(get(seed, 200_000), seed, 200_000);
                    } else {
                        exchange(seed);
                    }
                } catch (Exception | AssertionError e) {
                    failure.compareAndSet(null, e);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
        assertThat(set.streamCount()).isZero();
        assertThat(set.isWhole()).isTrue();
    }

    private void exchange(long seed) throws Exception {
        byte[] sent = new byte[100_000];
        new Random(seed).nextBytes(sent);
        try (TorStream stream = set.open("www.cepa.test", web.echoPort(), 0, soon())) {
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    stream.output().write(sent);
                } catch (IOException e) {
                    // The bytes are missed.
                }
            });
            assertThat(sha256(stream.input().readNBytes(sent.length))).isEqualTo(sha256(sent));
            writer.join();
        }
    }

    @Test
    void namesAreResolved() throws Exception {
        assertThat(set.resolve("www.cepa.test", soon())).isNotEmpty();
    }

    @Test
    void withoutTheLegThatWeSendByTheSetEndsAndSoDoItsStreams() throws Exception {
        TorStream stream = get(7, 500_000_000);
        assertThat(stream.input().readNBytes(1_000_000)).hasSize(1_000_000);
        Circuit current = set.outlet().link() == legs[0].lastHop().link() ? legs[0] : legs[1];
        current.close();
        assertThatThrownBy(() -> {
            while (stream.input().read(new byte[10_000]) >= 0) {
                // What had come is given out, then the error.
            }
        }).isInstanceOf(IOException.class);
        assertThat(set.isOpen()).isFalse();
        assertThat(legs[0].isOpen()).isFalse();
        assertThat(legs[1].isOpen()).isFalse();
    }
}
