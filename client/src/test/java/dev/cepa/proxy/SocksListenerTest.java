package dev.cepa.proxy;

import static dev.cepa.proxy.Wire.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.EndReason;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.path.CountryFiles;
import dev.cepa.pool.IsolationKey;
import dev.cepa.pool.OpenedStream;
import dev.cepa.pool.Sessions;
import dev.cepa.pool.StreamOpener;
import dev.cepa.pool.StreamRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A SOCKS port whose streams are sockets to a server in this test. */
@Timeout(120)
class SocksListenerTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    /** Opens plain sockets to {@link #server}, or fails as told. */
    private final class Sockets implements StreamOpener {
        private final LinkedBlockingQueue<StreamRequest> requests = new LinkedBlockingQueue<>();
        private volatile TorException failure;
        private volatile CountDownLatch hold = new CountDownLatch(0);

        @Override
        public OpenedStream open(StreamRequest request, Deadline deadline) throws TorException {
            requests.add(request);
            try {
                if (!hold.await(deadline.millisLeft(), TimeUnit.MILLISECONDS)) {
                    throw new TorException(ErrorKind.TIMEOUT, "held");
                }
                if (failure != null) {
                    throw failure;
                }
                Socket socket = new Socket(LOOPBACK, server.getLocalPort());
                return new OpenedStream(socket.getInputStream(), socket.getOutputStream(), socket);
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw new TorException(ErrorKind.CLOSED, "interrupted", e);
            } catch (IOException e) {
                throw e instanceof TorException t ? t : new TorException(ErrorKind.INTERNAL, "test", e);
            }
        }

        @Override
        public List<Answer> resolve(StreamRequest request, Deadline deadline) throws TorException {
            requests.add(request);
            if (failure != null) {
                throw failure;
            }
            return request.host().endsWith(".arpa")
                    ? List.of(new Answer.Name("one.example", 60))
                    : List.of(new Answer.Address(LOOPBACK, 60));
        }
    }

    private final Sockets sockets = new Sockets();
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private ServerSocket server;
    private Listener listener;

    @BeforeEach
    void open() throws IOException {
        server = new ServerSocket(0, 50, LOOPBACK);
        listener = open(PortSettings.DEFAULT);
    }

    @AfterEach
    void close() throws IOException {
        listener.close();
        server.close();
    }

    private ProgramRequests requests() {
        return new ProgramRequests(sockets, RequestRules.DEFAULT.withInternal(), new Sessions(() -> CountryFiles.DEFAULT), new TorEvents());
    }

    private Listener open(PortSettings settings) throws TorException {
        return ListenerKind.SOCKS.open(new InetSocketAddress(LOOPBACK, 0), settings, requests(), new TorEvents());
    }

    private Socket dial() throws IOException {
        Socket socket = new Socket(LOOPBACK, ((InetSocketAddress) listener.address()).getPort());
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(bytes(text));
    }

    private static byte[] read(Socket socket, int count) throws IOException {
        return socket.getInputStream().readNBytes(count);
    }

    private Socket connected() throws IOException {
        Socket socket = dial();
        send(socket, "{05 01 00}{05 01 00 03 0c}echo.example{00 07}");
        assertThat(read(socket, 12)).containsExactly(5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0);
        return socket;
    }

    @Test
    void saysWhereItListens() throws Exception {
        List<TorEvent> events = new ArrayList<>();
        TorEvents stream = new TorEvents();
        stream.add(events::add);
        try (Listener other = ListenerKind.SOCKS.open(
                new InetSocketAddress(LOOPBACK, 0), PortSettings.DEFAULT, requests(), stream)) {
            assertThat(events)
                    .containsExactly(
                            new TorEvent.ListenerOpened("Socks", "127.0.0.1:" + ((InetSocketAddress) other.address()).getPort()));
        }
        assertThatThrownBy(() -> ListenerKind.SOCKS.open(listener.address(), PortSettings.DEFAULT, requests(), stream))
                .isInstanceOf(TorException.class)
                .hasMessageContaining("Could not bind to 127.0.0.1:")
                .hasMessageContaining("Is Tor already running?");
    }

    @Test
    void carriesBytesBothWaysAndEndsWhenTheFarEndDoes() throws Exception {
        byte[] data = new byte[3_000_000];
        new Random(1).nextBytes(data);
        try (Socket client = connected(); Socket far = server.accept()) {
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    client.getOutputStream().write(data);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(far.getInputStream().readNBytes(data.length)).isEqualTo(data);
            sender.join();
            far.getOutputStream().write(data);
            far.shutdownOutput();
            assertThat(client.getInputStream().readAllBytes()).isEqualTo(data);
        }
        StreamRequest request = sockets.requests.take();
        assertThat(request.host()).isEqualTo("echo.example");
        assertThat(request.port()).isEqualTo(7);
        assertThat(request.isolation().protocol()).as("SOCKS4 and SOCKS5 may share circuits").isEmpty();
        assertThat(request.isolation().clientAddress()).isEqualTo("127.0.0.1");
    }

    @Test
    void deliversDataThatWasSentBeforeTheReply() throws Exception {
        sockets.hold = new CountDownLatch(1);
        try (Socket client = dial()) {
            send(client, "{05 01 00}{05 01 00 03 0c}echo.example{00 07}hello");
            assertThat(read(client, 2)).containsExactly(5, 0);
            sockets.hold.countDown();
            try (Socket far = server.accept()) {
                assertThat(far.getInputStream().readNBytes(5)).isEqualTo(bytes("hello"));
                assertThat(read(client, 10)).startsWith(5, 0);
            }
        }
    }

    @Test
    void deliversTheAnswerToAProgramThatHasStoppedSending() throws Exception {
        try (Socket client = connected(); Socket far = server.accept()) {
            send(client, "question");
            client.shutdownOutput();
            assertThat(far.getInputStream().readNBytes(8)).isEqualTo(bytes("question"));
            far.getOutputStream().write(bytes("answer"));
            assertThat(read(client, 6)).isEqualTo(bytes("answer"));
        }
    }

    @Test
    void givesUpOpeningForAProgramThatWentAway() throws Exception {
        sockets.hold = new CountDownLatch(1);
        Socket client = dial();
        send(client, "{05 01 00}{05 01 00 03 0c}echo.example{00 07}");
        sockets.requests.take();
        client.close();
        assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void isolatesByCredentials() throws Exception {
        for (String user : List.of("{01}a", "{01}b")) {
            try (Socket client = dial()) {
                send(client, "{05 01 02}{01}" + user + "{01}p{05 01 00 03 0c}echo.example{00 07}");
                assertThat(read(client, 14)).startsWith(5, 2, 1, 0, 5, 0);
            }
        }
        assertThat(sockets.requests.take().isolation()).isNotEqualTo(sockets.requests.take().isolation());
    }

    @Test
    void isolatesByTheVersionOfTheProtocol() throws Exception {
        listener.close();
        listener = open(PortSettings.builder().isolation(EnumSet.of(PortSettings.Isolation.PROTOCOL)).build());
        List<IsolationKey> keys = new ArrayList<>();
        for (String asking : List.of(
                "{05 01 00}{05 01 00 03 0c}echo.example{00 07}", "{04 01 00 07 00 00 00 01 00}echo.example{00}",
                "{05 01 00}{05 01 00 03 0c}echo.example{00 07}")) {
            try (Socket client = dial()) {
                send(client, asking);
                read(client, 8);
                keys.add(sockets.requests.take().isolation());
            }
        }
        assertThat(keys.get(1)).isNotEqualTo(keys.get(0));
        assertThat(keys.get(2)).isEqualTo(keys.get(0));
    }

    @Test
    void keepsCircuitsAliveForStreamsWithCredentialsIfItIsToldTo() throws Exception {
        for (boolean told : new boolean[] {true, false}) {
            listener.close();
            listener = open(PortSettings.builder().keepAlive(told).build());
            try (Socket client = dial()) {
                send(client, "{05 01 02}{01}{01}a{01}p{05 01 00 03 0c}echo.example{00 07}");
                read(client, 14);
            }
            try (Socket client = dial()) {
                send(client, "{05 01 00}{05 01 00 03 0c}echo.example{00 07}");
                read(client, 12);
            }
            assertThat(sockets.requests.take().keepAlive()).isEqualTo(told);
            assertThat(sockets.requests.take().keepAlive()).as("without credentials").isFalse();
        }
    }

    @Test
    void givesUpOnAStreamThatIsNotOpenedInSocksTimeout() throws Exception {
        listener.close();
        listener = open(with(Duration.ofMillis(300), 10, 10));
        sockets.hold = new CountDownLatch(1);
        try (Socket client = dial()) {
            send(client, "{05 01 00}{05 01 00 03 0c}echo.example{00 07}");
            assertThat(read(client, 4)).as("TTL expired, as tor says it").containsExactly(5, 0, 5, 6);
        }
    }

    @ParameterizedTest
    @EnumSource(ErrorKind.class)
    void tellsWhyAStreamCouldNotBeOpened(ErrorKind kind) throws Exception {
        sockets.failure = new TorException(kind, "test");
        int expected =
                switch (kind) {
                    case NAME_NOT_FOUND, HOST_UNREACHABLE, ONION_SERVICE, ONION_CLIENT_AUTH -> 4;
                    case CONNECTION_REFUSED, STREAM_CLOSED -> 5;
                    case EXIT_POLICY -> 2;
                    case TIMEOUT -> 6;
                    case NETWORK_DOWN -> 3;
                    default -> 1;
                };
        try (Socket client = dial()) {
            send(client, "{05 01 00}{05 01 00 03 0c}echo.example{00 07}");
            assertThat(client.getInputStream().readAllBytes()).containsExactly(5, 0, 5, expected, 0, 1, 0, 0, 0, 0, 0, 0);
        }
        try (Socket client = dial()) {
            send(client, "{04 01 00 07 00 00 00 01 00}echo.example{00}");
            assertThat(client.getInputStream().readAllBytes()).containsExactly(0, 0x5b, 0, 0, 0, 0, 0, 0);
        }
    }

    @ParameterizedTest
    @EnumSource(OnionServiceException.Reason.class)
    void tellsWhyAnOnionServiceCouldNotBeReachedToProgramsThatKnowTheCodes(OnionServiceException.Reason reason)
            throws Exception {
        sockets.failure = new OnionServiceException(reason, "test");
        try (Socket client = dial()) {
            send(client, "{05 01 00}{05 01 00 03 0c}echo.example{00 07}");
            assertThat(client.getInputStream().readAllBytes()[3]).isLessThan((byte) 9).isPositive();
        }
        listener.reconfigure(PortSettings.builder().extendedErrors(true).build());
        try (Socket client = dial()) {
            send(client, "{05 01 00}{05 01 00 03 0c}echo.example{00 07}");
            assertThat(client.getInputStream().readAllBytes())
                    .containsExactly(5, 0, 5, 0xf0 + reason.ordinal(), 0, 1, 0, 0, 0, 0, 0, 0);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "MISC, 1", "RESOLVEFAILED, 4", "CONNECTREFUSED, 5", "EXITPOLICY, 2", "DESTROY, 1", "DONE, 5", "TIMEOUT, 6",
        "NOROUTE, 4", "HIBERNATING, 1", "INTERNAL, 1", "RESOURCELIMIT, 1", "CONNRESET, 5", "TORPROTOCOL, 1",
        "NOTDIRECTORY, 1",
    })
    void tellsTheExitsReasonInCTorsWords(EndReason reason, int expected) throws Exception {
        sockets.failure = new StreamException(reason.kind(), reason.code(), "test");
        try (Socket client = dial()) {
            send(client, "{05 01 00}{05 01 00 03 0c}echo.example{00 07}");
            assertThat(client.getInputStream().readAllBytes()).containsExactly(5, 0, 5, expected, 0, 1, 0, 0, 0, 0, 0, 0);
        }
        try (Socket client = dial()) {
            send(client, "{05 01 00}{05 f0 00 03 0c}echo.example{00 00}");
            assertThat(client.getInputStream().readAllBytes()).containsExactly(5, 0, 5, expected, 0, 1, 0, 0, 0, 0, 0, 0);
        }
    }

    @Test
    void answersQuestionsAboutNames() throws Exception {
        try (Socket client = dial()) {
            send(client, "{05 01 00}{05 f0 00 03 0c}echo.example{00 00}");
            assertThat(client.getInputStream().readAllBytes()).containsExactly(5, 0, 5, 0, 0, 1, 127, 0, 0, 1, 0, 0);
        }
        try (Socket client = dial()) {
            send(client, "{05 01 00}{05 f1 00 01 01 02 03 04 00 00}");
            assertThat(client.getInputStream().readAllBytes()).isEqualTo(bytes("{05 00 05 00 00 03 0b}one.example{00 00}"));
        }
        try (Socket client = dial()) {
            send(client, "{04 f0 00 00 00 00 00 01 00}echo.example{00}");
            assertThat(client.getInputStream().readAllBytes()).containsExactly(0, 0x5a, 0, 0, 127, 0, 0, 1);
        }
        assertThat(sockets.requests.stream().map(StreamRequest::host))
                .containsExactly("echo.example", "4.3.2.1.in-addr.arpa", "echo.example");
        sockets.failure = new TorException(ErrorKind.NAME_NOT_FOUND, "test");
        try (Socket client = dial()) {
            send(client, "{05 01 00}{05 f0 00 03 0c}echo.example{00 00}");
            assertThat(client.getInputStream().readAllBytes()).containsExactly(5, 0, 5, 4, 0, 1, 0, 0, 0, 0, 0, 0);
        }
        try (Socket client = dial()) {
            send(client, "{05 01 00}{05 f0 00 01 01 02 03 04 00 00}");
            assertThat(client.getInputStream().readAllBytes()).containsExactly(5, 0, 5, 0, 0, 1, 1, 2, 3, 4, 0, 0);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{00 00}",
                "{ff ff ff ff}",
                "{16 03 01 00 f4 01 00 00 f0 03 03}",
                "SSH-2.0-OpenSSH_9.2",
                "GET / HTTP/1.1{0d 0a 0d 0a}",
                "CONNECT a:1 HTTP/1.1{0d 0a 0d 0a}",
                "{05 00}",
                "{05 01 01}",
                "{05 01 00}{05 02 00 01 01 02 03 04 00 50}",
                "{05 01 00}{05 01 00 09 01 02 03 04 00 50}",
                "{05 01 00}{05 01 00 03 00 00 50}",
                "{05 01 00}{05 01 00 03 03}---{00 50}",
                "{05 01 00}{05 01 00 01 01 02 03 04 00 00}",
                "{05 01 00}{05 01 00 03 06}a.exit{00 50}",
                "{05 01 02}{02 01}a{01}b",
                "{05 01 02}{01 09}<torS0X>9{00}",
                "{01 01}a{01}b",
                "{04 01 00 00 01 02 03 04 00}",
                "{04 09 00 50 01 02 03 04 00}",
                "{04 01 00 50 00 00 00 01 00}a b{00}",
                "{05 ff 00}",
                "",
            })
    void survivesGarbage(String garbage) throws Exception {
        try (Socket client = dial()) {
            send(client, garbage);
            client.shutdownOutput();
            client.getInputStream().readAllBytes();
        }
        assertThat(sockets.requests).isEmpty();
        try (Socket client = connected(); Socket far = server.accept()) {
            send(client, "x");
            assertThat(far.getInputStream().read()).isEqualTo('x');
        }
    }

    @Test
    void closesConnectionsThatMakeNoRequestInTime() throws Exception {
        listener.close();
        listener = open(with(Duration.ofMillis(100), 1000, 250));
        try (Socket client = dial()) {
            send(client, "{05}");
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void boundsConnectionsAndHandshakes() throws Exception {
        listener.close();
        listener = open(with(Duration.ofMinutes(2), 3, 1));
        try (Socket silent = dial()) {
            send(silent, "{05 01 00}");
            assertThat(read(silent, 2)).containsExactly(5, 0);
            try (Socket refused = dial()) {
                assertEnded(refused);
            }
            send(silent, "{05 01 00 03 0c}echo.example{00 07}");
            assertThat(read(silent, 10)).startsWith(5, 0);
            try (Socket second = connected(); Socket third = connected(); Socket fourth = dial()) {
                assertThat(second.isConnected() && third.isConnected()).isTrue();
                assertEnded(fourth);
                assertThat(listener.connectionCount()).isEqualTo(3);
            }
        }
    }

    private static void assertEnded(Socket socket) throws IOException {
        try {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        } catch (java.net.SocketException e) {
            assertThat(e).hasMessageContaining("reset");
        }
    }

    private static PortSettings with(Duration timeout, int connections, int handshakes) {
        return PortSettings.builder().timeout(timeout).limits(connections, handshakes).build();
    }

    @Test
    void closesItsConnectionsWhenClosed() throws Exception {
        try (Socket client = connected(); Socket far = server.accept()) {
            listener.close();
            assertEnded(client);
            assertThat(far.getInputStream().read()).isEqualTo(-1);
        }
    }
}
