package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a client leaves behind when it is closed: nothing. */
@Timeout(120)
class CleanCloseIT {
    private static TestNetwork network;
    private static WebServer web;

    @TempDir
    Path dir;

    @BeforeAll
    static void start() throws IOException {
        network = TestNetworks.shared();
        web = WebServer.start();
    }

    @AfterAll
    static void stop() {
        web.close();
    }

    private TorConfigBuilder config(String data) throws TorException {
        TorConfigBuilder config = TorConfig.builder().testingNetwork(true).dataDirectory(dir.resolve(data));
        Networks.addAuthorities(config, network);
        return config.socksPort(0);
    }

    @Test
    void aClosedClientLeavesNoThreadNoSocketAndNoLock() throws Exception {
        closeInTheMiddleOfEverything("first", Leftovers.before(web.port())); // opens what the process keeps
        Leftovers before = Leftovers.before(web.port());
        closeInTheMiddleOfEverything("second", before);
        before.assertNoThreads();
        before.assertNoFiles();
        TorClient.connect(config("second").build()).close();
        before.assertNoThreads();
        before.assertNoFiles();
    }

    @Test
    void aClientClosedWhileItStartsLeavesNothingEither() throws Exception {
        TorClient.connect(config("third").build()).close();
        Leftovers before = Leftovers.before(web.port());
        for (int millis = 0; millis < 300; millis += 60) {
            TorClient tor = TorClient.start(config("early" + millis).build());
            Thread.sleep(millis);
            tor.close();
            tor.close();
            assertThatThrownBy(() -> tor.awaitReady(Duration.ofSeconds(5)))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLOSED));
        }
        before.assertNoThreads();
        before.assertNoFiles();
    }

    /** A stream in use through the library, another through the SOCKS port, a third being opened. */
    private void closeInTheMiddleOfEverything(String data, Leftovers before) throws Exception {
        TorClient tor = TorClient.connect(config(data).build());
        try (TorSocket download = tor.open("127.0.0.1", web.port());
                Socket program = new Socket()) {
            request(download);
            program.connect(tor.socksAddresses().getFirst());
            program.getOutputStream().write(new byte[] {5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1,
                (byte) (web.port() >> 8), (byte) web.port()});
            assertThat(program.getInputStream().readNBytes(12)).startsWith(5, 0, 5, 0);
            Thread opening = Thread.startVirtualThread(() -> {
                try {
                    tor.open("nobody-answers.test", 9).close();
                } catch (IOException e) {
                    // as it should
                }
            });
            assertThat(download.getInputStream().readNBytes(50_000)).hasSize(50_000);
            assertThat(before.newThreads()).as("threads of an open client").hasSizeGreaterThan(5);
            assertThat(before.newFiles()).as("files of an open client").hasSizeGreaterThan(3);
            long begin = System.nanoTime();
            tor.close();
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
            assertThatThrownBy(() -> download.getInputStream().transferTo(OutputStream.nullOutputStream()))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLOSED));
            assertThat(program.getInputStream().read()).isEqualTo(-1);
            assertThat(opening.join(Duration.ofSeconds(20))).as("whoever was opening a stream was told").isTrue();
            assertThatThrownBy(() -> tor.open("127.0.0.1", web.port()))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLOSED));
        }
    }

    @Test
    void aClientThatIsClosedDoesNotDisturbAnother() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                TorClient stays = TorClient.connect(config("stays").build());
                TorClient goes = TorClient.connect(config("goes").build());
                TorSocket carries = stays.open("127.0.0.1", server.getLocalPort());
                Socket far = server.accept();
                TorSocket ends = goes.open("127.0.0.1", web.port())) {
            exchange(carries, far, 1);
            Thread sender = Thread.startVirtualThread(() -> {
                try {
                    carries.getOutputStream().write(bytes(2));
                } catch (IOException e) {
                    // The far end misses it.
                }
            });
            goes.close();
            assertThatThrownBy(() -> ends.getInputStream().read()).isInstanceOf(IOException.class);
            assertThat(far.getInputStream().readNBytes(bytes(2).length)).isEqualTo(bytes(2));
            sender.join();
            exchange(carries, far, 3);
            try (TorSocket another = stays.open("127.0.0.1", web.port())) {
                request(another);
                assertThat(another.getInputStream().readNBytes(10_000)).hasSize(10_000);
            }
        }
    }

    private static void exchange(TorSocket near, Socket far, int seed) throws IOException {
        byte[] sent = bytes(seed);
        near.getOutputStream().write(sent, 0, 20_000);
        assertThat(far.getInputStream().readNBytes(20_000)).isEqualTo(java.util.Arrays.copyOf(sent, 20_000));
        far.getOutputStream().write(sent, 0, 20_000);
        assertThat(near.getInputStream().readNBytes(20_000)).isEqualTo(java.util.Arrays.copyOf(sent, 20_000));
    }

    private static byte[] bytes(int seed) {
        byte[] bytes = new byte[2_000_000];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static void request(TorSocket socket) throws IOException {
        socket.getOutputStream()
                .write("GET /bytes/100000000?seed=1 HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }
}
