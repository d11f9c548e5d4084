package dev.cepa.daemon.control;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Texts in double quotes with backslashes (control-spec section 2.1.1), as C tor reads and writes them. */
public final class Quoted {
    /**
     * A text that has been read.
     *
     * @param end where it ends, after the quote
     */
    record Found(String text, int end) {}

    private Quoted() {}

    /**
     * Reads one with C's escapes. Bytes above 127 that escapes stand for are UTF-8.
     *
     * @param start where the first quote is
     * @return null if it is not well-formed, or has a zero in it
     */
    static @Nullable Found read(String text, int start) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(text.length() - start);
        int at = start + 1;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return new Found(out.toString(StandardCharsets.UTF_8), at);
            }
            if (c == '\n' || c == 0) {
                return null;
            }
            if (c != '\\') {
                int next = at - 1 + Character.charCount(text.codePointAt(at - 1));
                out.writeBytes(text.substring(at - 1, next).getBytes(StandardCharsets.UTF_8));
                at = next;
                continue;
            }
            if (at == text.length()) {
                return null;
            }
            char escaped = text.charAt(at++);
            int value;
            switch (escaped) {
                case 'n' -> value = '\n';
                case 'r' -> value = '\r';
                case 't' -> value = '\t';
                case '"', '\\', '\'' -> value = escaped;
                case 'x', 'X' -> {
                    value = at + 1 < text.length() ? hex(text.charAt(at)) << 4 | hex(text.charAt(at + 1)) : -1;
                    at += 2;
                }
                default -> {
                    value = octal(escaped);
                    for (int i = 0; value >= 0 && i < 2 && at < text.length() && octal(text.charAt(at)) >= 0; i++) {
                        value = value * 8 + octal(text.charAt(at++));
                    }
                }
            }
            if (value <= 0 || value > 255) {
                return null;
            }
            out.write(value);
        }
        return null;
    }

    /** Reads one where a backslash makes any character stand for itself; null if it does not end. */
    static @Nullable Found readPlain(String text, int start) {
        StringBuilder out = new StringBuilder();
        for (int at = start + 1; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                return new Found(out.toString(), at + 1);
            }
            if (c == '\\') {
                if (++at == text.length()) {
                    return null;
                }
                c = text.charAt(at);
            }
            if (c == 0) {
                return null;
            }
            out.append(c);
        }
        return null;
    }

    private static int hex(char c) {
        return c < 128 ? Character.digit(c, 16) : -1;
    }

    private static int octal(char c) {
        return c >= '0' && c <= '7' ? c - '0' : -1;
    }

    /** Writes a text in quotes; whatever is not printable ASCII is an escape. */
    public static String of(String text) {
        StringBuilder out = new StringBuilder(text.length() + 2).append('"');
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            switch (b) {
                case '\\', '"', '\'' -> out.append('\\').append((char) b);
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                case '\r' -> out.append("\\r");
                default -> {
                    if (b >= ' ' && b < 127) {
                        out.append((char) b);
                    } else {
                        out.append('\\').append((char) ('0' + (b >> 6 & 3)));
                        out.append((char) ('0' + (b >> 3 & 7))).append((char) ('0' + (b & 7)));
                    }
                }
            }
        }
        return out.append('"').toString();
    }
}
