package dev.cepa;

import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.Primitives;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.onion.OnionAddress;
import java.security.SecureRandom;
import java.util.Base64;

/** The key of an onion service, which its address is made of: whoever has it can be the service. Immutable but for {@link #wipe}. */
public final class OnionServiceKey {
    /** Bytes of the secret key. */
    public static final int LENGTH = Ed25519KeyPair.SECRET_LENGTH;

    private static final int SEED = 32;
    private static final String PREFIX = "ED25519-V3:";

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

    /**
     * The key of a seed: of an Ed25519 private key as most programs keep it (RFC 8032), of which the expanded key is made.
     *
     * @param seed 32 bytes, copied
     * @return the key
     */
    public static OnionServiceKey ofSeed(byte[] seed) {
        if (seed.length != SEED) {
            throw new IllegalArgumentException("a seed of " + seed.length + " bytes");
        }
        return new OnionServiceKey(Ed25519KeyPair.ofSeed(seed));
    }

    /**
     * A key as the control port writes it ({@code ADD_ONION}): {@code ED25519-V3:} and the expanded secret key in base64.
     *
     * @param text with or without padding at its end
     * @return the key
     * @throws TorException of kind CONFIG if it is none; the message does not repeat it
     */
    public static OnionServiceKey parse(String text) throws TorException {
        byte[] secret = new byte[0];
        if (text.startsWith(PREFIX)) {
            try {
                secret = Base64.getDecoder().decode(text.substring(PREFIX.length()));
            } catch (IllegalArgumentException e) {
                // It may be secret what the exception has to say.
            }
        }
        try {
            if (secret.length != LENGTH) {
                throw new TorException(
                        ErrorKind.CONFIG, "an onion service's key is " + PREFIX + " and " + LENGTH + " bytes in base64");
            }
            return of(secret);
        } finally {
            Primitives.wipe(secret);
        }
    }

    static OnionServiceKey of(Ed25519KeyPair pair) {
        return new OnionServiceKey(pair);
    }

    /** {@return the secret key of {@link #LENGTH} bytes, a copy that the caller wipes} */
    public byte[] secret() {
        return pair.secretKey();
    }

    /**
     * The secret key as the control port writes it, for {@link #parse} and other programs. Keep it as you would a password.
     *
     * @return {@code ED25519-V3:} and base64
     */
    public String export() {
        byte[] secret = pair.secretKey();
        try {
            return PREFIX + Base64.getEncoder().encodeToString(secret);
        } finally {
            Primitives.wipe(secret);
        }
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
