package dev.cepa.crypto;

import dev.cepa.error.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * An Ed25519 key pair in the form that can be blinded: the secret scalar and the half of the hash that nonces are made of
 * (RFC 8032 section 5.1.5; rend-spec-v3 appendix A). Tor keeps the keys of onion services so on disk. Thread-safe but
 * for {@link #wipe}.
 */
public final class Ed25519KeyPair {
    /** Bytes of the expanded secret key: scalar 32 | nonce key 32. */
    public static final int SECRET_LENGTH = 64;

    private static final byte[] BLINDED_NONCE_KEY =
            "Derive temporary signing key hash input".getBytes(StandardCharsets.US_ASCII);

    private final byte[] scalar;
    private final byte[] nonceKey;
    private final byte[] publicKey;

    private Ed25519KeyPair(byte[] scalar, byte[] nonceKey, byte[] publicKey) {
        this.scalar = scalar;
        this.nonceKey = nonceKey;
        this.publicKey = publicKey;
    }

    /** A new key pair. */
    public static Ed25519KeyPair generate(SecureRandom random) {
        byte[] seed = new byte[32];
        random.nextBytes(seed);
        try {
            return ofSeed(seed);
        } finally {
            Primitives.wipe(seed);
        }
    }

    /** The key pair of a 32-byte seed. */
    public static Ed25519KeyPair ofSeed(byte[] seed) {
        byte[] expanded = Primitives.sha512(seed);
        clamp(expanded);
        try {
            return ofExpanded(expanded);
        } finally {
            Primitives.wipe(expanded);
        }
    }

    /** The key pair of an expanded secret key of {@link #SECRET_LENGTH} bytes, which are copied. */
    public static Ed25519KeyPair ofExpanded(byte[] secret) {
        if (secret.length != SECRET_LENGTH) {
            throw new IllegalArgumentException("expanded key of " + secret.length + " bytes");
        }
        byte[] scalar = Arrays.copyOf(secret, 32);
        byte[] nonceKey = Arrays.copyOfRange(secret, 32, SECRET_LENGTH);
        return new Ed25519KeyPair(scalar, nonceKey, EdwardsPoint.base().times(scalar).encode());
    }

    /** The lowest three bits and the highest are 0, the second highest is 1. */
    static void clamp(byte[] scalar) {
        scalar[0] &= (byte) 248;
        scalar[31] &= 63;
        scalar[31] |= 64;
    }

    /** A copy of the 32-byte public key. */
    public byte[] publicKey() {
        return publicKey.clone();
    }

    /** A copy of the expanded secret key, {@link #SECRET_LENGTH} bytes; the caller wipes it. */
    public byte[] secretKey() {
        byte[] secret = Arrays.copyOf(scalar, SECRET_LENGTH);
        System.arraycopy(nonceKey, 0, secret, 32, 32);
        return secret;
    }

    /**
     * The key pair blinded by a factor.
     *
     * @param factor 32 bytes, a hash; see {@link #blind}
     */
    public Ed25519KeyPair blinded(byte[] factor) {
        byte[] clamped = factor.clone();
        clamp(clamped);
        byte[] blindedScalar = Ed25519Scalar.multiplyAdd(clamped, scalar, new byte[32]);
        byte[] hash = Primitives.sha512(BLINDED_NONCE_KEY, nonceKey);
        byte[] blindedNonceKey = Arrays.copyOf(hash, 32);
        Primitives.wipe(hash);
        return new Ed25519KeyPair(blindedScalar, blindedNonceKey, EdwardsPoint.base().times(blindedScalar).encode());
    }

    /**
     * A public key blinded by a factor: what {@link #blinded} gives to whoever has the secret key.
     *
     * @param publicKey 32 bytes
     * @param factor 32 bytes, a hash
     * @throws ProtocolException if the key is no point on the curve, or one of small order
     */
    public static byte[] blind(byte[] publicKey, byte[] factor) throws ProtocolException {
        byte[] clamped = factor.clone();
        clamp(clamped);
        EdwardsPoint point = EdwardsPoint.decode(publicKey);
        if (point.isOfSmallOrder()) {
            throw new ProtocolException("Ed25519 public key is a point of small order");
        }
        return point.times(clamped).encode();
    }

    /** A signature, R 32 | S 32, that {@link Ed25519#verify} agrees to. */
    public byte[] sign(byte[]... message) {
        MessageDigest digest = Primitives.sha512();
        digest.update(nonceKey);
        byte[] nonce = Ed25519Scalar.reduce(finish(digest, message));
        byte[] r = EdwardsPoint.base().times(nonce).encode();
        digest.update(r);
        digest.update(publicKey);
        byte[] challenge = Ed25519Scalar.reduce(finish(digest, message));
        byte[] s = Ed25519Scalar.multiplyAdd(challenge, scalar, nonce);
        Primitives.wipe(nonce);
        byte[] signature = Arrays.copyOf(r, Ed25519.SIGNATURE_LENGTH);
        System.arraycopy(s, 0, signature, 32, 32);
        return signature;
    }

    private static byte[] finish(MessageDigest digest, byte[]... message) {
        for (byte[] part : message) {
            digest.update(part);
        }
        return digest.digest();
    }

    /** Forgets the secret key. */
    public void wipe() {
        Primitives.wipe(scalar, nonceKey);
    }
}
