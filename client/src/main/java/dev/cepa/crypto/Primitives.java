package dev.cepa.crypto;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The JDK's primitives under the names that Tor's specifications use. Every Java since 21 has them, so their absence is
 * a broken installation and not an outcome that a caller could handle. Thread-safe: keeps no state.
 */
public final class Primitives {
    private Primitives() {}

    /** A new SHA-1, for the places where the protocol still has it. */
    public static MessageDigest sha1() {
        return digest("SHA-1");
    }

    public static MessageDigest sha256() {
        return digest("SHA-256");
    }

    public static MessageDigest sha3() {
        return digest("SHA3-256");
    }

    static MessageDigest sha512() {
        return digest("SHA-512");
    }

    /** The 64-byte SHA-512 digest of the parts in a row. */
    static byte[] sha512(byte[]... parts) {
        MessageDigest digest = sha512();
        for (byte[] part : parts) {
            digest.update(part);
        }
        return digest.digest();
    }

    /** The 32-byte SHA3-256 digest of the parts in a row. */
    public static byte[] sha3(byte[]... parts) {
        MessageDigest digest = sha3();
        for (byte[] part : parts) {
            digest.update(part);
        }
        return digest.digest();
    }

    /** The 32-byte HMAC-SHA256 of the parts in a row. */
    static byte[] hmacSha256(byte[] key, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    /** AES in counter mode from an all-zero IV on; the same operation encrypts and decrypts. The key has 16 or 32 bytes. */
    static Cipher aesCtr(byte[] key) {
        return aesCtr(key, new byte[16]);
    }

    private static Cipher aesCtr(byte[] key, byte[] iv) {
        try {
            Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
            cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
            return cipher;
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    /**
     * One message through AES in counter mode; the same operation encrypts and decrypts.
     *
     * @param key 16 or 32 bytes
     * @param iv 16 bytes
     */
    public static byte[] aesCtr(byte[] key, byte[] iv, byte[] message) {
        try {
            return aesCtr(key, iv).doFinal(message);
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    /** Overwrites secrets with zeros. */
    public static void wipe(byte[]... secrets) {
        for (byte[] secret : secrets) {
            Arrays.fill(secret, (byte) 0);
        }
    }

    /** What to throw when the JDK refuses something that it must have. */
    static IllegalStateException missing(GeneralSecurityException e) {
        return new IllegalStateException("this Java's cryptography is not complete", e);
    }

    private static MessageDigest digest(String name) {
        try {
            return MessageDigest.getInstance(name);
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }
}
