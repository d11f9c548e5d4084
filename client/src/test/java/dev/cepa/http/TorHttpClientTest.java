package dev.cepa.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** HTTP over sockets that lead straight to a server here; what Tor adds is proved elsewhere. */
class TorHttpClientTest {
    private final AtomicInteger opened = new AtomicInteger();
    private HttpServer server;
    private int port;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", TorHttpClientTest::handle);
        server.start();
        port = server.getAddress().getPort();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private TorHttpClientBuilder client() {
        return new TorHttpClientBuilder((host, p, deadline) -> {
            assertThat(host).isEqualTo("page.test");
            opened.incrementAndGet();
            return new Socket(InetAddress.getLoopbackAddress(), p);
        });
    }

    private URI uri(String path) {
        return URI.create("http://page.test:" + port + path);
    }

    private static void handle(HttpExchange exchange) throws IOException {
        byte[] sent = exchange.getRequestBody().readAllBytes();
        String path = exchange.getRequestURI().getPath();
        switch (path) {
            case "/echo" -> reply(exchange, 200, sent);
            case "/chunked" -> {
                exchange.sendResponseHeaders(200, 0);
                for (int i = 0; i < 100; i++) {
                    exchange.getResponseBody().write(("line " + i + "\n").getBytes(UTF_8));
                    exchange.getResponseBody().flush();
                }
                exchange.close();
            }
            case "/headers" -> {
                StringBuilder names = new StringBuilder();
                exchange.getRequestHeaders().keySet().stream().sorted().forEach(n -> names.append(n).append(' '));
                reply(exchange, 200, names.toString().getBytes(UTF_8));
            }
            case "/moved" -> {
                exchange.getResponseHeaders().add("Location", "/chunked");
                reply(exchange, 302, new byte[0]);
            }
            case "/loop" -> {
                exchange.getResponseHeaders().add("Location", "/loop");
                reply(exchange, 302, new byte[0]);
            }
            default -> reply(exchange, 404, "nothing here".getBytes(UTF_8));
        }
    }

    private static void reply(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Test
    void readsBodiesOfKnownLengthAndReusesTheConnection() throws Exception {
        try (TorHttpClient client = client().build()) {
            byte[] data = new byte[300_000];
            Arrays.fill(data, (byte) 7);
            for (int i = 0; i < 3; i++) {
                HttpResponse<byte[]> response = client.send(
                        HttpRequest.newBuilder(uri("/echo")).POST(BodyPublishers.ofByteArray(data)).build(),
                        BodyHandlers.ofByteArray());
                assertThat(response.statusCode()).isEqualTo(200);
                assertThat(response.body()).isEqualTo(data);
            }
            assertThat(opened).hasValue(1);
        }
    }

    @Test
    void sendsBodiesOfUnknownLengthInChunks() throws Exception {
        byte[] data = "many words ".repeat(10_000).getBytes(UTF_8);
        HttpRequest request = HttpRequest.newBuilder(uri("/echo"))
                .POST(BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(data)))
                .build();
        assertThat(client().build().send(request, BodyHandlers.ofByteArray()).body()).isEqualTo(data);
    }

    @Test
    void readsChunkedBodiesAsAStream() throws Exception {
        HttpResponse<InputStream> response =
                client().build().send(HttpRequest.newBuilder(uri("/chunked")).build(), BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
            assertThat(new String(body.readAllBytes(), UTF_8)).startsWith("line 0\n").endsWith("line 99\n");
        }
    }

    @Test
    void sendsNoHeaderThatWasNotAskedForButHost() throws Exception {
        HttpResponse<String> response =
                client().build().send(HttpRequest.newBuilder(uri("/headers")).build(), BodyHandlers.ofString());
        assertThat(response.body()).isEqualTo("Host ");
    }

    @Test
    void followsRedirectsOnlyWhenAskedTo() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri("/moved")).build();
        assertThat(client().build().send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(302);
        HttpResponse<String> followed =
                client().followRedirects(Redirect.NORMAL).build().send(request, BodyHandlers.ofString());
        assertThat(followed.statusCode()).isEqualTo(200);
        assertThat(followed.previousResponse()).isPresent();
        assertThatThrownBy(() -> client()
                        .followRedirects(Redirect.NORMAL)
                        .build()
                        .send(HttpRequest.newBuilder(uri("/loop")).build(), BodyHandlers.ofString()))
                .hasMessageContaining("redirects");
    }

    @Test
    void answersManyAsynchronousRequests() {
        try (TorHttpClient client = client().build()) {
            List<CompletableFuture<String>> all = java.util.stream.IntStream.range(0, 50)
                    .mapToObj(i -> client.sendAsync(
                                    HttpRequest.newBuilder(uri("/echo"))
                                            .POST(BodyPublishers.ofString("n" + i))
                                            .build(),
                                    BodyHandlers.ofString())
                            .thenApply(HttpResponse::body))
                    .toList();
            for (int i = 0; i < all.size(); i++) {
                assertThat(all.get(i).join()).isEqualTo("n" + i);
            }
        }
    }

    @Test
    void givesUpWhenTheServerDoesNotAnswerInTime() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://page.test:" + silent.getLocalPort() + "/"))
                    .timeout(Duration.ofMillis(100))
                    .build();
            assertThatThrownBy(() -> client().build().send(request, BodyHandlers.ofString()))
                    .isInstanceOf(HttpTimeoutException.class);
        }
    }

    @Test
    void refusesAnswersThatAreNotHttp() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> {
                try (Socket s = other.accept()) {
                    s.getOutputStream().write("SSH-2.0-OpenSSH_9.2\r\n".getBytes(UTF_8));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://page.test:" + other.getLocalPort() + "/"))
                    .build();
            assertThatThrownBy(() -> client().build().send(request, BodyHandlers.ofString()))
                    .hasMessageContaining("not HTTP");
        }
    }

    @Test
    void takesNoProxy() {
        assertThatThrownBy(() -> client().proxy(ProxySelector.getDefault()))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void checksTheServersCertificateAndName(@TempDir Path dir) throws Exception {
        SSLContext context = certificateFor("page.test", dir.resolve("keys.p12"));
        HttpsServer tls = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        tls.setHttpsConfigurator(new HttpsConfigurator(context));
        tls.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        tls.createContext("/", TorHttpClientTest::handle);
        tls.start();
        try {
            HttpRequest good = HttpRequest.newBuilder(
                            URI.create("https://page.test:" + tls.getAddress().getPort() + "/echo"))
                    .POST(BodyPublishers.ofString("secret"))
                    .build();
            HttpResponse<String> response =
                    client().sslContext(context).build().send(good, BodyHandlers.ofString());
            assertThat(response.body()).isEqualTo("secret");
            assertThat(response.sslSession()).isPresent();
            assertThatThrownBy(() -> client().build().send(good, BodyHandlers.ofString()))
                    .isInstanceOf(SSLHandshakeException.class);
            TorHttpClient any = new TorHttpClientBuilder(
                            (host, p, deadline) -> new Socket(InetAddress.getLoopbackAddress(), p))
                    .sslContext(context)
                    .build();
            HttpRequest otherName = HttpRequest.newBuilder(
                            URI.create("https://other.test:" + tls.getAddress().getPort() + "/"))
                    .build();
            assertThatThrownBy(() -> any.send(otherName, BodyHandlers.ofString()))
                    .isInstanceOf(SSLHandshakeException.class);
        } finally {
            tls.stop(0);
        }
    }

    /** A context that has, and trusts, a self-signed certificate made by the JDK's keytool. */
    private static SSLContext certificateFor(String host, Path store) throws Exception {
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                        "-genkeypair", "-alias", "server", "-keyalg", "EC", "-dname", "CN=" + host,
                        "-ext", "san=dns:" + host, "-storetype", "PKCS12", "-keystore", store.toString(),
                        "-storepass", "password")
                .redirectErrorStream(true)
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, "password".toCharArray());
        }
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("server", keys.getCertificate("server"));
        KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("PKIX");
        keyManagers.init(keys, "password".toCharArray());
        TrustManagerFactory trustManagers = TrustManagerFactory.getInstance("PKIX");
        trustManagers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
        return context;
    }
}
