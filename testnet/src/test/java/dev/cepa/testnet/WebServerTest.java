package dev.cepa.testnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WebServerTest {
    private final WebServer server;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    WebServerTest() throws IOException {
        server = WebServer.start();
    }

    @AfterEach
    void close() {
        http.close();
        server.close();
    }

    @Test
    void sendsTheBytesWhoseDigestItNames() throws Exception {
        byte[] body = http.send(get("/bytes/3000000?seed=7"), BodyHandlers.ofByteArray()).body();

        assertThat(body).hasSize(3_000_000);
        String digest = HexFormat.of().formatHex(Content.sha256().digest(body));
        assertThat(text(get("/sha256/3000000?seed=7")).strip()).isEqualTo(digest);
        assertThat(server.content(7).sha256(3_000_000)).isEqualTo(digest);
        assertThat(server.content(8).sha256(3_000_000)).isNotEqualTo(digest);
    }

    @Test
    void eachOfManySeedsHasContentOfItsOwnAndCostsNoMemory() throws Exception {
        List<Content> kept = new ArrayList<>();
        Set<String> digests = new HashSet<>();
        // A block each would be a gigabyte.
        for (int seed = 0; seed < 1000; seed++) {
            Content content = server.content(seed);
            kept.add(content);
            digests.add(content.sha256(64));
        }
        assertThat(digests).hasSize(kept.size());

        Content last = kept.getLast();
        int length = 2 * Content.BLOCK + 7;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        last.writeTo(bytes, length);
        byte[] sent = bytes.toByteArray();
        assertThat(sent).hasSize(length);
        for (int at = 0; at < length; at += 997) {
            assertThat(sent[at]).isEqualTo(last.at(at));
        }
        assertThat(HexFormat.of().formatHex(Content.sha256().digest(sent))).isEqualTo(last.sha256(length));
    }

    @Test
    void keepsConnectionsOpenBetweenRequests() throws Exception {
        text(get("/"));
        text(get("/"));
        text(get("/bytes/10"));

        assertThat(server.connections()).isEqualTo(1);
    }

    @Test
    void sendsChunksAsItSendsBytes() throws Exception {
        byte[] chunks = http.send(get("/chunked/100000"), BodyHandlers.ofByteArray()).body();

        assertThat(chunks).isEqualTo(http.send(get("/bytes/100000"), BodyHandlers.ofByteArray()).body());
    }

    @Test
    void echoesAndDigestsBodiesOfKnownAndUnknownLength() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        server.content(3).writeTo(bytes, 200_000);
        byte[] body = bytes.toByteArray();

        for (HttpRequest.BodyPublisher publisher : new HttpRequest.BodyPublisher[] {
            BodyPublishers.ofByteArray(body), BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))
        }) {
            assertThat(http.send(post("/echo", publisher), BodyHandlers.ofByteArray()).body()).isEqualTo(body);
            assertThat(text(post("/upload", publisher)))
                    .isEqualTo(server.content(3).sha256(200_000) + " 200000\n");
        }
    }

    @Test
    void answersExpectationsBeforeTheBody() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri("/upload")).expectContinue(true)
                .POST(BodyPublishers.ofString("abc")).build();

        assertThat(text(request)).isEqualTo(
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3\n");
    }

    @Test
    void closesWithoutAnswerOrMidwayWhenAsked() {
        assertThatThrownBy(() -> text(get("/close"))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> text(get("/short/1000"))).isInstanceOf(IOException.class);
    }

    @Test
    void answersErrorsWithTheirStatus() throws Exception {
        assertThat(send(get("/nowhere")).statusCode()).isEqualTo(404);
        assertThat(send(get("/status/503")).statusCode()).isEqualTo(503);
        assertThat(send(get("/bytes/many")).statusCode()).isEqualTo(400);
    }

    @Test
    void echoesRawBytesUntilTheSenderCloses() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.echoPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();

            assertThat(socket.getInputStream().readAllBytes()).asString(StandardCharsets.US_ASCII).isEqualTo("hello");
        }
    }

    @Test
    void closesRawConnectionsAtTheClosingPort() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.closingPort())) {
            socket.setSoTimeout(10_000);

            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        return http.send(request, BodyHandlers.ofString());
    }

    private String text(HttpRequest request) throws IOException, InterruptedException {
        return send(request).body();
    }

    private HttpRequest get(String path) {
        return HttpRequest.newBuilder(uri(path)).GET().build();
    }

    private HttpRequest post(String path, HttpRequest.BodyPublisher body) {
        return HttpRequest.newBuilder(uri(path)).POST(body).build();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }
}
