package dev.cepa.onion;

import org.jspecify.annotations.Nullable;

/** Base32 without padding (RFC 4648 section 6) as Tor writes it, in lower case; read in either case. */
final class Base32 {
    private static final String DIGITS = "abcdefghijklmnopqrstuvwxyz234567";

    private Base32() {}

    static String encode(byte[] bytes) {
        StringBuilder out = new StringBuilder((8 * bytes.length + 4) / 5);
        int buffer = 0;
        int bits = 0;
        for (byte b : bytes) {
            buffer = buffer << 8 | b & 0xff;
            bits += 8;
            while (bits >= 5) {
                bits -= 5;
                out.append(DIGITS.charAt(buffer >> bits & 31));
            }
        }
        if (bits > 0) {
            out.append(DIGITS.charAt(buffer << 5 - bits & 31));
        }
        return out.toString();
    }

    /** Exactly {@code length} bytes; null if the text is anything else. Bits left over are ignored. */
    static byte @Nullable [] decode(String text, int length) {
        if (text.length() != (8 * length + 4) / 5) {
            return null;
        }
        byte[] out = new byte[length];
        int at = 0;
        int buffer = 0;
        int bits = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int digit = DIGITS.indexOf(c >= 'A' && c <= 'Z' ? c + 32 : c);
            if (digit < 0) {
                return null;
            }
            buffer = buffer << 5 | digit;
            bits += 5;
            if (bits >= 8 && at < length) {
                bits -= 8;
                out[at++] = (byte) (buffer >> bits);
            }
        }
        return out;
    }
}
