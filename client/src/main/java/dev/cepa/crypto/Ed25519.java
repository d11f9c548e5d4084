package dev.cepa.crypto;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;

/** Ed25519 signatures over keys as Tor writes them (RFC 8032). Thread-safe: keeps no state. */
public final class Ed25519 {
    /** Bytes of a public key. */
    public static final int KEY_LENGTH = 32;
    /** Bytes of a signature. */
    public static final int SIGNATURE_LENGTH = 64;

    /** What X.509 writes before the 32 bytes of an Ed25519 public key (RFC 8410). */
    private static final byte[] X509_HEADER = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

    private Ed25519() {}

    /**
     * Whether a signature is good. A key or signature of wrong length, or that is no point on the curve, is not.
     *
     * @param publicKey 32 bytes
     * @param signature R 32 | S 32
     */
    public static boolean verify(byte[] publicKey, byte[] message, byte[] signature) {
        return verify(publicKey, message, 0, message.length, signature);
    }

    /** As {@link #verify(byte[], byte[], byte[])}, of the {@code length} bytes from {@code offset} on. */
    public static boolean verify(byte[] publicKey, byte[] message, int offset, int length, byte[] signature) {
        if (publicKey.length != KEY_LENGTH || signature.length != SIGNATURE_LENGTH) {
            return false;
        }
        byte[] encoded = Arrays.copyOf(X509_HEADER, X509_HEADER.length + KEY_LENGTH);
        System.arraycopy(publicKey, 0, encoded, X509_HEADER.length, KEY_LENGTH);
        try {
            PublicKey key = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
            Signature verifier = Signature.getInstance("Ed25519");
            verifier.initVerify(key);
            verifier.update(message, offset, length);
            return verifier.verify(signature);
        } catch (InvalidKeySpecException | InvalidKeyException | SignatureException e) {
            return false;
        } catch (GeneralSecurityException e) {
            throw Primitives.missing(e);
        }
    }

    /**
     * The Ed25519 public key that belongs to an X25519 public key, with the sign bit 0 (proposal 228 appendix A).
     *
     * @param x25519 32 bytes
     */
    public static byte[] fromX25519(byte[] x25519) {
        // y = (u - 1) / (u + 1)
        long[] u = Curve25519Field.read(x25519);
        long[] above = Curve25519Field.zero();
        Curve25519Field.add(above, u, Curve25519Field.one());
        Curve25519Field.subtract(u, u, Curve25519Field.one());
        Curve25519Field.multiply(u, u, Curve25519Field.invert(above));
        return Curve25519Field.write(u);
    }
}
