package dev.cepa.onion.pow;

import dev.cepa.cell.ByteWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What a service sets: a seed, and for whom the work is done, so that it can't be used with another service. Immutable.
 */
public final class Puzzle {
    /** Bytes of a seed, of a blinded key. */
    public static final int SEED = 32;
    /** The greatest effort that can be written down. */
    static final long MAX_EFFORT = 0xffffffffL;

    private static final byte[] PERSONALIZATION = "Tor hs intro v1\0".getBytes(StandardCharsets.US_ASCII);

    private final byte[] blindedKey;
    private final byte[] seed;

    /**
     * A service's puzzle.
     *
     * @param blindedKey the service's blinded public key of the time period whose descriptor has the seed; 32 bytes, copied
     * @param seed 32 bytes, copied
     */
    public Puzzle(byte[] blindedKey, byte[] seed) {
        if (blindedKey.length != SEED || seed.length != SEED) {
            throw new IllegalArgumentException("a key or seed of other than " + SEED + " bytes");
        }
        this.blindedKey = blindedKey.clone();
        this.seed = seed.clone();
    }

    /** The first bytes of the seed, by which a solution names it. */
    byte[] seedHead() {
        return Arrays.copyOf(seed, PuzzleSolution.SEED_HEAD);
    }

    /** What is to be solved with Equi-X: 100 bytes. */
    byte[] challenge(byte[] nonce, long effort) {
        return new ByteWriter(PERSONALIZATION.length + 2 * SEED + PuzzleSolution.NONCE + Integer.BYTES)
                .bytes(PERSONALIZATION)
                .bytes(blindedKey)
                .bytes(seed)
                .bytes(nonce)
                .u32(effort)
                .toByteArray();
    }

    /** Whether a solution of the challenge, which need not be a right one, is worth the effort: one in so many is. */
    static boolean isWorth(long effort, byte[] challenge, byte[] solution) {
        byte[] both = Arrays.copyOf(challenge, challenge.length + solution.length);
        System.arraycopy(solution, 0, both, challenge.length, solution.length);
        long drawn = ByteBuffer.wrap(Blake2b.hash(Integer.BYTES, both)).getInt() & 0xffffffffL;
        // Both factors are below 2^32, so the product fits as an unsigned number.
        return drawn * effort >>> Integer.SIZE == 0;
    }
}
