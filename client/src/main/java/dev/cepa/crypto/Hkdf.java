package dev.cepa.crypto;

import static dev.cepa.crypto.Primitives.hmacSha256;

/** HKDF with SHA-256 (RFC 5869; tor-spec section 5.2.2 calls it KDF-RFC5869). Its output is at most 8,160 bytes. */
final class Hkdf extends BlockKeyStream {
    private static final int BLOCK = 32;

    private final byte[] key;
    private final byte[] info;
    private byte[] last = new byte[0];
    private int counter = 1;

    /**
     * The expansion step.
     *
     * @param key the 32 bytes that extraction gave, called KEY_SEED in tor-spec; becomes this object's own
     */
    Hkdf(byte[] key, byte[] info) {
        this.key = key;
        this.info = info.clone();
    }

    /** The extraction step: 32 bytes out of a salt and secret input in parts. */
    static byte[] extract(byte[] salt, byte[]... input) {
        return hmacSha256(salt, input);
    }

    @Override
    byte[] nextBlock() {
        if (counter > 255) {
            throw new IllegalStateException("HKDF gives no more than " + 255 * BLOCK + " bytes");
        }
        byte[] next = hmacSha256(key, last, info, new byte[] {(byte) counter++});
        Primitives.wipe(last);
        last = next.clone();
        return next;
    }

    @Override
    public void wipe() {
        Primitives.wipe(key, last);
        wipeBlock();
        counter = 256;
    }
}
