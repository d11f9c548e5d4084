package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class HttpServerTest {
    private Monitor monitor;

    @BeforeEach
    void open() throws TorException {
        MonitorSettings standard = MonitorSettings.DEFAULT;
        monitor = Monitor.open(new MonitorSettings(
                standard.address(), standard.allowed(), List.of("cepa.internal"), false, false));
    }

    @AfterEach
    void close() {
        monitor.close();
    }

    private String exchange(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), monitor.address().getPort())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (SocketException e) {
            return ""; // closed before it was asked anything
        }
    }

    private String get(String path, String... headers) throws IOException {
        return exchange("GET " + path + " HTTP/1.1\r\n" + String.join("\r\n", headers) + "\r\n\r\n");
    }

    @Test
    void answersEveryPath() throws Exception {
        assertThat(get("/live", "Host: localhost")).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\nalive\n");
        assertThat(get("/ready", "Host: localhost")).startsWith("HTTP/1.1 503 ");
        assertThat(get("/health", "Host: localhost")).startsWith("HTTP/1.1 503 ").contains("\"status\":\"starting\"");
        assertThat(get("/metrics", "Host: localhost")).startsWith("HTTP/1.1 200 ").contains("cepa_build_info{");
        assertThat(get("/metrics", "Host: localhost", "Accept: application/openmetrics-text")).endsWith("# EOF\n");
        assertThat(get("/metrics/json", "Host: localhost"))
                .contains("\"cepa_build_info\":{\"type\":\"gauge\"", "\"labels\":{\"java\":");
        assertThat(get("/", "Host: localhost")).contains("text/html", "<title>Cepa</title>");
        assertThat(get("/page.js", "Host: localhost")).contains("text/javascript", "EventSource");
        assertThat(get("/page.css", "Host: localhost")).contains("text/css", "prefers-color-scheme: dark");
        assertThat(get("/icon.svg", "Host: localhost")).contains("image/svg+xml");
        assertThat(get("/nothing", "Host: localhost")).startsWith("HTTP/1.1 404 ");
    }

    @Test
    void keepsAConnectionForTheNextRequest() throws Exception {
        String one = "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n";
        assertThat(exchange(one + one).split("alive")).hasSize(3);
        assertThat(exchange("HEAD /live HTTP/1.1\r\nHost: localhost\r\n\r\n")).contains("Content-Length: 6").doesNotContain("alive");
    }

    @Test
    void letsNothingInFromElsewhere() throws Exception {
        String answer = get("/", "Host: localhost");
        assertThat(answer).contains("\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
                        + "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n")
                .contains("\r\nX-Content-Type-Options: nosniff\r\n", "\r\nX-Frame-Options: DENY\r\n",
                        "\r\nReferrer-Policy: no-referrer\r\n", "\r\nCross-Origin-Resource-Policy: same-origin\r\n",
                        "\r\nCross-Origin-Opener-Policy: same-origin\r\n", "\r\nCache-Control: no-store\r\n")
                .doesNotContain("Access-Control-Allow", "unsafe-inline", "http://", "https://");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "localhost:9035", "LOCALHOST", "[::1]:80", "10.1.2.3:9035", "cepa.internal:9035"})
    void isCalledByAddressOrAllowedName(String host) throws Exception {
        assertThat(get("/live", "Host: " + host)).startsWith("HTTP/1.1 200 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "1.2.3", "[evil]", "[::1].evil", ":80", "",
        "evil.example:9035", "0x7f.1", "1.2.3.4444", "a@127.0.0.1"
    })
    void refusesOtherNamesAsThoseOfDnsRebinding(String host) throws Exception {
        assertThat(get("/metrics", "Host: " + host)).startsWith("HTTP/1.1 421 ").doesNotContain("cepa_build_info");
    }

    @Test
    void refusesRequestsOfOtherSitesPages() throws Exception {
        assertThat(get("/metrics", "Host: localhost:1", "Origin: http://evil.example")).startsWith("HTTP/1.1 403 ");
        assertThat(get("/metrics", "Host: localhost:1", "Origin: null")).startsWith("HTTP/1.1 403 ");
        assertThat(get("/metrics", "Host: localhost:1", "Origin: http://localhost:1")).startsWith("HTTP/1.1 200 ");
        assertThat(get("/metrics", "Host: localhost", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"))
                .startsWith("HTTP/1.1 403 ");
        assertThat(get("/", "Host: localhost", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"))
                .startsWith("HTTP/1.1 200 ");
    }

    @Test
    void refusesWhatIsNotForReading() throws Exception {
        assertThat(exchange("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")).startsWith("HTTP/1.1 405 ");
        assertThat(exchange("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")).startsWith("HTTP/1.1 413 ");
        assertThat(exchange("GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"))
                .startsWith("HTTP/1.1 413 ");
        assertThat(get("/")).startsWith("HTTP/1.1 400 ");
        assertThat(get("/", "Host: localhost", "Host: localhost")).startsWith("HTTP/1.1 400 ");
        assertThat(exchange("nonsense\r\n\r\n")).startsWith("HTTP/1.1 400 ");
        assertThat(get("/", "Host: localhost", "X: " + "x".repeat(9000))).startsWith("HTTP/1.1 431 ");
    }

    @Test
    void tellsOthersNothing() throws Exception {
        try (Monitor closed = Monitor.open(new MonitorSettings(
                MonitorSettings.DEFAULT.address(), address -> false, List.of(), false, false));
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), closed.address().getPort())) {
            socket.setSoTimeout(60_000);
            int first;
            try {
                socket.getOutputStream().write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                first = socket.getInputStream().read();
            } catch (SocketException e) {
                first = -1;
            }
            assertThat(first).isEqualTo(-1);
        }
    }

    @Test
    void hasABoundOnConnections() throws Exception {
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i < 64; i++) {
                open.add(new Socket(InetAddress.getLoopbackAddress(), monitor.address().getPort()));
            }
            assertThat(get("/live", "Host: localhost")).isEmpty();
            open.get(0).close();
            long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (get("/live", "Host: localhost").isEmpty()) {
                assertThat(System.nanoTime()).isLessThan(end);
            }
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    @Test
    void saysThatAPortIsTaken() {
        InetSocketAddress taken = monitor.address();
        assertThatThrownBy(() -> Monitor.open(new MonitorSettings(taken, address -> true, List.of(), false, false)))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG))
                .hasMessageContaining("port " + taken.getPort());
    }

    private static MonitorSettings at(InetSocketAddress address, Predicate<InetAddress> allowed, String... names) {
        return new MonitorSettings(address, allowed, List.of(names), false, false);
    }

    private static String ask(Socket socket, String path) throws IOException {
        socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        StringBuilder answer = new StringBuilder();
        for (int c = socket.getInputStream().read(); c >= 0; c = socket.getInputStream().read()) {
            answer.append((char) c);
            if (answer.toString().endsWith("alive\n")) {
                break;
            }
        }
        return answer.toString();
    }

    @Test
    void takesOtherRulesWithoutClosingThePortOrWhoMayStay() throws Exception {
        InetSocketAddress address = MonitorSettings.DEFAULT.address();
        int port = monitor.address().getPort();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(60_000);
            assertThat(ask(socket, "/live")).startsWith("HTTP/1.1 200 ");
            assertThat(get("/live", "Host: other.internal")).startsWith("HTTP/1.1 421 ");
            monitor.reconfigure(at(address, InetAddress::isLoopbackAddress, "other.internal"));
            assertThat(monitor.address().getPort()).isEqualTo(port);
            assertThat(ask(socket, "/live")).startsWith("HTTP/1.1 200 ");
            assertThat(get("/live", "Host: other.internal")).startsWith("HTTP/1.1 200 ");
            monitor.reconfigure(at(address, from -> false));
            assertThat(socket.getInputStream().read()).isNegative();
            assertThat(get("/live", "Host: localhost")).isEmpty();
        }
    }

    @Test
    void movesAndStaysWhereItIsIfItCannot() throws Exception {
        int port = monitor.address().getPort();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            InetSocketAddress there = new InetSocketAddress(InetAddress.getLoopbackAddress(), taken.getLocalPort());
            assertThatThrownBy(() -> monitor.reconfigure(at(there, InetAddress::isLoopbackAddress)))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG));
            assertThat(monitor.address().getPort()).isEqualTo(port);
            assertThat(get("/live", "Host: cepa.internal")).startsWith("HTTP/1.1 200 ");
            taken.close();
            monitor.reconfigure(at(there, InetAddress::isLoopbackAddress));
            assertThat(monitor.address()).isEqualTo(there);
            assertThat(get("/live", "Host: localhost")).startsWith("HTTP/1.1 200 ");
            assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                    .isInstanceOf(IOException.class);
            // The same port of all addresses: the old one is in the way.
            InetSocketAddress everywhere = new InetSocketAddress(there.getPort());
            monitor.reconfigure(at(everywhere, InetAddress::isLoopbackAddress));
            assertThat(get("/live", "Host: localhost")).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void sendsThePageTheLastLinesOfTheLog() throws Exception {
        for (int i = 1; i <= 250; i++) {
            monitor.log(1000 + i, i % 2 == 0 ? "notice" : "warn", "line " + i + " \"quoted\"\n    <b>more</b>" + "x".repeat(2000));
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), monitor.address().getPort())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            String line = in.readLine();
            while (!line.equals("event: log")) {
                line = in.readLine();
            }
            String log = in.readLine();
            assertThat(log).contains("\"at\":1250,\"severity\":\"notice\",\"text\":\"line 250 \\\"quoted\\\"\\n")
                    .contains("line 51 ", "\"severity\":\"warn\"").doesNotContain("line 50 ");
            assertThat(log.length()).isLessThan(200 * 1200);
        }
    }
}
