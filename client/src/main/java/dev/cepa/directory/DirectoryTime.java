package dev.cepa.directory;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/** Times in HTTP headers, as {@code Sun, 06 Nov 1994 08:49:37 GMT}; and in Tor's documents, as {@code 1994-11-06 08:49:37}. */
final class DirectoryTime {
    private static final String DAYS = "MonTueWedThuFriSatSun";
    private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
    private static final int LENGTH = 29;

    private DirectoryTime() {}

    /** In HTTP's form. */
    static String format(Instant instant) {
        LocalDateTime t = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
        int day = 3 * (t.getDayOfWeek().getValue() - 1);
        int month = 3 * (t.getMonthValue() - 1);
        StringBuilder out = new StringBuilder(LENGTH).append(DAYS, day, day + 3).append(", ");
        two(out, t.getDayOfMonth());
        out.append(' ').append(MONTHS, month, month + 3).append(' ').append(t.getYear()).append(' ');
        time(out, t);
        return out.append(" GMT").toString();
    }

    /** In the form of Tor's documents. */
    static String formatIso(Instant instant) {
        LocalDateTime t = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
        StringBuilder out = new StringBuilder(19).append(t.getYear()).append('-');
        two(out, t.getMonthValue());
        two(out.append('-'), t.getDayOfMonth());
        time(out.append(' '), t);
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
        try {
            return LocalDateTime.of(
                            number(text, 12, 16),
                            month / 3 + 1,
                            number(text, 5, 7),
                            number(text, 17, 19),
                            number(text, 20, 22),
                            Math.min(59, number(text, 23, 25)))
                    .toInstant(ZoneOffset.UTC);
        } catch (DateTimeException | NumberFormatException e) {
            return null;
        }
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
        try {
            return LocalDateTime.of(
                            number(text, 0, 4),
                            number(text, 5, 7),
                            number(text, 8, 10),
                            number(text, 11, 13),
                            number(text, 14, 16),
                            Math.min(59, number(text, 17, 19)))
                    .toEpochSecond(ZoneOffset.UTC);
        } catch (DateTimeException | NumberFormatException e) {
            return 0;
        }
    }

    private static int number(String text, int from, int to) {
        int value = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                throw new NumberFormatException();
            }
            value = value * 10 + c - '0';
        }
        return value;
    }

    private static void time(StringBuilder out, LocalDateTime t) {
        two(out, t.getHour());
        two(out.append(':'), t.getMinute());
        two(out.append(':'), t.getSecond());
    }

    private static void two(StringBuilder out, int value) {
        out.append((char) ('0' + value / 10)).append((char) ('0' + value % 10));
    }
}
