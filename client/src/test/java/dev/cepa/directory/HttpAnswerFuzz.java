package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.TorException;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

class HttpAnswerFuzz {
    private static final int LIMIT = 500;

    private final DirectoryClient client = new DirectoryClient(DirectorySettings.Encodings.ALL);

    @Property(tries = 500)
    void anyBytesGiveAnAnswerOrATorException(@ForAll @Size(max = 300) byte[] bytes) throws Exception {
        ask(bytes);
    }

    @Property(tries = 1000)
    void anyMixtureOfHttpGivesAnAnswerOrATorException(@ForAll("mixtures") String text) throws Exception {
        ask(("HTTP/1.0 " + text).getBytes(StandardCharsets.ISO_8859_1));
    }

    @Provide
    Arbitrary<String> mixtures() {
        return Arbitraries.of(
                        "200 OK", "200", " ", "\r\n", "\n", "\r\n\r\n", ":", "Content-Length: ", "7", "99999999999", "x",
                        "Content-Encoding: ", "deflate", "gzip", "x-zstd", "x-tor-lzma", "identity", "Date: ",
                        "Tue, 24 Nov 2026 04:03:09 GMT", "\0", "\u00ff", "x\u009c\u00ab")
                .list()
                .ofMaxSize(14)
                .map(parts -> String.join("", parts));
    }

    private void ask(byte[] bytes) throws Exception {
        try {
            DirectoryAnswer answer = client.ask(
                    new ByteArrayInputStream(bytes), OutputStream.nullOutputStream(), DirectoryRequest.get("/", LIMIT, false));
            assertThat(answer.status()).isBetween(100, 999);
            assertThat(answer.readAll()).hasSizeLessThanOrEqualTo(LIMIT);
        } catch (TorException e) {
            assertThat(e.getMessage()).isNotEmpty();
        }
    }
}
