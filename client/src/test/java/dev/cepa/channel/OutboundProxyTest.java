package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.channel.OutboundProxy.Kind;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.testrelay.TestRelay;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Links by way of a proxy: to a relay whose address nobody but the proxy can connect to. */
class OutboundProxyTest {
    private static final String NOWHERE = "192.0.2.77";
    private static final int PORT = 9001;

    private final ChannelManager manager = new ChannelManager(
            new ChannelSettings(Duration.ofSeconds(10), Duration.ofMinutes(1), 4), new TorEvents());
    private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
    private TestRelay relay;
    private ServerSocket server;
    /** Each answer of the proxy's, after what it waits for; null ends the connection. */
    private volatile byte[] lastAnswer = {};

    @BeforeEach
    void start() throws Exception {
        relay = TestRelay.start();
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws Exception {
        manager.close();
        server.close();
        relay.close();
    }

    private InetSocketAddress proxy() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    private Channel open(String address) throws Exception {
        return manager.get(
                new ChannelTarget(
                        relay.keys().rsaId(), relay.keys().ed25519Id(),
                        List.of(new InetSocketAddress(InetAddress.getByName(address), PORT))),
                Deadline.in(Duration.ofSeconds(20)));
    }

    /** Serves one connection as a proxy would that leads everything to the relay. */
    private void serve(Conversation conversation) {
        Thread.ofVirtual().start(() -> {
            try (Socket client = server.accept()) {
                conversation.hold(client.getInputStream(), client.getOutputStream());
                try (Socket far = new Socket()) {
                    far.connect(relay.address());
                    Thread back = Thread.ofVirtual().start(() -> copy(far, client));
                    copy(client, far);
                    back.join();
                }
            } catch (IOException | InterruptedException e) {
                requests.add("failed: " + e);
            }
        });
    }

    private interface Conversation {
        void hold(InputStream in, OutputStream out) throws IOException;
    }

    private static void copy(Socket from, Socket to) {
        try (from; to) {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // The other direction has ended.
        }
    }

    private void took(byte[] bytes) {
        StringBuilder hex = new StringBuilder();
        for (byte b : bytes) {
            hex.append(String.format("%02x", b));
        }
        requests.add(hex.toString());
    }

    private String request() throws InterruptedException {
        String request = requests.poll(10, TimeUnit.SECONDS);
        assertThat(request).as("a request to the proxy").isNotNull();
        return request;
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                break;
            }
            head.write(b);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    @Test
    void reachesARelayBySocks4() throws Exception {
        serve((in, out) -> {
            took(in.readNBytes(9));
            out.write(new byte[] {0, 0x5a, 0, 0, 0, 0, 0, 0});
        });
        manager.setProxy(new OutboundProxy(Kind.SOCKS4, proxy(), "", ""));
        assertThat(open(NOWHERE).isOpen()).isTrue();
        assertThat(request()).isEqualTo("04012329c000024d00");
    }

    @ParameterizedTest
    @CsvSource({"192.0.2.77, 01c000024d2329", "2001:db8::1, 0420010db80000000000000000000000012329"})
    void reachesARelayBySocks5(String address, String expected) throws Exception {
        serve((in, out) -> {
            took(in.readNBytes(3));
            out.write(new byte[] {5, 0});
            took(in.readNBytes(3 + expected.length() / 2));
            out.write(new byte[] {5, 0, 0, 3, 2, 'x', 'y', 0, 80});
        });
        manager.setProxy(new OutboundProxy(Kind.SOCKS5, proxy(), "", ""));
        assertThat(open(address).isOpen()).isTrue();
        assertThat(request()).isEqualTo("050100");
        assertThat(request()).isEqualTo("050100" + expected);
    }

    @Test
    void givesAUserNameToSocks5() throws Exception {
        serve((in, out) -> {
            took(in.readNBytes(4));
            out.write(new byte[] {5, 2});
            took(in.readNBytes(8));
            out.write(new byte[] {1, 0});
            in.readNBytes(10);
            out.write(new byte[] {5, 0, 0, 1, 0, 0, 0, 0, 0, 0});
        });
        manager.setProxy(new OutboundProxy(Kind.SOCKS5, proxy(), "me", "pwd"));
        assertThat(open(NOWHERE).isOpen()).isTrue();
        assertThat(request()).isEqualTo("05020002");
        assertThat(request()).isEqualTo("01026d6503707764");
    }

    @ParameterizedTest
    @CsvSource({"'', ''", "me, 'Proxy-Authorization: Basic bWU6cHdk\r\n'"})
    void reachesARelayByHttp(String user, String header) throws Exception {
        serve((in, out) -> {
            requests.add(head(in));
            out.write("HTTP/1.0 200 Connection established\r\nX: y\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
        });
        manager.setProxy(new OutboundProxy(Kind.HTTP_CONNECT, proxy(), user, user.isEmpty() ? "" : "pwd"));
        assertThat(open(NOWHERE).isOpen()).isTrue();
        assertThat(request()).startsWith("CONNECT 192.0.2.77:9001 HTTP/1.1\r\n").contains(header.replace("\\r\\n", "\r\n"));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void saysWhyNotAndConnectsNowhereElse(Kind kind) throws Exception {
        lastAnswer = switch (kind) {
            case SOCKS4 -> new byte[] {0, 0x5b, 0, 0, 0, 0, 0, 0};
            case SOCKS5 -> new byte[] {5, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0};
            case HTTP_CONNECT -> "HTTP/1.1 403 Forbidden\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
        };
        serve((in, out) -> out.write(lastAnswer));
        manager.setProxy(new OutboundProxy(kind, proxy(), "", ""));
        // The relay could be connected to directly, and is not.
        ChannelTarget near = new ChannelTarget(relay.keys().rsaId(), relay.keys().ed25519Id(), List.of(relay.address()));
        assertThatThrownBy(() -> manager.get(near, Deadline.in(Duration.ofSeconds(20))))
                .isInstanceOf(TorException.class)
                .hasMessageContaining("by way of the " + kind + " proxy at 127.0.0.1:")
                .hasMessageContaining("has not connected");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void withoutTheProxyThereIsNoConnection(Kind kind) throws Exception {
        InetSocketAddress gone = proxy();
        server.close();
        manager.setProxy(new OutboundProxy(kind, gone, "", ""));
        ChannelTarget near = new ChannelTarget(relay.keys().rsaId(), relay.keys().ed25519Id(), List.of(relay.address()));
        assertThatThrownBy(() -> manager.get(near, Deadline.in(Duration.ofSeconds(20))))
                .isInstanceOf(TorException.class).hasMessageContaining("proxy at 127.0.0.1:");
    }

    @Test
    void saysNoPasswords() throws Exception {
        OutboundProxy secret = new OutboundProxy(Kind.SOCKS5, proxy(), "me", "pwd");
        assertThat(secret.toString()).doesNotContain("me,").doesNotContain("pwd");
        assertThatThrownBy(() -> new OutboundProxy(Kind.SOCKS5, proxy(), "x".repeat(256), "")).hasMessageNotContaining("xx");
    }
}
