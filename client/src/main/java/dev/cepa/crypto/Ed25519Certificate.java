package dev.cepa.crypto;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.error.ProtocolException;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A certificate in Tor's own compact format: an Ed25519 key vouches for another key, or for the digest of one, until some
 * hour (cert-spec section 2.1). Parsing checks the form alone: a certificate says nothing before {@link #verify}
 * has agreed and {@link #expiry} has been looked at. Immutable.
 */
public final class Ed25519Certificate {
    /** CERT_TYPE: an identity key vouches for a signing key. */
    public static final int IDENTITY_SIGNING = 4;
    /** CERT_TYPE: a signing key vouches for the digest of a TLS certificate. */
    public static final int SIGNING_TLS = 5;
    /** CERT_TYPE: an onion service's blinded key vouches for the key that signs its descriptor. */
    public static final int HS_DESCRIPTOR_SIGNING = 8;
    /** CERT_TYPE: a descriptor's signing key vouches for an introduction point's authentication key. */
    public static final int HS_INTRO_AUTH = 9;
    /** CERT_TYPE: a descriptor's signing key vouches for an introduction point's encryption key. */
    public static final int HS_INTRO_ENCRYPTION = 11;
    /** CERT_KEY_TYPE: the certified key is an Ed25519 public key. */
    public static final int KEY_ED25519 = 1;
    /** CERT_KEY_TYPE: the certified key is the SHA-256 digest of an X.509 certificate. */
    public static final int KEY_SHA256_OF_X509 = 3;

    private static final int VERSION = 1;
    private static final int EXTENSION_SIGNED_WITH = 4;
    private static final int FLAG_AFFECTS_VALIDATION = 1;

    private final byte[] encoded;
    private final int type;
    private final long expiryHours;
    private final int keyType;
    private final byte[] certifiedKey;
    private final @Nullable Ed25519Id signingKey;

    private Ed25519Certificate(
            byte[] encoded, int type, long expiryHours, int keyType, byte[] certifiedKey, @Nullable Ed25519Id signingKey) {
        this.encoded = encoded;
        this.type = type;
        this.expiryHours = expiryHours;
        this.keyType = keyType;
        this.certifiedKey = certifiedKey;
        this.signingKey = signingKey;
    }

    /**
     * Reads a whole certificate; the array is copied.
     *
     * @throws ProtocolException if it is malformed, has bytes too many, or carries an extension that affects its validity
     *     and is not known here
     */
    public static Ed25519Certificate parse(byte[] certificate) throws ProtocolException {
        byte[] encoded = certificate.clone();
        ByteReader in = new ByteReader(encoded);
        int version = in.u8();
        if (version != VERSION) {
            throw new ProtocolException("Ed25519 certificate of unknown version " + version);
        }
        int type = in.u8();
        long expiryHours = in.u32();
        int keyType = in.u8();
        byte[] certifiedKey = in.bytes(Ed25519.KEY_LENGTH);
        Ed25519Id signingKey = null;
        for (int n = in.u8(); n > 0; n--) {
            int length = in.u16();
            int extension = in.u8();
            int flags = in.u8();
            ByteReader data = in.slice(length);
            if (extension == EXTENSION_SIGNED_WITH) {
                if (length != Ed25519.KEY_LENGTH) {
                    throw new ProtocolException("Ed25519 certificate with a signing key of " + length + " bytes");
                }
                if (signingKey != null) {
                    throw new ProtocolException("Ed25519 certificate with two signing keys");
                }
                signingKey = Ed25519Id.of(data.rest());
            } else if ((flags & FLAG_AFFECTS_VALIDATION) != 0) {
                throw new ProtocolException("Ed25519 certificate with unknown mandatory extension " + extension);
            }
        }
        in.skip(Ed25519.SIGNATURE_LENGTH);
        in.expectEnd("Ed25519 certificate");
        return new Ed25519Certificate(encoded, type, expiryHours, keyType, certifiedKey, signingKey);
    }

    /**
     * Makes a certificate of an Ed25519 key that names the key it is signed with.
     *
     * @param expiry rounded up to the hour
     * @param certifiedKey 32 bytes
     * @return the whole certificate, as {@link #parse} takes it
     */
    public static byte[] sign(int type, Instant expiry, byte[] certifiedKey, Ed25519KeyPair signer) {
        byte[] body = new ByteWriter(4 + 4 + Ed25519.KEY_LENGTH + 5 + Ed25519.KEY_LENGTH)
                .u8(VERSION)
                .u8(type)
                .u32((expiry.getEpochSecond() + 3599) / 3600)
                .u8(KEY_ED25519)
                .bytes(certifiedKey)
                .u8(1)
                .u16(Ed25519.KEY_LENGTH)
                .u8(EXTENSION_SIGNED_WITH)
                .u8(0)
                .bytes(signer.publicKey())
                .toByteArray();
        return new ByteWriter(body.length + Ed25519.SIGNATURE_LENGTH)
                .bytes(body)
                .bytes(signer.sign(body))
                .toByteArray();
    }

    /** CERT_TYPE: what the certificate is for. */
    public int type() {
        return type;
    }

    /** When it ceases to be valid. */
    public Instant expiry() {
        return Instant.ofEpochSecond(expiryHours * 3600);
    }

    /** CERT_KEY_TYPE. Old relays wrote {@link #KEY_ED25519} whatever the key was (cert-spec A.4). */
    public int keyType() {
        return keyType;
    }

    /** A copy of the certified key or digest, 32 bytes. */
    public byte[] certifiedKey() {
        return certifiedKey.clone();
    }

    /** The key that it claims to be signed with, where it carries one. */
    public @Nullable Ed25519Id signingKey() {
        return signingKey;
    }

    /** Whether this key signed it, and is the one that the certificate itself names if it names one. */
    public boolean verify(Ed25519Id key) {
        if (signingKey != null && !signingKey.equals(key)) {
            return false;
        }
        int signed = encoded.length - Ed25519.SIGNATURE_LENGTH;
        byte[] signature = Arrays.copyOfRange(encoded, signed, encoded.length);
        return Ed25519.verify(key.toBytes(), encoded, 0, signed, signature);
    }
}
