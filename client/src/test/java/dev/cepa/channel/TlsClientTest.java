package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.ByteReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What our first TLS message says, read off the wire (RFC 8446 section 4.1.2). */
class TlsClientTest {
    private static final int SERVER_NAME = 0;
    private static final int ALPN = 16;
    private static final int PRE_SHARED_KEY = 41;
    private static final int SUPPORTED_VERSIONS = 43;
    private static final int KEY_SHARE = 51;
    private static final int SECP256R1 = 23;
    private static final int X25519 = 29;

    private final TlsClient client = new TlsClient(new SecureRandom());

    private record ClientHello(int sessionIdLength, List<Integer> cipherSuites, Map<Integer, byte[]> extensions) {}

    @Test
    void offersSuitesInFirefoxsOrder() throws Exception {
        // 00ff, at the end where the JDK adds it, says that renegotiation is secure.
        List<Integer> suites = new ArrayList<>(hello().cipherSuites);
        suites.remove(Integer.valueOf(0x00ff));
        assertThat(suites).containsExactly(
                0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc00a, 0xc009, 0xc013, 0xc014);
    }

    /** Relays before 0.4.8.17 know P-256 alone, newer ones prefer x25519. */
    @Test
    void sendsKeySharesForP256AndX25519() throws Exception {
        ByteReader in = new ByteReader(hello().extensions.get(KEY_SHARE));
        List<Integer> groups = new ArrayList<>();
        in.skip(2);
        while (in.remaining() > 0) {
            groups.add(in.u16());
            in.skip(in.u16());
        }
        assertThat(groups).containsExactly(X25519, SECP256R1);
    }

    @Test
    void offersTls13And12Only() throws Exception {
        assertThat(hello().extensions.get(SUPPORTED_VERSIONS)).isEqualTo(new byte[] {4, 3, 4, 3, 3});
    }

    @Test
    void namesAnotherServerEachTime() throws Exception {
        String first = serverName(hello());
        String second = serverName(hello());
        assertThat(first).matches("www\\.[a-z2-7]{4,25}\\.com").isNotEqualTo(second);
    }

    @Test
    void resumesNothingAndNegotiatesNoApplicationProtocol() throws Exception {
        hello();
        assertThat(hello().extensions).doesNotContainKeys(ALPN, PRE_SHARED_KEY);
    }

    private static String serverName(ClientHello hello) {
        byte[] name = hello.extensions.get(SERVER_NAME);
        return new String(name, 5, name.length - 5, StandardCharsets.US_ASCII);
    }

    private ClientHello hello() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket socket = new Socket(server.getInetAddress(), server.getLocalPort());
                Socket accepted = server.accept()) {
            Thread.ofVirtual().start(() -> {
                try {
                    client.handshake(socket);
                } catch (IOException e) {
                    // nobody answers
                }
            });
            return read(accepted);
        }
    }

    private static ClientHello read(Socket socket) throws IOException {
        DataInputStream stream = new DataInputStream(socket.getInputStream());
        stream.skipNBytes(3);
        byte[] record = new byte[stream.readUnsignedShort()];
        stream.readFully(record);
        ByteReader in = new ByteReader(record);
        in.skip(4 + 2 + 32);
        int sessionId = in.u8();
        in.skip(sessionId);
        ByteReader suites = in.slice(in.u16());
        List<Integer> cipherSuites = new ArrayList<>();
        while (suites.remaining() > 0) {
            cipherSuites.add(suites.u16());
        }
        in.skip(in.u8());
        ByteReader extensions = in.slice(in.u16());
        Map<Integer, byte[]> found = new HashMap<>();
        while (extensions.remaining() > 0) {
            int type = extensions.u16();
            found.put(type, extensions.bytes(extensions.u16()));
        }
        return new ClientHello(sessionId, cipherSuites, found);
    }
}
