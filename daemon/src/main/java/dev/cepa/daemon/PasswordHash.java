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
        try {
            HexFormat hex = HexFormat.of().withUpperCase();
            return "16:" + hex.formatHex(salt) + hex.toHexDigits((byte) INDICATOR)
                    + hex.formatHex(hash(secret, salt, HASHED_BYTES));
        } finally {
            Arrays.fill(secret, (byte) 0);
        }
    }

    /**
     * Whether a password is the one that a hash was made of. How long that takes says nothing about how much of it is right.
     *
     * @param text as {@link #isHash} wants it
     */
    static boolean matches(String text, byte[] password) {
        if (!isHash(text)) {
            return false;
        }
        byte[] bytes = HexFormat.of().parseHex(text, 3, text.length());
        int indicator = bytes[SALT] & 0xff;
        int count = 16 + (indicator & 15) << (indicator >> 4) + 6;
        byte[] hash = hash(password, Arrays.copyOf(bytes, SALT), count);
        return MessageDigest.isEqual(hash, Arrays.copyOfRange(bytes, SALT + 1, bytes.length));
    }

    /** SHA-1 of salt and secret, again and again until so many bytes have been hashed. */
    private static byte[] hash(byte[] secret, byte[] salt, int count) {
        byte[] salted = Arrays.copyOf(salt, SALT + secret.length);
        System.arraycopy(secret, 0, salted, SALT, secret.length);
        try {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            int left = count;
            while (left > 0) {
                int next = Math.min(left, salted.length);
                sha1.update(salted, 0, next);
                left -= next;
            }
            return sha1.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        } finally {
            Arrays.fill(salted, (byte) 0);
        }
    }
}
