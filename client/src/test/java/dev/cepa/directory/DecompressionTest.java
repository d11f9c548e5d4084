package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.directory.Decompression.Encoding;
import dev.cepa.directory.DirectorySettings.Encodings;
import dev.cepa.error.ProtocolException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;

class DecompressionTest {
    private static final long LIMIT = 64L << 20;

    private final Decompression decompression = new Decompression(Encodings.ALL);

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void givesBackWhatWasCompressed(Encoding encoding) throws Exception {
        byte[] plain = sample(300_000);
        assertThat(decompress(encoding, compress(encoding, plain), LIMIT)).isEqualTo(plain);
    }

    @ParameterizedTest
    @EnumSource(
            value = Encoding.class,
            names = {"DEFLATE", "GZIP", "ZSTD"})
    void joinedStreamsAreOneDocument(Encoding encoding) throws Exception {
        byte[] half = compress(encoding, sample(20_000));
        byte[] joined = Arrays.copyOf(half, 2 * half.length);
        System.arraycopy(half, 0, joined, half.length, half.length);
        assertThat(decompress(encoding, joined, LIMIT)).hasSize(40_000);
    }

    @ParameterizedTest
    @EnumSource(
            value = Encoding.class,
            names = {"DEFLATE", "GZIP", "ZSTD", "LZMA"})
    void anythingCutShortIsAnErrorAndEnds(Encoding encoding) throws Exception {
        byte[] whole = compress(encoding, sample(5_000));
        for (int length = 0; length < whole.length; length += length < 64 ? 1 : 97) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> decompress(encoding, cut, LIMIT))
                    .as("%d of %d bytes", length, whole.length)
                    .isInstanceOf(ProtocolException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Encoding.class,
            names = {"DEFLATE", "GZIP", "ZSTD", "LZMA"})
    void refusesABomb(Encoding encoding) throws Exception {
        byte[] bomb = compress(encoding, new byte[16 << 20]);
        assertThatThrownBy(() -> decompress(encoding, bomb, LIMIT))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("swells");
    }

    @Test
    void refusesABombMadeOfManySmallStreams() throws Exception {
        // Each of them alone would pass: they give less than what may come out before the ratio matters.
        byte[] one = compress(Encoding.DEFLATE, new byte[4 << 20]);
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (int i = 0; i < 4; i++) {
            joined.write(one);
        }
        assertThatThrownBy(() -> decompress(Encoding.DEFLATE, joined.toByteArray(), LIMIT)).hasMessageContaining("swells");
    }

    @Test
    void smallDocumentsMayCompressWell() throws Exception {
        assertThat(decompress(Encoding.DEFLATE, compress(Encoding.DEFLATE, new byte[1 << 20]), LIMIT)).hasSize(1 << 20);
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void refusesMoreThanTheRequestAllows(Encoding encoding) throws Exception {
        byte[] plain = sample(100_000);
        byte[] compressed = compress(encoding, plain);
        assertThat(decompress(encoding, compressed, 100_000)).hasSize(100_000);
        assertThatThrownBy(() -> decompress(encoding, compressed, 99_999)).hasMessageContaining("larger than 99999 bytes");
    }

    @ParameterizedTest
    @EnumSource(
            value = Encoding.class,
            names = {"DEFLATE", "GZIP", "ZSTD", "LZMA"})
    void refusesGarbageBehindTheEnd(Encoding encoding) throws Exception {
        byte[] whole = compress(encoding, sample(500));
        byte[] more = Arrays.copyOf(whole, whole.length + 20);
        Arrays.fill(more, whole.length, more.length, (byte) 'x');
        assertThatThrownBy(() -> decompress(encoding, more, LIMIT)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void refusesAWrongGzipChecksum() throws Exception {
        byte[] gzip = compress(Encoding.GZIP, sample(500));
        gzip[gzip.length - 6] ^= 1;
        assertThatThrownBy(() -> decompress(Encoding.GZIP, gzip, LIMIT)).hasMessageContaining("checksum");
    }

    @Test
    void readsGzipWithANameAndAComment() throws Exception {
        byte[] gzip = compress(Encoding.GZIP, sample(500));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        gzip[3] = 4 | 8 | 16 | 2;
        out.write(gzip, 0, 10);
        out.write(new byte[] {3, 0, 1, 2, 3, 'n', 0, 'c', 'c', 0, 7, 7});
        out.write(gzip, 10, gzip.length - 10);
        assertThat(decompress(Encoding.GZIP, out.toByteArray(), LIMIT)).isEqualTo(sample(500));
    }

    @Test
    void refusesALzmaStreamThatWantsTooMuchMemory() {
        // Properties 3/0/2, a dictionary of 256 MiB, unknown size.
        byte[] head = new byte[64];
        head[0] = 0x5d;
        head[4] = 0x10;
        Arrays.fill(head, 5, 13, (byte) 0xff);
        assertThatThrownBy(() -> decompress(Encoding.LZMA, head, LIMIT)).isInstanceOf(ProtocolException.class);
    }

    @ParameterizedTest
    @CsvSource({"identity,IDENTITY", "Deflate,DEFLATE", "gzip,GZIP", "x-gzip,GZIP", "x-zstd,ZSTD", "X-Tor-LZMA,LZMA"})
    void knowsContentEncodings(String header, Encoding encoding) throws Exception {
        assertThat(Encoding.of(header)).isEqualTo(encoding);
    }

    @Test
    void offersWhatItCanRead() throws Exception {
        for (String name : decompression.acceptEncoding().split(", ")) {
            Encoding encoding = Encoding.of(name);
            assertThat(decompress(encoding, compress(encoding, sample(100)), LIMIT)).isEqualTo(sample(100));
        }
        assertThatThrownBy(() -> Encoding.of("br")).isInstanceOf(ProtocolException.class);
    }

    private byte[] decompress(Encoding encoding, byte[] compressed, long limit) throws IOException {
        try (InputStream in = decompression.open(encoding, new ReceivedBytes(new ByteArrayInputStream(compressed)), limit)) {
            return in.readAllBytes();
        }
    }

    static byte[] compress(Encoding encoding, byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream codec =
                switch (encoding) {
                    case IDENTITY -> out;
                    case DEFLATE -> new DeflaterOutputStream(out);
                    case GZIP -> new GZIPOutputStream(out);
                    case ZSTD -> new io.airlift.compress.zstd.ZstdOutputStream(out);
                    case LZMA -> new LZMAOutputStream(out, new LZMA2Options(2), -1);
                }) {
            codec.write(plain);
        }
        return out.toByteArray();
    }

    /** Text that compresses about as well as a consensus. */
    static byte[] sample(int length) {
        byte[] bytes = new byte[length];
        Random random = new Random(7);
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i % 64 < 20 ? 'A' + random.nextInt(26) : 'a' + i % 26);
        }
        return bytes;
    }
}
