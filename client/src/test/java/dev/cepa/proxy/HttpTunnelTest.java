package dev.cepa.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.EndReason;
import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.pool.StreamRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An HTTP tunnel port whose streams are sockets to a server in this test. */
@Timeout(60)
class HttpTunnelTest {
    private PlainOpener opener;
    private Listener listener;

    @BeforeEach
    void begin() throws IOException {
        opener = new PlainOpener();
        open(PortSettings.DEFAULT);
    }

    private void open(PortSettings settings) throws TorException {
        if (listener != null) {
            listener.close();
        }
        listener = ListenerKind.HTTP_TUNNEL.open(
                new InetSocketAddress(PlainOpener.LOOPBACK, 0), settings, opener.programs(), new TorEvents());
    }

    @AfterEach
    void end() throws IOException {
        listener.close();
        opener.close();
    }

    private Socket dial(String text) throws IOException {
        Socket socket = new Socket(PlainOpener.LOOPBACK, ((InetSocketAddress) listener.address()).getPort());
        socket.setSoTimeout(20_000);
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        return socket;
    }

    private String answer(String text) throws IOException {
        try (Socket socket = dial(text)) {
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static String head(Socket socket) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b = socket.getInputStream().read();
            assertThat(b).isNotNegative();
            head.append((char) b);
        }
        return head.toString();
    }

    @Test
    void opensTunnelsAndSendsWhatCameEarly() throws Exception {
        try (Socket program = dial("CONNECT echo.example:443 HTTP/1.1\r\nHost: echo.example:443\r\n\r\nearly")) {
            assertThat(head(program)).startsWith("HTTP/1.1 200 OK\r\n").contains("Via: tor/1.0 ", "Tor-Capabilities: ");
            program.getOutputStream().write(" late".getBytes(StandardCharsets.US_ASCII));
            assertThat(program.getInputStream().readNBytes(10)).asString(StandardCharsets.US_ASCII).isEqualTo("early late");
        }
        StreamRequest request = opener.requests.take();
        assertThat(request.host() + request.port()).isEqualTo("echo.example443");
        assertThat(request.isolation().user()).isEmpty();
    }

    @Test
    void answersByTheVersionItIsAskedIn() throws Exception {
        try (Socket program = dial("CONNECT [2001:db8::1]:443 HTTP/1.0\n\n")) {
            assertThat(head(program)).startsWith("HTTP/1.0 200 OK\r\n");
        }
        assertThat(opener.requests.take().host()).isEqualTo("2001:db8::1");
    }

    private StreamRequest requestWith(String header) throws Exception {
        try (Socket program = dial("CONNECT echo.example:443 HTTP/1.1\r\n" + header + "\r\n\r\n")) {
            assertThat(head(program)).contains(" 200 ");
        }
        return opener.requests.take();
    }

    @Test
    void isolatesByProxyAuthorisationAndHeaders() throws Exception {
        String basic = "proxy-authorization:  basic "
                + Base64.getEncoder().encodeToString("tor:secret:x".getBytes(StandardCharsets.US_ASCII));
        StreamRequest one = requestWith(basic);
        assertThat(one.isolation().user()).isEqualTo("tor");
        assertThat(one.isolation().password()).isEqualTo("secret:x");
        assertThat(requestWith(basic).isolation()).isEqualTo(one.isolation());
        assertThat(requestWith("Proxy-Authorization: Bearer abc").isolation().user()).isEqualTo("Bearer abc");
        StreamRequest a = requestWith("Tor-Stream-Isolation: a");
        assertThat(requestWith("X-Tor-Stream-Isolation: a").isolation()).isNotEqualTo(a.isolation());
        assertThat(requestWith("Tor-Stream-Isolation: b").isolation()).isNotEqualTo(a.isolation());
        assertThat(requestWith("Tor-Stream-Isolation: a").isolation()).isEqualTo(a.isolation());
    }

    @ParameterizedTest
    @CsvSource({"ipv4-only, 0", "IPv6-Only, 3", "ipv4-preferred, 1", "ipv6-preferred, 5"})
    void prefersTheFamilyThatIsAskedFor(String value, int flags) throws Exception {
        assertThat(Begin.IPV6_OK | Begin.IPV4_NOT_OK | Begin.IPV6_PREFERRED).isEqualTo(7);
        assertThat(requestWith("Tor-Family-Preference: " + value).beginFlags()).isEqualTo(flags);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "CONNECT echo.example HTTP/1.1 | 400",
        "CONNECT echo.example:0 HTTP/1.1 | 400",
        "CONNECT echo.example:65536 HTTP/1.1 | 400",
        "CONNECT echo example:80 HTTP/1.1 | 400",
        "CONNECT a:b:80 HTTP/1.1 | 400",
        "CONNECT http://echo.example:80/ HTTP/1.1 | 400",
        "CONNECT echo.exit:80 HTTP/1.1 | 400",
        "CONNECT echo.example:80 HTTP/1.1;Tor-RPC-Target: 1 | 501",
        "CONNECT echo.example:80 HTTP/1.1;Tor-Family-Preference: ipv5 | 400",
        "GET / HTTP/1.1;Host: localhost:8118 | 405",
        "GET / HTTP/1.1;Host: [::1]:8118 | 405",
        "POST / HTTP/1.1;Host: 127.0.0.1 | 405",
        "OPTIONS * HTTP/1.1;Host: localhost | 200",
    })
    void saysClearlyWhatItDoesNotDo(String request, int status) throws Exception {
        assertThat(answer(request.replace(";", "\r\n") + "\r\n\r\n")).startsWith("HTTP/1.1 " + status + " ")
                .contains("\r\nConnection: close\r\n");
        assertThat(opener.requests).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "GET http://evil.example/ HTTP/1.1\r\n\r\n", "\r\n\r\n", "GET\r\n\r\n",
        "CONNECT a:1\r\n\r\n", "CONNECT a:1 HTTP/2.0\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nno colon\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\n: x\r\n\r\n", "\5\1\0", "\4\1\0P\1\2\3\4\0", "\26\3\1\0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nA: \0\r\n\r\n",
    })
    void tellsNothingToWhoeverIsNoProgramThatUsesAProxy(String text) throws Exception {
        assertThat(answer(text)).isEmpty();
        assertThat(opener.requests).isEmpty();
    }

    @Test
    void boundsWhatItReadsAndHowLongItWaits() throws Exception {
        assertThat(answer("CONNECT a:1 HTTP/1.1\r\nA: " + "x".repeat(9000))).isEmpty();
        open(PortSettings.builder().timeout(Duration.ofMillis(100)).build());
        assertThat(answer("CONNECT a:1 HTTP/1.1\r\n")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "RESOLVEFAILED, 503", "CONNECTREFUSED, 403", "EXITPOLICY, 403", "TIMEOUT, 504", "DESTROY, 502", "MISC, 500", "DONE, 502",
        "NOROUTE, 503", "CONNRESET, 403", "TORPROTOCOL, 502",
    })
    void tellsTheExitsReasonInCTorsWords(EndReason reason, int status) throws Exception {
        opener.failure = new StreamException(reason.kind(), reason.code(), "test");
        assertThat(answer("CONNECT echo.example:80 HTTP/1.0\r\n\r\n"))
                .startsWith("HTTP/1.0 " + status + " ")
                .contains("\r\nTor-Request-Failed: end/" + reason + "\r\n");
    }

    @Test
    void tellsWhatWentWrongOnThisSide() throws Exception {
        opener.failure = new TorException(ErrorKind.NETWORK_DOWN, "test");
        assertThat(answer("CONNECT echo.example:80 HTTP/1.1\r\n\r\n"))
                .startsWith("HTTP/1.1 503 ").contains("Tor-Request-Failed: cepa/NETWORK_DOWN\r\n");
        opener.failure = new OnionServiceException(OnionServiceException.Reason.CLIENT_AUTH_MISSING, "test");
        assertThat(answer("CONNECT echo.onion:80 HTTP/1.1\r\n\r\n"))
                .startsWith("HTTP/1.1 403 ").contains("Tor-Request-Failed: cepa/CLIENT_AUTH_MISSING\r\n");
        open(PortSettings.builder().onions(true, false).build());
        assertThat(answer("CONNECT echo.example:80 HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 403 Forbidden (entry policy");
    }
}
