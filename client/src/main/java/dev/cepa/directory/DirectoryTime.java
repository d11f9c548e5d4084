package dev.cepa.directory;

import dev.cepa.netdoc.UtcTime;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Times in HTTP headers, as {@code Sun, 06 Nov 1994 08:49:37 GMT}; and in Tor's documents, as {@code 1994-11-06 08:49:37}. */
final class DirectoryTime {
    private static final String DAYS = "MonTueWedThuFriSatSun";
    private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
    private static final int LENGTH = 29;

    private DirectoryTime() {}

    /** In HTTP's form. */
    static String format(Instant instant) {
        UtcTime t = UtcTime.of(instant.getEpochSecond());
        int day = 3 * (t.dayOfWeek() - 1);
        int month = 3 * (t.month() - 1);
        StringBuilder out = new StringBuilder(LENGTH).append(DAYS, day, day + 3).append(", ");
        out.append((char) ('0' + t.day() / 10)).append((char) ('0' + t.day() % 10));
        out.append(' ').append(MONTHS, month, month + 3).append(' ').append(t.year()).append(' ');
        t.appendTime(out);
        return out.append(" GMT").toString();
    }

    /** In the form of Tor's documents. */
    static String formatIso(Instant instant) {
        UtcTime t = UtcTime.of(instant.getEpochSecond());
        StringBuilder out = new StringBuilder(19);
        t.appendDate(out);
        t.appendTime(out.append(' '));
        return out.toString();
    }

    /** Reads HTTP's form; null if it is not in it. */
    static @Nullable Instant parse(String text) {
        if (text.length() != LENGTH || !text.endsWith(" GMT") || text.charAt(3) != ',') {
            return null;
        }
        int month = MONTHS.indexOf(text.substring(8, 11));
        if (month < 0 || month % 3 != 0) {
            return null;
        }
        long second = UtcTime.seconds(
                number(text, 12, 16), month / 3 + 1, number(text, 5, 7),
                number(text, 17, 19), number(text, 20, 22), number(text, 23, 25));
        return second == UtcTime.NONE ? null : Instant.ofEpochSecond(second);
    }

    /**
     * Reads the form of Tor's documents from bytes.
     *
     * @return seconds since 1970; 0 if it is not a time in that form
     */
    static long parseIso(byte[] buf, int offset, int length) {
        if (length != 19) {
            return 0;
        }
        String text = new String(buf, offset, length, StandardCharsets.ISO_8859_1);
        long second = UtcTime.seconds(
                number(text, 0, 4), number(text, 5, 7), number(text, 8, 10),
                number(text, 11, 13), number(text, 14, 16), number(text, 17, 19));
        return second == UtcTime.NONE ? 0 : second;
    }

    /** -1 if there is something else than digits. */
    private static int number(String text, int from, int to) {
        int value = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + c - '0';
        }
        return value;
    }
}
