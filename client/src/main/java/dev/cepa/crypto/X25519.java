package dev.cepa.crypto;

import dev.cepa.error.ProtocolException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.spec.NamedParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.security.spec.XECPrivateKeySpec;
import java.util.Arrays;
import javax.crypto.KeyAgreement;

/**
 * An X25519 key pair (RFC 7748). Keys go in and out as 32 bytes, little-endian, as Tor writes them; the top bit of a
 * public key is ignored. Not thread-safe.
 */
public final class X25519 {
    /** Bytes of a private key, a public key and a shared secret. */
    public static final int LENGTH = 32;

    /** What X.509 writes before the 32 bytes of an X25519 public key (RFC 8410). */
    private static final byte[] X509_HEADER = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00};

    private final byte[] secret;
    private final byte[] publicKey;
    private boolean wiped;

    private X25519(byte[] secret) {
        this.secret = secret;
        byte[] base = new byte[LENGTH];
        base[0] = 9;
        try {
            publicKey = agree(base);
        } catch (ProtocolException e) {
            throw new IllegalStateException("the base point is of small order", e);
        }
    }

    /** A new key pair. */
    public static X25519 generate(SecureRandom random) {
        byte[] secret = new byte[LENGTH];
        random.nextBytes(secret);
        return new X25519(secret);
    }

    /** The key pair of a private key of 32 bytes, which are copied. */
    public static X25519 of(byte[] secret) {
        if (secret.length != LENGTH) {
            throw new IllegalArgumentException("private key of " + secret.length + " bytes");
        }
        return new X25519(secret.clone());
    }

    /** A copy of the 32-byte public key. */
    public byte[] publicKey() {
        return publicKey.clone();
    }

    /**
     * The 32-byte secret shared with the owner of a public key; the caller wipes it.
     *
     * @throws ProtocolException if the key is not 32 bytes long, or if the secret would be all zeros, because the key is a
     *     point of small order
     */
    public byte[] agree(byte[] peer) throws ProtocolException {
        if (wiped) {
            throw new IllegalStateException("the private key was wiped");
        }
        if (peer.length != LENGTH) {
            throw new ProtocolException("X25519 public key of " + peer.length + " bytes");
        }
        try {
            KeyFactory keys = KeyFactory.getInstance("X25519");
            PublicKey theirs = keys.generatePublic(new X509EncodedKeySpec(encoded(peer)));
            PrivateKey mine = keys.generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, secret));
            KeyAgreement agreement = KeyAgreement.getInstance("X25519");
            agreement.init(mine);
            agreement.doPhase(theirs, true); // refuses an all-zero result, having looked at all its bytes
            return agreement.generateSecret();
        } catch (InvalidKeyException e) {
            throw new ProtocolException("X25519 public key is a point of small order", e);
        } catch (GeneralSecurityException e) {
            throw Primitives.missing(e);
        }
    }

    /** Forgets the private key. */
    public void wipe() {
        wiped = true;
        Primitives.wipe(secret);
    }

    private static byte[] encoded(byte[] key) {
        byte[] all = Arrays.copyOf(X509_HEADER, X509_HEADER.length + LENGTH);
        System.arraycopy(key, 0, all, X509_HEADER.length, LENGTH);
        return all;
    }
}
