package dev.cepa.crypto;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.error.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;

/**
 * A relay's RSA identity key vouches for its Ed25519 identity (cert-spec section 2.3; type 7 in CERTS). Parsing checks the
 * form alone. Immutable.
 */
public final class RsaCrossCertificate {
    private static final byte[] PREFIX =
            "Tor TLS RSA/Ed25519 cross-certificate".getBytes(StandardCharsets.US_ASCII);
    private static final int SIGNED_LENGTH = Ed25519Id.LENGTH + 4;

    private final byte[] signed;
    private final Ed25519Id ed25519Id;
    private final Instant expiry;
    private final byte[] signature;

    private RsaCrossCertificate(byte[] signed, Ed25519Id ed25519Id, Instant expiry, byte[] signature) {
        this.signed = signed;
        this.ed25519Id = ed25519Id;
        this.expiry = expiry;
        this.signature = signature;
    }

    /**
     * Reads a whole certificate.
     *
     * @throws ProtocolException if it is cut short or has bytes too many
     */
    public static RsaCrossCertificate parse(byte[] certificate) throws ProtocolException {
        ByteReader in = new ByteReader(certificate);
        Ed25519Id ed25519Id = Ed25519Id.of(in.bytes(Ed25519Id.LENGTH));
        Instant expiry = Instant.ofEpochSecond(in.u32() * 3600);
        byte[] signature = in.bytes(in.u8());
        in.expectEnd("RSA cross-certificate");
        return new RsaCrossCertificate(Arrays.copyOf(certificate, SIGNED_LENGTH), ed25519Id, expiry, signature);
    }

    /** The identity that it vouches for. */
    public Ed25519Id ed25519Id() {
        return ed25519Id;
    }

    /** When it ceases to be valid. */
    public Instant expiry() {
        return expiry;
    }

    /** Whether this key signed it. */
    public boolean verify(RsaPublicKey key) {
        MessageDigest sha256 = Primitives.sha256();
        sha256.update(PREFIX);
        return key.verifies(sha256.digest(signed), signature);
    }
}
