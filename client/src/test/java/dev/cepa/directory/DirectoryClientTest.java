package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RsaId;
import dev.cepa.directory.Decompression.Encoding;
import dev.cepa.directory.DirectorySettings.Encodings;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryClientTest {
    private static final DirectoryRequest REQUEST = DirectoryRequest.get("/tor/x", 1000, false);
    private static final RsaId ID = RsaId.ofHex("00112233445566778899AABBCCDDEEFF00112233");

    private final DirectoryClient client = new DirectoryClient(Encodings.ALL);
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();

    @Test
    void asksForAConsensusAsTheSpecificationSays() throws Exception {
        List<DirectoryAuthority> authorities = List.of(
                DirectoryAuthority.parse("b v3ident=FF00000000000000000000000000000000000000 1.2.3.4:1 " + ID),
                DirectoryAuthority.parse("c 1.2.3.4:1 " + ID),
                DirectoryAuthority.parse("a v3ident=1234560000000000000000000000000000000000 1.2.3.4:1 " + ID));
        byte[] digest = new byte[32];
        Arrays.fill(digest, (byte) 0xab);
        ask("HTTP/1.0 304 Not modified\r\n\r\n",
                DirectoryRequest.consensus(authorities, Instant.parse("2026-11-24T04:03:00Z"), digest));
        assertThat(sent.toString(StandardCharsets.US_ASCII))
                .isEqualTo("GET /tor/status-vote/current/consensus-microdesc/123456+FF0000.z HTTP/1.0\r\n"
                        + "Accept-Encoding: x-tor-lzma, x-zstd, deflate, gzip, identity\r\n"
                        + "If-Modified-Since: Tue, 24 Nov 2026 04:03:00 GMT\r\n"
                        + "X-Or-Diff-From-Consensus: " + "AB".repeat(32) + "\r\n\r\n");
    }

    @Test
    void namesNoEncodingsWhereItIsAnonymous() throws Exception {
        ask("HTTP/1.0 200 OK\r\n\r\n", DirectoryRequest.get("/tor/hs/3/abc", 1000, true));
        assertThat(sent.toString(StandardCharsets.US_ASCII)).isEqualTo("GET /tor/hs/3/abc HTTP/1.0\r\n\r\n");
        byte[] lzma = answer("Content-Encoding: x-tor-lzma\r\n", new byte[10]);
        assertThatThrownBy(() -> ask(lzma, DirectoryRequest.get("/tor/hs/3/abc", 1000, true))).hasMessageContaining("anonymous");
    }

    @Test
    void postsABody() throws Exception {
        ask("HTTP/1.0 200 OK\r\n\r\n", DirectoryRequest.post("/tor/hs/3/publish", "hello".getBytes(StandardCharsets.US_ASCII)));
        assertThat(sent.toString(StandardCharsets.US_ASCII))
                .isEqualTo("POST /tor/hs/3/publish HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello");
    }

    @Test
    void asksForMicrodescriptorsByBase64AndForCertificatesByKeys() {
        byte[] digest = new byte[32];
        digest[0] = (byte) 0xfb;
        assertThat(DirectoryRequest.microdescs(List.of(new byte[32], digest)).path())
                .isEqualTo("/tor/micro/d/" + "A".repeat(43) + "-+w" + "A".repeat(41) + ".z");
        assertThat(DirectoryRequest.certificates(List.of(ID, ID), List.of(ID, ID)).path())
                .isEqualTo("/tor/keys/fp-sk/" + ID + "-" + ID + "+" + ID + "-" + ID + ".z");
    }

    @Test
    void readsABodyUpToItsLengthOrToTheEnd() throws Exception {
        assertThat(ask("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabcdef").readAll()).asString().isEqualTo("abc");
        assertThat(ask("HTTP/1.0 200 OK\n\nabcdef").readAll()).asString().isEqualTo("abcdef");
        assertThat(ask("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").readAll()).isEmpty();
    }

    @Test
    void readsACompressedBody() throws Exception {
        byte[] plain = DecompressionTest.sample(900);
        byte[] body = DecompressionTest.compress(Encoding.ZSTD, plain);
        assertThat(ask(answer("Content-ENCODING:  x-zstd \r\n", body), REQUEST).readAll()).isEqualTo(plain);
    }

    @Test
    void asksForNothingThatCostsMemoryUnlessToldAndRefusesIt() throws Exception {
        DirectoryClient light = new DirectoryClient(Encodings.LIGHT);
        byte[] plain = DecompressionTest.sample(900);
        byte[] deflated = answer("Content-Encoding: deflate\r\n", DecompressionTest.compress(Encoding.DEFLATE, plain));
        assertThat(light.ask(new ByteArrayInputStream(deflated), sent, REQUEST).readAll()).isEqualTo(plain);
        assertThat(sent.toString(StandardCharsets.US_ASCII)).contains("Accept-Encoding: deflate, gzip, identity\r\n");
        for (String heavy : List.of("x-zstd", "x-tor-lzma")) {
            byte[] answer = answer("Content-Encoding: " + heavy + "\r\n", new byte[10]);
            assertThatThrownBy(() -> light.ask(new ByteArrayInputStream(answer), sent, REQUEST))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessageContaining("not asked for");
        }
    }

    @Test
    void givesTheServersClock() throws Exception {
        DirectoryAnswer answer = ask("HTTP/1.0 200 OK\r\nDate: Tue, 24 Nov 2026 04:03:09 GMT\r\n\r\n");
        assertThat(answer.date()).isEqualTo(Instant.parse("2026-11-24T04:03:09Z"));
        assertThat(ask("HTTP/1.0 200 OK\r\nDate: yesterday\r\n\r\n").date()).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "304, NO_DIRECTORY, nothing newer", "404, NO_DIRECTORY, no such document", "503, RELAY_UNREACHABLE, busy",
        "400, PROTOCOL, 'refused: 400 Bad?luck'"
    })
    void otherStatusesAreErrorsInWords(int status, ErrorKind kind, String message) throws Exception {
        DirectoryAnswer answer = ask("HTTP/1.0 " + status + " Bad\tluck\r\n\r\n");
        assertThatThrownBy(answer::expectOk)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SSH-2.0-x\r\n\r\n", "HTTP/1.0\r\n\r\n", "HTTP/1.0 2x0 OK\r\n\r\n", "HTTP/1.0 2000 OK\r\n\r\n",
                "HTTP/1.0 099 OK\r\n\r\n", "HTTP/1.0 200 OK\r\n", "HTTP/1.0 200 OK\r\nDate: x", "HTTP/1.0 20",
                "HTTP/1.0 200 OK\r\nnonsense\r\n\r\n", "HTTP/1.0 200 OK\r\n: x\r\n\r\n",
                "HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: \r\n\r\n",
                "HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "HTTP/1.0 200 OK\r\nContent-Length: 1001\r\n\r\n",
                "HTTP/1.0 200 OK\r\nContent-Encoding: br\r\n\r\n",
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            })
    void refusesMalformedAnswers(String answer) {
        assertThatThrownBy(() -> ask(answer)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void refusesAHeadWithoutEnd() {
        assertThatThrownBy(() -> ask("HTTP/1.0 200 OK\r\n" + "X: y\r\n".repeat(2000))).hasMessageContaining("8192");
        assertThatThrownBy(() -> ask("HTTP/1.0 200 " + "y".repeat(10_000))).hasMessageContaining("8192");
    }

    @Test
    void noAnswerAtAllIsAnUnreachableRelay() {
        assertThatThrownBy(() -> ask(""))
                .isInstanceOfSatisfying(
                        TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.RELAY_UNREACHABLE));
    }

    @Test
    void refusesABodyThatIsCutShortOrTooLong() throws Exception {
        DirectoryAnswer cut = ask("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nabc");
        assertThatThrownBy(cut::readAll).isInstanceOf(ProtocolException.class).hasMessageContaining("3 of its 5");
        DirectoryAnswer large = ask("HTTP/1.0 200 OK\r\n\r\n" + "x".repeat(1001));
        assertThatThrownBy(large::readAll).isInstanceOf(ProtocolException.class);
    }

    @Test
    void writesAndReadsDates() {
        Instant instant = Instant.parse("1994-11-06T08:09:37Z");
        assertThat(DirectoryTime.format(instant)).isEqualTo("Sun, 06 Nov 1994 08:09:37 GMT");
        assertThat(DirectoryTime.parse("Sun, 06 Nov 1994 08:09:37 GMT")).isEqualTo(instant);
        assertThat(DirectoryTime.formatIso(instant)).isEqualTo("1994-11-06 08:09:37");
        assertThat(DirectoryTime.parse("Sun, 06 ovD 1994 08:09:37 GMT")).isNull();
        assertThat(DirectoryTime.parse("Sun, 31 Feb 1994 08:09:37 GMT")).isNull();
        assertThat(DirectoryTime.parse("Sun, 06 Nov 1994 0x:09:37 GMT")).isNull();
    }

    private DirectoryAnswer ask(String answer) throws IOException {
        return ask(answer, REQUEST);
    }

    private DirectoryAnswer ask(String answer, DirectoryRequest request) throws IOException {
        return ask(answer.getBytes(StandardCharsets.ISO_8859_1), request);
    }

    private DirectoryAnswer ask(byte[] answer, DirectoryRequest request) throws IOException {
        return client.ask(new ByteArrayInputStream(answer), sent, request);
    }

    private static byte[] answer(String headers, byte[] body) {
        byte[] head = ("HTTP/1.0 200 OK\r\n" + headers + "\r\n").getBytes(StandardCharsets.US_ASCII);
        byte[] answer = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, answer, head.length, body.length);
        return answer;
    }
}
