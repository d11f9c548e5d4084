package dev.cepa.testnet;

import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SplittableRandom;

/**
 * Bytes that look random, are the same for the same seed, cost nothing to make again and can be checked without keeping
 * them: one block, over and over, and the seed says where in it to begin. The block's length is a prime, so that no piece
 * of a power of two's size can be lost or doubled unnoticed, and all seeds below it begin at different places. All
 * contents share the block, however many are sent at a time. Immutable.
 */
public final class Content {
    /** Length of the block in bytes, a prime just below a mebibyte. */
    static final int BLOCK = 1_048_573;

    private static final byte[] BYTES = new byte[BLOCK];
    /** Far apart for seeds that are near each other. */
    private static final long STRIDE = 617_411;

    static {
        new SplittableRandom(1).nextBytes(BYTES);
    }

    private final int begin;

    /** The content for a seed. */
    public Content(long seed) {
        begin = (int) (Math.floorMod(seed, (long) BLOCK) * STRIDE % BLOCK);
    }

    /** Writes the first {@code length} bytes. */
    public void writeTo(OutputStream out, long length) throws IOException {
        int at = begin;
        for (long left = length; left > 0; ) {
            int count = (int) Math.min(left, BLOCK - at);
            out.write(BYTES, at, count);
            left -= count;
            at = 0;
        }
    }

    /** The byte at a position from 0 on. */
    public byte at(long position) {
        return BYTES[(int) ((position + begin) % BLOCK)];
    }

    /** SHA-256 of the first {@code length} bytes, in lower-case hex. */
    public String sha256(long length) {
        MessageDigest digest = sha256();
        int at = begin;
        for (long left = length; left > 0; ) {
            int count = (int) Math.min(left, BLOCK - at);
            digest.update(BYTES, at, count);
            left -= count;
            at = 0;
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
