package dev.cepa.crypto;

import dev.cepa.cell.Ed25519Id;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;

/** Checking the two kinds of signature that certificates carry. */
final class Signatures {
    /** An Ed25519 SubjectPublicKeyInfo up to the key. */
    private static final byte[] ED25519_INFO = HexFormat.of().parseHex("302a300506032b6570032100");

    private Signatures() {}

    /** Whether {@code signature} (64 bytes) is that key's on that message; a key that is no point verifies nothing. */
    static boolean verifyEd25519(Ed25519Id key, byte[] message, byte[] signature) {
        try {
            byte[] info = Arrays.copyOf(ED25519_INFO, ED25519_INFO.length + Ed25519Id.LENGTH);
            System.arraycopy(key.toBytes(), 0, info, ED25519_INFO.length, Ed25519Id.LENGTH);
            PublicKey publicKey = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(info));
            Signature verifier = Signature.getInstance("Ed25519");
            verifier.initVerify(publicKey);
            verifier.update(message);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /**
     * Whether {@code signature} is that key's PKCS#1 v1.5 signature on a digest. Tor pads the bare digest, without the
     * algorithm identifier that the JDK's signature classes insist on (tor-spec section 0.3); so the padded block is made
     * here and compared whole, which leaves nothing to parse.
     */
    static boolean verifyBareRsa(RSAPublicKey key, byte[] digest, byte[] signature) {
        int length = (key.getModulus().bitLength() + 7) / 8;
        BigInteger s = new BigInteger(1, signature);
        if (signature.length != length || s.compareTo(key.getModulus()) >= 0 || length < digest.length + 11) {
            return false;
        }
        byte[] wanted = new byte[length];
        wanted[1] = 1;
        Arrays.fill(wanted, 2, length - digest.length - 1, (byte) 0xff);
        System.arraycopy(digest, 0, wanted, length - digest.length, digest.length);
        BigInteger block = s.modPow(key.getPublicExponent(), key.getModulus());
        return block.equals(new BigInteger(1, wanted));
    }

    /** A digest that every Java platform has. */
    static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
