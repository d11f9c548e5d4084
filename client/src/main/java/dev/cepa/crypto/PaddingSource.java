package dev.cepa.crypto;

import dev.cepa.cell.Cell;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Cipher;

/**
 * Bytes that nobody can foresee, for the padding of relay cells: the keystream of AES-128-CTR under a random key. A
 * tenth of what {@link SecureRandom} costs, which is too much for every short cell. Not thread-safe.
 */
public final class PaddingSource {
    private static final byte[] ZEROS = new byte[Cell.BODY];

    private final Cipher cipher;

    public PaddingSource(SecureRandom random) {
        byte[] key = new byte[16];
        random.nextBytes(key);
        cipher = Primitives.aesCtr(key);
        Primitives.wipe(key);
    }

    /** Replaces {@code length} bytes from {@code offset} on, at most {@link Cell#BODY}. */
    public void fill(byte[] bytes, int offset, int length) {
        try {
            // Not in place: the JDK's ciphers would make a copy then.
            cipher.update(ZEROS, 0, length, bytes, offset);
        } catch (GeneralSecurityException e) {
            throw Primitives.missing(e);
        }
    }
}
