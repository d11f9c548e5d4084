package dev.cepa.benchmark.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.load.DirectProxy.Fault;
import dev.cepa.error.Deadline;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class WebStreamTest {
    private static final Duration LONG = Duration.ofSeconds(10);

    private WebServer web;
    private WebTarget target;

    @BeforeEach
    void start() throws IOException {
        web = WebServer.start();
        target = new WebTarget("www.cepa.test", web.port());
    }

    @AfterEach
    void stop() {
        web.close();
    }

    private static Deadline soon() {
        return Deadline.in(LONG);
    }

    @Test
    void movesAndChecksBothWays() throws Exception {
        try (DirectProxy proxy = new DirectProxy(0, Fault.NONE);
                WebStream stream = WebStream.open(new SocksClient(proxy.port()), target, "alice", soon())) {
            Transfer down = stream.download(3, 3_000_000, soon());
            Transfer up = stream.upload(3, 3_000_000, soon());
            assertThat(down.bytes()).isEqualTo(3_000_000);
            assertThat(down.firstByteNanos()).isPositive().isLessThanOrEqualTo(down.nanos());
            assertThat(up.rate()).isPositive();
            assertThat(target.received()).isEqualTo(3_000_000);
            assertThat(target.sent()).isEqualTo(3_000_000);
            assertThat(proxy.users).containsExactly("alice");
        }
    }

    @Test
    void wrongContentIsAnError() throws Exception {
        try (DirectProxy proxy = new DirectProxy(0, Fault.FLIP);
                WebStream stream = WebStream.open(new SocksClient(proxy.port()), target, null, soon())) {
            assertThatThrownBy(() -> stream.download(1, 100_000, soon())).isInstanceOf(WrongContentException.class);
        }
    }

    /** What a server sends that takes this stream for another one. */
    @Test
    void contentOfAnotherStreamIsAnError() throws Exception {
        try (DirectProxy proxy = new DirectProxy(0, Fault.NONE);
                ServerSocket liar = new ServerSocket(0)) {
            Thread.ofVirtual().start(() -> {
                try (Socket socket = liar.accept()) {
                    socket.getInputStream().read(new byte[1000]);
                    socket.getOutputStream().write(
                            "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    web.content(2).writeTo(socket.getOutputStream(), 5000);
                } catch (IOException e) {
                    // The test says what is missing.
                }
            });
            WebTarget wrong = new WebTarget("127.0.0.1", liar.getLocalPort());
            assertThatThrownBy(() -> WebStream.fetch(new SocksClient(proxy.port()), wrong, null, 1, 5000, soon()))
                    .isInstanceOf(WrongContentException.class);
        }
    }

    @Test
    void saysWhyTheProxyRefuses() throws Exception {
        try (DirectProxy proxy = new DirectProxy(0, Fault.REFUSE)) {
            assertThatThrownBy(() -> WebStream.open(new SocksClient(proxy.port()), target, null, soon()))
                    .isInstanceOf(IOException.class).hasMessage("the proxy says: connection refused");
        }
    }

    @Test
    void endsAtTheDeadline() throws Exception {
        try (DirectProxy proxy = new DirectProxy(0, Fault.STALL);
                WebStream stream = WebStream.open(new SocksClient(proxy.port()), target, null, soon())) {
            assertThatThrownBy(() -> stream.download(1, 100_000, Deadline.in(Duration.ofMillis(200))))
                    .isInstanceOf(IOException.class).hasMessage("a transfer did not end in time");
        }
        // Nobody takes what is uploaded here, and sockets have no timeout for that.
        try (ServerSocket deaf = new ServerSocket(0);
                DirectProxy proxy = new DirectProxy(0, Fault.NONE);
                WebStream stream = WebStream.open(
                        new SocksClient(proxy.port()), new WebTarget("127.0.0.1", deaf.getLocalPort()), null, soon())) {
            assertThatThrownBy(() -> stream.upload(1, 200_000_000, Deadline.in(Duration.ofMillis(500))))
                    .isInstanceOf(IOException.class).hasMessage("a transfer did not end in time");
        }
    }

    private StreamLoad.Outcome load(Fault fault, Duration duration, Duration patience) throws Exception {
        try (DirectProxy proxy = new DirectProxy(0, fault)) {
            LatencyTracker pieces = new LatencyTracker();
            StreamLoad load =
                    new StreamLoad(new SocksClient(proxy.port()), target, 20, 10_000, new LatencyTracker(), pieces);
            StreamLoad.Outcome outcome = load.run(duration, patience);
            assertThat(pieces.count()).isGreaterThanOrEqualTo(outcome.pieces());
            return outcome;
        }
    }

    @Test
    void countsWhatAllStreamsMovedInTheTime() throws Exception {
        StreamLoad.Outcome outcome = load(Fault.NONE, Duration.ofMillis(300), LONG);
        assertThat(outcome.completed()).isEqualTo(20);
        assertThat(outcome.failed()).isZero();
        assertThat(outcome.seconds()).isBetween(0.3, 30.0);
        assertThat(outcome.pieces()).isPositive();
        // Of a piece that is under way at the end, some bytes are counted and the piece is not.
        assertThat(outcome.bytes()).isBetween((outcome.pieces() - 20) * 10_000, (outcome.pieces() + 20) * 10_000);
        assertThat(outcome.errors()).isEmpty();
    }

    @Test
    void withoutATimeEachStreamMovesOnePieceMore() throws Exception {
        StreamLoad.Outcome outcome = load(Fault.NONE, Duration.ZERO, LONG);
        assertThat(outcome.pieces()).isEqualTo(20);
        assertThat(outcome.bytes()).isEqualTo(200_000);
    }

    @Test
    void countsEveryStreamThatGoesWrong() throws Exception {
        StreamLoad.Outcome wrong = load(Fault.FLIP, Duration.ofMillis(100), LONG);
        assertThat(wrong.wrong()).isEqualTo(20);
        assertThat(wrong.completed()).isZero();
        assertThat(wrong.describeErrors()).startsWith("20 x wrong content");
        StreamLoad.Outcome ended = load(Fault.END_STREAM, Duration.ofMillis(100), LONG);
        assertThat(ended.failed()).isEqualTo(20);
        assertThat(ended.wrong()).isZero();
        assertThat(load(Fault.REFUSE, Duration.ofMillis(100), LONG).describeErrors())
                .isEqualTo("20 x the proxy says: connection refused");
        assertThat(load(Fault.STALL, Duration.ofMillis(100), Duration.ofMillis(500)).failed()).isEqualTo(20);
    }

    private IdleStreams idle(DirectProxy proxy) throws Exception {
        try (IdleStreams streams =
                new IdleStreams(List.of(new SocksClient(proxy.port())), target, 20, 10_000, 4)) {
            streams.downloadAll(soon());
            assertThat(streams.failed()).isZero();
            streams.downloadAll(soon());
            return streams;
        }
    }

    @Test
    void idleStreamsNoticeWhatHasBecomeOfThemMeanwhile() throws Exception {
        try (DirectProxy good = new DirectProxy(0, Fault.NONE);
                DirectProxy wrong = new DirectProxy(0, Fault.FLIP);
                DirectProxy ends = new DirectProxy(0, Fault.END_STREAM)) {
            assertThat(idle(good).failed()).isZero();
            assertThat(good.users).hasSize(20);
            assertThat(target.received()).isEqualTo(400_000);
            assertThat(idle(wrong).wrong()).isEqualTo(20);
            assertThat(idle(ends).describeErrors()).isEqualTo("20 x the stream ended before its content did");
        }
    }
}
