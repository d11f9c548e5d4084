package dev.cepa.benchmark.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.Deadline;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What each way says, byte by byte, and that it hears what it is answered. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class ProxyClientsTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    /** A proxy that reads so many bytes, answers, and sends one byte of a stream. */
    private static final class Proxy implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 1, LOOPBACK);
        private final CompletableFuture<byte[]> heard = new CompletableFuture<>();

        Proxy(int length, byte[] answer) throws IOException {
            Thread.ofVirtual().start(() -> {
                try (Socket socket = listener.accept()) {
                    heard.complete(socket.getInputStream().readNBytes(length));
                    socket.getOutputStream().write(answer);
                    socket.getOutputStream().write('!');
                } catch (IOException e) {
                    heard.completeExceptionally(e);
                }
            });
        }

        int port() {
            return listener.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    private static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(10));
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    @Test
    void socks4aLeavesTheNameToTheProxy() throws Exception {
        byte[] request = hex("04 01 0050 00000001 626f6200 7777772e612e7465737400");
        try (Proxy proxy = new Proxy(request.length, hex("00 5a 0000 00000000"));
                Socket socket = new Socks4Client(proxy.port()).connect("www.a.test", 80, "bob", soon())) {
            assertThat(proxy.heard.get()).isEqualTo(request);
            assertThat(socket.getInputStream().read()).isEqualTo('!');
        }
        byte[] address = hex("04 01 01bb 7f000001 00");
        try (Proxy proxy = new Proxy(address.length, hex("00 5a 0000 00000000"));
                Socket socket = new Socks4Client(proxy.port()).connect("127.0.0.1", 443, null, soon())) {
            assertThat(proxy.heard.get()).isEqualTo(address);
            assertThat(socket.isConnected()).isTrue();
        }
        try (Proxy proxy = new Proxy(address.length, hex("00 5b 0000 00000000"))) {
            assertThatThrownBy(() -> new Socks4Client(proxy.port()).connect("127.0.0.1", 443, null, soon()))
                    .isInstanceOf(IOException.class).hasMessage("the proxy says: reply 91");
        }
    }

    @Test
    void httpConnectSaysTheUserAndTakesNoByteOfTheStream() throws Exception {
        String request = "CONNECT www.a.test:80 HTTP/1.1\r\nHost: www.a.test:80\r\n"
                + "Proxy-Authorization: Basic Ym9iOng=\r\n\r\n";
        byte[] good = "HTTP/1.0 200 Connection established\r\nX: y\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        try (Proxy proxy = new Proxy(request.length(), good);
                Socket socket = new HttpTunnelClient(proxy.port()).connect("www.a.test", 80, "bob", soon())) {
            assertThat(new String(proxy.heard.get(), StandardCharsets.US_ASCII)).isEqualTo(request);
            assertThat(socket.getInputStream().read()).isEqualTo('!');
        }
        byte[] bad = "HTTP/1.1 503 no\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        try (Proxy proxy = new Proxy(10, bad)) {
            assertThatThrownBy(() -> new HttpTunnelClient(proxy.port()).connect("www.a.test", 80, null, soon()))
                    .isInstanceOf(IOException.class).hasMessage("the proxy says: HTTP/1.1 503 no");
        }
    }

    private static final byte[] QUESTION =
            hex("0001 0100 0001 0000 0000 0000 01610474657374 00 0001 0001".replace("016104", "0161 04"));

    private static byte[] answer(String flags, String counts, String record) {
        byte[] head = hex("0001" + flags + counts);
        byte[] tail = hex(record);
        byte[] out = Arrays.copyOf(head, QUESTION.length + tail.length);
        System.arraycopy(QUESTION, 12, out, 12, QUESTION.length - 12);
        System.arraycopy(tail, 0, out, QUESTION.length, tail.length);
        return out;
    }

    @Test
    void dnsAsksAndReadsTheAddress() throws Exception {
        byte[] answer = answer("8180", "0001 0001 0000 0000", "c00c 0001 0001 0000003c 0004 7f000001");
        try (DatagramSocket server = new DatagramSocket(0, LOOPBACK)) {
            CompletableFuture<byte[]> heard = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> {
                try {
                    DatagramPacket packet = new DatagramPacket(new byte[512], 512);
                    server.receive(packet);
                    heard.complete(Arrays.copyOf(packet.getData(), packet.getLength()));
                    server.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                } catch (IOException e) {
                    heard.completeExceptionally(e);
                }
            });
            assertThat(new DnsClient(server.getLocalPort()).lookUp("a.test", soon())).isEqualTo(hex("7f000001"));
            assertThat(heard.get()).isEqualTo(QUESTION);
            assertThatThrownBy(() ->
                    new DnsClient(server.getLocalPort()).lookUp("a.test", Deadline.in(Duration.ofMillis(50))))
                    .isInstanceOf(IOException.class).hasMessage("no answer in time");
        }
    }

    @Test
    void dnsRefusesWhatIsNoAnswer() {
        String record = "c00c 0001 0001 0000003c 0004 7f000001";
        assertThatThrownBy(() -> DnsClient.address(QUESTION, answer("8183", "0001 0000 0000 0000", "")))
                .isInstanceOf(IOException.class).hasMessage("the server says: code 3");
        assertThatThrownBy(() -> DnsClient.address(QUESTION, answer("8180", "0001 0000 0000 0000", "")))
                .hasMessage("the answer has no address");
        assertThatThrownBy(() -> DnsClient.address(QUESTION,
                answer("8180", "0001 0001 0000 0000", "c00c 001c 0001 0000003c 0004 7f000001")))
                .hasMessage("the answer has no address");
        assertThatThrownBy(() -> DnsClient.address(QUESTION, answer("0180", "0001 0001 0000 0000", record)))
                .hasMessage("the answer is to another question");
        byte[] other = answer("8180", "0001 0001 0000 0000", record);
        other[13] ^= 1;
        assertThatThrownBy(() -> DnsClient.address(QUESTION, other)).hasMessage("the answer is to another question");
    }
}
