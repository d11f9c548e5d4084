package dev.cepa.testnet;

import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SplittableRandom;

/**
 * Bytes that look random, are the same for the same seed, cost nothing to make again and can be checked without keeping
 * them: one block, over and over. The block's length is a prime, so that no piece of a power of two's size can be lost
 * or doubled unnoticed. Immutable.
 */
public final class Content {
    /** Length of the block in bytes, a prime just below a mebibyte. */
    static final int BLOCK = 1_048_573;

    private final byte[] block = new byte[BLOCK];

    /** The content for a seed. */
    public Content(long seed) {
        new SplittableRandom(seed).nextBytes(block);
    }

    /** Writes the first {@code length} bytes. */
    public void writeTo(OutputStream out, long length) throws IOException {
        for (long left = length; left > 0; left -= BLOCK) {
            out.write(block, 0, (int) Math.min(left, BLOCK));
        }
    }

    /** The byte at a position from 0 on. */
    public byte at(long position) {
        return block[(int) (position % BLOCK)];
    }

    /** SHA-256 of the first {@code length} bytes, in lower-case hex. */
    public String sha256(long length) {
        MessageDigest digest = sha256();
        for (long left = length; left > 0; left -= BLOCK) {
            digest.update(block, 0, (int) Math.min(left, BLOCK));
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
