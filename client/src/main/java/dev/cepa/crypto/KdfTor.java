package dev.cepa.crypto;

import java.security.MessageDigest;

/** KDF-TOR: SHA-1 of the secret and a counter byte, as CREATE_FAST uses it (tor-spec section 5.2.1). */
final class KdfTor extends BlockKeyStream {
    private final MessageDigest sha1 = Primitives.sha1();
    private final byte[] secret;
    private int counter;

    /** Of a secret of any length, which becomes this object's own and is wiped by it. */
    KdfTor(byte[] secret) {
        this.secret = secret;
    }

    @Override
    byte[] nextBlock() {
        if (counter > 255) {
            throw new IllegalStateException("KDF-TOR gives no more than 5,120 bytes");
        }
        sha1.update(secret);
        sha1.update((byte) counter++);
        return sha1.digest();
    }

    @Override
    public void wipe() {
        Primitives.wipe(secret);
        wipeBlock();
        counter = 256;
    }
}
