package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Congestion control with a real exit. */
@Timeout(120)
class CongestionIT {
    private static final int MANY = 8_000_000;

    private static TestNetwork network;
    private static WebServer web;
    private final ChannelManager manager = new ChannelManager(ChannelSettings.DEFAULT, new TorEvents());
    private Circuit circuit;

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
        HopTarget guard = hop("relay0");
        circuit = Circuit.create(
                manager.get(guard.link(), soon()), guard, CircuitSettings.DEFAULT, new TorEvents(), 1, "GENERAL", soon());
        circuit.extend(hop("relay1"), soon());
        circuit.extend(hop("exit0").withCongestion(CongestionSettings.EXIT), soon());
        assertThat(circuit.controlsCongestion()).isTrue();
    }

    @AfterEach
    void close() {
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

    private TorStream get(long seed) throws IOException {
        TorStream stream = circuit.open("www.cepa.test", web.port(), 0, soon());
        stream.output()
                .write(("GET /bytes/" + MANY + "?seed=" + seed + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        return stream;
    }

    private static void assertServed(TorStream stream, long seed) throws Exception {
        byte[] all = stream.input().readAllBytes();
        byte[] body = Arrays.copyOfRange(all, all.length - MANY, all.length);
        assertThat(sha256(body)).isEqualTo(web.content(seed).sha256(MANY));
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void streamsDownloadSideBySide() throws Exception {
        TorStream first = get(1);
        TorStream second = get(2);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread other = Thread.ofVirtual().start(() -> {
            try {
                assertServed(second, 2);
            } catch (Exception | AssertionError e) {
                failure.set(e);
            }
        });
        assertServed(first, 1);
        other.join();
        assertThat(failure.get()).isNull();
    }

    @Test
    void aSlowReaderStopsTheExit() throws Exception {
        TorStream stream = get(3);
        int before = -1;
        // All that is under way arrives, and then nothing more.
        while (stream.input().available() > before || before < CongestionSettings.EXIT.streams().ownStop()) {
            before = stream.input().available();
            Thread.sleep(700);
        }
        assertThat(before).as("bytes waiting").isLessThan(MANY / 2);
        assertServed(stream, 3);
        assertThat(circuit.isOpen()).isTrue();
    }

    @Test
    void aSlowServerStopsUs() throws Exception {
        // More than what the kernel keeps for a connection, 4 MB and a bit, and the relays.
        byte[] sent = new byte[12_000_000];
        new Random(4).nextBytes(sent);
        AtomicInteger written = new AtomicInteger();
        try (ServerSocket server = new ServerSocket()) {
            server.setReceiveBufferSize(65_536);
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            AtomicReference<byte[]> received = new AtomicReference<>();
            Thread reader = Thread.ofVirtual().start(() -> {
                try (Socket socket = server.accept()) {
                    for (int before = -1; before != written.get(); Thread.sleep(1000)) {
                        before = written.get();
                    }
                    InputStream in = socket.getInputStream();
                    received.set(in.readNBytes(sent.length));
                } catch (IOException | InterruptedException e) {
                    received.set(new byte[0]);
                }
            });
            TorStream stream = circuit.open("www.cepa.test", server.getLocalPort(), 0, soon());
            for (int chunk = 10_000; written.get() < sent.length; written.addAndGet(chunk)) {
                stream.output().write(sent, written.get(), chunk);
            }
            reader.join();
            assertThat(sha256(received.get())).isEqualTo(sha256(sent));
            assertThat(stream.pace).isNotNull();
            assertThat(stream.pace.stops()).isPositive();
            assertThat(circuit.isOpen()).isTrue();
        }
    }
}
