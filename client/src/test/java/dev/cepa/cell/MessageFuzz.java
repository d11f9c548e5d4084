package dev.cepa.cell;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.ProtocolException;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;

/** What the fuzz tests of both kinds of message share. */
final class MessageFuzz {
    private MessageFuzz() {}

    /** Reads a body; null if it is refused as it should be. Any other exception fails the test. */
    static <T> T readOrRefuse(Vectors.Reading<T> reading, int command, byte[] body) {
        try {
            return reading.read(command, new ByteReader(body));
        } catch (ProtocolException e) {
            assertThat(e).hasMessageMatching(".+");
            return null;
        }
    }

    /** What was read can be written, and then reads the same. */
    static <T> void roundTrip(Vectors.Reading<T> reading, int command, T message, Consumer<ByteWriter> write)
            throws ProtocolException {
        ByteWriter out = new ByteWriter();
        write.accept(out);
        T again = reading.read(command, new ByteReader(out.toByteArray()));
        assertThat(again).usingRecursiveComparison().isEqualTo(message);
    }

    /** A body with a few bytes changed, and perhaps an end cut off. */
    static byte[] mutated(byte[] body, Random random) {
        byte[] changed = random.nextInt(3) == 0 ? Arrays.copyOf(body, random.nextInt(body.length + 1)) : body.clone();
        for (int i = random.nextInt(4); i > 0 && changed.length > 0; i--) {
            changed[random.nextInt(changed.length)] = (byte) random.nextInt();
        }
        return changed;
    }
}
