package dev.cepa.onion;

import dev.cepa.cell.ByteWriter;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.Primitives;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Numbers for the descriptors of one time period, each higher than those of before, also after a restart and with nothing
 * kept on disk: the time, in an encryption that keeps the order so that nobody learns how this computer's clock is set. As
 * C tor has it, so that each of the two goes on where the other left off. Immutable but for
 * {@link #wipe}.
 */
final class RevisionCounter {
    /** Seconds beyond this, three days, count as this. */
    static final int MAX_SECONDS = 1 << 18;

    /** Bytes of the key. */
    static final int KEY = 32;

    private static final byte[] PREFIX = "rev-counter-generation\0".getBytes(StandardCharsets.US_ASCII);
    private static final int CHUNK = 16 * 1024;
    private static final int BLOCK = 16;

    private final byte[] key;

    /** @param key 32 bytes */
    RevisionCounter(byte[] key) {
        this.key = key;
    }

    /** Its key, not copied: who has it knows how the service's clock is set. */
    byte[] key() {
        return key;
    }

    /** Forgets the key. */
    void wipe() {
        Primitives.wipe(key);
    }

    /** That of the service whose blinded key pair this is. */
    static RevisionCounter of(Ed25519KeyPair blinded) {
        byte[] secret = blinded.secretKey();
        RevisionCounter counter = new RevisionCounter(Primitives.sha3(PREFIX, secret));
        Primitives.wipe(secret);
        return counter;
    }

    /**
     * The number at a time.
     *
     * @param seconds at least 1, since a beginning that both descriptors of a time period have in common
     */
    long at(long seconds) {
        // The sum of so many numbers of 16 bits, and one more each so that it grows in any case.
        int left = 2 * Math.clamp(seconds, 1, MAX_SECONDS);
        long sum = left / 2;
        for (int block = 0; left > 0; block += CHUNK / BLOCK) {
            byte[] iv = new ByteWriter(BLOCK).zeros(8).i64(block).toByteArray();
            byte[] stream = Primitives.aesCtr(key, iv, new byte[Math.min(left, CHUNK)]);
            for (int i = 0; i < stream.length; i += 2) {
                sum += stream[i] & 0xff | (stream[i + 1] & 0xff) << 8;
            }
            Arrays.fill(stream, (byte) 0);
            left -= stream.length;
        }
        return sum;
    }
}
