package dev.cepa;

import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.Primitives;
import dev.cepa.onion.OnionAddress;
import java.security.SecureRandom;

/** The key of an onion service, which its address is made of: whoever has it can be the service. Immutable but for {@link #wipe}. */
public final class OnionServiceKey {
    /** Bytes of the secret key. */
    public static final int LENGTH = Ed25519KeyPair.SECRET_LENGTH;

    private final Ed25519KeyPair pair;

    private OnionServiceKey(Ed25519KeyPair pair) {
        this.pair = pair;
    }

    /** {@return a new key, for a service at an address that there has never been} */
    public static OnionServiceKey generate() {
        return new OnionServiceKey(Ed25519KeyPair.generate(new SecureRandom()));
    }

    /**
     * A key that was kept.
     *
     * @param secret the expanded secret key of {@link #LENGTH} bytes, as in {@code hs_ed25519_secret_key} behind its head
     *     of 32 bytes, or as {@code ED25519-V3} of the control port; copied
     * @return the key
     */
    public static OnionServiceKey of(byte[] secret) {
        return new OnionServiceKey(Ed25519KeyPair.ofExpanded(secret));
    }

    static OnionServiceKey of(Ed25519KeyPair pair) {
        return new OnionServiceKey(pair);
    }

    /** {@return the secret key of {@link #LENGTH} bytes, a copy that the caller wipes} */
    public byte[] secret() {
        return pair.secretKey();
    }

    /** Forgets the secret key. Services that were started with it go on, with a copy of their own. */
    public void wipe() {
        pair.wipe();
    }

    /** {@return the service's address: 56 characters and {@code .onion}} */
    public String address() {
        return OnionAddress.of(pair.publicKey()).label() + ".onion";
    }

    /** A copy for somebody who wipes it. */
    Ed25519KeyPair copy() {
        byte[] secret = pair.secretKey();
        try {
            return Ed25519KeyPair.ofExpanded(secret);
        } finally {
            Primitives.wipe(secret);
        }
    }

    /** The address's end, enough to tell two keys apart. */
    @Override
    public String toString() {
        return "key of " + OnionAddress.of(pair.publicKey());
    }
}
