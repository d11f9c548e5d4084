package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.directory.Decompression.Encoding;
import dev.cepa.directory.DirectorySettings.Encodings;
import dev.cepa.error.TorException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class DecompressionFuzz {
    private static final int LIMIT = 1 << 20;

    private final Decompression decompression = new Decompression(Encodings.ALL);

    @Property(tries = 400)
    void anyBytesGiveBytesOrATorException(@ForAll Encoding encoding, @ForAll @Size(max = 200) byte[] bytes) throws Exception {
        decompress(encoding, bytes);
    }

    @Property(tries = 400)
    void anyDamageGivesBytesOrATorException(
            @ForAll Encoding encoding,
            @ForAll @IntRange(min = 0, max = 3000) int length,
            @ForAll @Size(min = 1, max = 4) int[] places,
            @ForAll byte damage)
            throws Exception {
        byte[] bytes = DecompressionTest.compress(encoding, DecompressionTest.sample(length));
        for (int place : places) {
            if (bytes.length > 0) {
                bytes[Math.floorMod(place, bytes.length)] ^= damage;
            }
        }
        decompress(encoding, bytes);
    }

    private void decompress(Encoding encoding, byte[] bytes) throws Exception {
        try (InputStream in = decompression.open(encoding, new ReceivedBytes(new ByteArrayInputStream(bytes)), LIMIT)) {
            assertThat(in.readAllBytes()).hasSizeLessThanOrEqualTo(LIMIT);
        } catch (TorException e) {
            assertThat(e.getMessage()).isNotEmpty();
        }
    }
}
