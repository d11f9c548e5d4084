package dev.cepa.crypto;

import dev.cepa.cell.ByteWriter;
import dev.cepa.error.ProtocolException;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;

/**
 * The X.509 certificate in which a relay shows its RSA identity key, signed with that key itself (tor-spec section 4.2,
 * type 2 in CERTS). Parsing also checks the signature and that the key has the 1024 bits of all identity keys. Immutable.
 */
public final class RsaIdentityCertificate {
    private static final int KEY_BITS = 1024;

    private final RsaPublicKey key;
    private final Instant notBefore;
    private final Instant notAfter;

    private RsaIdentityCertificate(RsaPublicKey key, Instant notBefore, Instant notAfter) {
        this.key = key;
        this.notBefore = notBefore;
        this.notAfter = notAfter;
    }

    /**
     * Reads and checks a DER-encoded certificate.
     *
     * @throws ProtocolException if it is malformed, its key is not RSA-1024, or it is not signed with that key
     */
    public static RsaIdentityCertificate parse(byte[] der) throws ProtocolException {
        try {
            if (der.length == 0 || der[0] != 0x30) { // the factory would take PEM too
                throw new ProtocolException("malformed RSA identity certificate");
            }
            ByteArrayInputStream in = new ByteArrayInputStream(der);
            X509Certificate certificate =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
            if (in.available() > 0) {
                throw new ProtocolException("bytes after the RSA identity certificate");
            }
            if (!(certificate.getPublicKey() instanceof RSAPublicKey key)
                    || key.getModulus().bitLength() != KEY_BITS) {
                throw new ProtocolException("RSA identity certificate without an RSA key of 1024 bits");
            }
            if (!endsInDer(der, certificate.getSignature())) {
                throw new ProtocolException("RSA identity certificate whose signature is not in DER");
            }
            try {
                certificate.verify(key);
            } catch (GeneralSecurityException e) {
                throw new ProtocolException("RSA identity certificate is not signed with its own key", e);
            }
            return new RsaIdentityCertificate(
                    RsaPublicKey.parse(pkcs1(key)), certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
        } catch (CertificateException e) {
            throw new ProtocolException("malformed RSA identity certificate", e);
        }
    }

    /** Whether it ends in a signature as DER writes it; the JDK would also take one with bits that count for nothing. */
    private static boolean endsInDer(byte[] certificate, byte[] signature) {
        ByteWriter end = new ByteWriter(signature.length + 5).u8(0x03);
        derLength(end, signature.length + 1);
        byte[] wanted = end.u8(0).bytes(signature).toByteArray();
        int from = certificate.length - wanted.length;
        return from >= 0 && Arrays.equals(certificate, from, certificate.length, wanted, 0, wanted.length);
    }

    /** The identity key; {@link RsaPublicKey#identity} is the relay's RSA identity. */
    public RsaPublicKey key() {
        return key;
    }

    public Instant notBefore() {
        return notBefore;
    }

    public Instant notAfter() {
        return notAfter;
    }

    /** The key as a PKCS#1 RSAPublicKey in DER: a sequence of modulus and exponent. */
    private static byte[] pkcs1(RSAPublicKey key) {
        ByteWriter body = new ByteWriter(160);
        derInteger(body, key.getModulus());
        derInteger(body, key.getPublicExponent());
        ByteWriter out = new ByteWriter(160).u8(0x30);
        derLength(out, body.size());
        return out.bytes(body.toByteArray()).toByteArray();
    }

    private static void derInteger(ByteWriter out, BigInteger value) {
        byte[] bytes = value.toByteArray();
        out.u8(0x02);
        derLength(out, bytes.length);
        out.bytes(bytes);
    }

    private static void derLength(ByteWriter out, int length) {
        if (length < 0x80) {
            out.u8(length);
        } else if (length < 0x100) {
            out.u8(0x81).u8(length);
        } else {
            out.u8(0x82).u16(length);
        }
    }
}
