package dev.cepa.netdoc;

import dev.cepa.cell.RsaId;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import javax.crypto.Cipher;

/** A directory authority with keys of its own, small ones for speed. */
public final class TestAuthority {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);

    private final KeyPair identityKey = newKey();
    private final KeyPair signingKey = newKey();

    /** Its v3ident. */
    public RsaId identity() {
        return digest(pkcs1(identityKey));
    }

    public RsaId signingKeyDigest() {
        return digest(pkcs1(signingKey));
    }

    /** A signature with the signing key over a bare digest. */
    public byte[] sign(byte[] digest) {
        return sign(signingKey, digest);
    }

    /** Its certificate, which expires then. */
    public byte[] certificate(Instant expires) {
        return certificate(expires, this);
    }

    /** A certificate in which another authority's signing key vouches for this one's identity. */
    byte[] certificate(Instant expires, TestAuthority voucher) {
        byte[] identity = pkcs1(identityKey);
        String text = "dir-key-certificate-version 3\nfingerprint " + identity()
                + "\ndir-key-published " + TIME.format(expires.minusSeconds(86_400 * 365))
                + "\ndir-key-expires " + TIME.format(expires)
                + "\ndir-identity-key\n" + object("RSA PUBLIC KEY", identity)
                + "dir-signing-key\n" + object("RSA PUBLIC KEY", pkcs1(signingKey))
                + "dir-key-crosscert\n" + object("ID SIGNATURE", sign(voucher.signingKey, sha1(identity)))
                + "dir-key-certification\n";
        byte[] signature = sign(identityKey, sha1(text.getBytes(StandardCharsets.US_ASCII)));
        return (text + object("SIGNATURE", signature)).getBytes(StandardCharsets.US_ASCII);
    }

    static String object(String tag, byte[] body) {
        return "-----BEGIN " + tag + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(body)
                + "\n-----END " + tag + "-----\n";
    }

    private static KeyPair newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(1024);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] sign(KeyPair key, byte[] digest) {
        try {
            Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
            cipher.init(Cipher.ENCRYPT_MODE, key.getPrivate());
            return cipher.doFinal(digest);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] pkcs1(KeyPair key) {
        RSAPublicKey rsa = (RSAPublicKey) key.getPublic();
        byte[] modulus = element(2, rsa.getModulus());
        byte[] exponent = element(2, rsa.getPublicExponent());
        byte[] both = new byte[modulus.length + exponent.length];
        System.arraycopy(modulus, 0, both, 0, modulus.length);
        System.arraycopy(exponent, 0, both, modulus.length, exponent.length);
        return element(0x30, both);
    }

    private static byte[] element(int tag, BigInteger number) {
        return element(tag, number.toByteArray());
    }

    private static byte[] element(int tag, byte[] body) {
        byte[] head = body.length < 128
                ? new byte[] {(byte) tag, (byte) body.length}
                : new byte[] {(byte) tag, (byte) 0x81, (byte) body.length};
        byte[] out = new byte[head.length + body.length];
        System.arraycopy(head, 0, out, 0, head.length);
        System.arraycopy(body, 0, out, head.length, body.length);
        return out;
    }

    private static RsaId digest(byte[] der) {
        return RsaId.of(sha1(der));
    }

    private static byte[] sha1(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-1").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
