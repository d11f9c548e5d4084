package dev.cepa.daemon;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;

/** The salted hash that {@code HashedControlPassword} keeps (RFC 2440 section 3.6.1.3, with SHA-1). */
final class PasswordHash {
    private static final int SALT = 8;
    private static final int HASHED_BYTES = 65_536;
    /** How OpenPGP writes that number. */
    private static final int INDICATOR = 96;

    private PasswordHash() {}

    /** {@code 16:} and 58 hexadecimal digits: salt, indicator, hash. */
    static String of(String password, SecureRandom random) {
        byte[] salt = new byte[SALT];
        random.nextBytes(salt);
        return of(password, salt);
    }

    /** Whether it may be such a value. */
    static boolean isHash(String text) {
        boolean hex = text.length() == 61 && text.startsWith("16:");
        for (int i = 3; hex && i < text.length(); i++) {
            hex = Character.digit(text.charAt(i), 16) >= 0;
        }
        return hex;
    }

    static String of(String password, byte[] salt) {
        byte[] secret = password.getBytes(StandardCharsets.UTF_8);
        byte[] salted = Arrays.copyOf(salt, SALT + secret.length);
        System.arraycopy(secret, 0, salted, SALT, secret.length);
        try {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            int left = HASHED_BYTES;
            while (left > 0) {
                int count = Math.min(left, salted.length);
                sha1.update(salted, 0, count);
                left -= count;
            }
            HexFormat hex = HexFormat.of().withUpperCase();
            return "16:" + hex.formatHex(salt) + hex.toHexDigits((byte) INDICATOR) + hex.formatHex(sha1.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        } finally {
            Arrays.fill(secret, (byte) 0);
            Arrays.fill(salted, (byte) 0);
        }
    }
}
