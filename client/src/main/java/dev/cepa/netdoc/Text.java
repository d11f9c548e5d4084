package dev.cepa.netdoc;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Decoding the words of directory documents where they stand. Strict: what C tor refuses is refused. */
final class Text {
    /** Value of a base64 digit, or -1. */
    private static final byte[] BASE64 = new byte[128];

    /** Value of a hexadecimal digit in either case, or -1. */
    private static final byte[] HEX = new byte[128];

    static {
        Arrays.fill(HEX, (byte) -1);
        for (int i = 0; i < 16; i++) {
            HEX["0123456789abcdef".charAt(i)] = (byte) i;
            HEX["0123456789ABCDEF".charAt(i)] = (byte) i;
        }
        String digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        Arrays.fill(BASE64, (byte) -1);
        for (int i = 0; i < 64; i++) {
            BASE64[digits.charAt(i)] = (byte) i;
        }
    }

    private Text() {}

    /** Bytes as text, one character each. */
    static String ascii(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }

    /** An unsigned decimal number of at most {@code max}; -1 if it is none. */
    static long number(byte[] bytes, int from, int to, long max) {
        if (from >= to) {
            return -1;
        }
        long value = 0;
        for (int i = from; i < to; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            value = value * 10 + digit;
            if (value > max) {
                return -1;
            }
        }
        return value;
    }

    /** Decodes base64, with or without padding, if it is exactly {@code length} bytes. */
    static boolean base64(byte[] text, int from, int to, byte[] out, int at, int length) {
        int digits = (length * 8 + 5) / 6;
        int padded = (length + 2) / 3 * 4;
        if (to - from != digits && to - from != padded) {
            return false;
        }
        for (int i = from + digits; i < to; i++) {
            if (text[i] != '=') {
                return false;
            }
        }
        int buffer = 0;
        int bits = 0;
        int end = at + length;
        for (int i = from; i < from + digits; i++) {
            byte c = text[i];
            int value = c < 0 ? -1 : BASE64[c];
            if (value < 0) {
                return false;
            }
            buffer = buffer << 6 | value;
            bits += 6;
            if (bits >= 8 && at < end) {
                bits -= 8;
                out[at++] = (byte) (buffer >> bits);
            }
        }
        return true;
    }

    /**
     * Decodes {@code 2 * length} hexadecimal digits, in either case; false if one is none. The caller checks the
     * bounds.
     */
    static boolean hex(byte[] text, int from, byte[] out, int at, int length) {
        for (int i = 0; i < length; i++) {
            byte high = text[from + 2 * i];
            byte low = text[from + 2 * i + 1];
            if ((high | low) < 0) {
                return false;
            }
            int value = HEX[high] << 4 | HEX[low];
            if (value < 0) {
                return false;
            }
            out[at + i] = (byte) value;
        }
        return true;
    }

    /** The 19 characters {@code YYYY-MM-DD HH:MM:SS} as seconds since the epoch; -1 if they are none, or before it. */
    static long time(byte[] text, int at) {
        if (text[at + 4] != '-' || text[at + 7] != '-' || text[at + 10] != ' ') {
            return -1;
        }
        if (text[at + 13] != ':' || text[at + 16] != ':') {
            return -1;
        }
        int year = (int) number(text, at, at + 4, 9999);
        int month = (int) number(text, at + 5, at + 7, 12);
        int day = (int) number(text, at + 8, at + 10, 31);
        int hour = (int) number(text, at + 11, at + 13, 23);
        int minute = (int) number(text, at + 14, at + 16, 59);
        int second = (int) number(text, at + 17, at + 19, 60);
        return Math.max(-1, UtcTime.seconds(year, month, day, hour, minute, second));
    }

    /** The four bytes of a dotted address as a number in network order; -1 if it is none. */
    static long ipv4(byte[] text, int from, int to) {
        long address = 0;
        int parts = 0;
        int start = from;
        for (int i = from; i <= to; i++) {
            if (i == to || text[i] == '.') {
                long part = i - start > 3 ? -1 : number(text, start, i, 255);
                if (part < 0 || ++parts > 4) {
                    return -1;
                }
                address = address << 8 | part;
                start = i + 1;
            }
        }
        return parts == 4 ? address : -1;
    }

    /** Decodes an IPv6 address without brackets into 16 bytes; false if it is none. A dotted tail is taken as well. */
    static boolean ipv6(byte[] text, int from, int to, byte[] out, int at) {
        int groups = 0;
        int gap = -1;
        int i = from;
        int[] group = new int[8];
        if (to - from >= 2 && text[i] == ':' && text[i + 1] == ':') {
            gap = 0;
            i += 2;
        }
        while (i < to) {
            int stop = i;
            boolean dotted = false;
            while (stop < to && text[stop] != ':') {
                dotted |= text[stop] == '.';
                stop++;
            }
            if (dotted) {
                long tail = ipv4(text, i, stop);
                if (tail < 0 || stop != to || groups > 6) {
                    return false;
                }
                group[groups++] = (int) (tail >> 16);
                group[groups++] = (int) (tail & 0xffff);
                break;
            }
            if (stop == i || stop - i > 4 || groups == 8) {
                return false;
            }
            int value = 0;
            for (int j = i; j < stop; j++) {
                int digit = text[j] < 0 ? -1 : HEX[text[j]];
                if (digit < 0) {
                    return false;
                }
                value = value << 4 | digit;
            }
            group[groups++] = value;
            i = stop + 1;
            if (stop < to) {
                if (i == to) {
                    return false;
                }
                if (text[i] == ':') {
                    if (gap >= 0) {
                        return false;
                    }
                    gap = groups;
                    i++;
                }
            }
        }
        if (gap < 0 ? groups != 8 : groups > 7) {
            return false;
        }
        for (int g = 0; g < 8; g++) {
            int fill = 8 - groups;
            int value = gap < 0 || g < gap ? group[g] : g < gap + fill ? 0 : group[g - fill];
            out[at + 2 * g] = (byte) (value >> 8);
            out[at + 2 * g + 1] = (byte) value;
        }
        return true;
    }
}
