package dev.cepa.path;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** Times as C tor's state file writes them: {@code 2026-11-24T03:42:00} or with a blank in the middle, UTC, to the second. */
final class StateTime {
    private StateTime() {}

    /** @param middle what stands between date and time, {@code 'T'} or a blank */
    static String format(long epochSecond, char middle) {
        LocalDateTime time = LocalDateTime.ofEpochSecond(epochSecond, 0, ZoneOffset.UTC);
        StringBuilder out = new StringBuilder(19);
        out.append(time.getYear());
        two(out, '-', time.getMonthValue());
        two(out, '-', time.getDayOfMonth());
        two(out, middle, time.getHour());
        two(out, ':', time.getMinute());
        two(out, ':', time.getSecond());
        return out.toString();
    }

    /** Seconds since 1970, or -1 if the text is no such time or before 1970. */
    static long parse(String text, char middle) {
        if (text.length() != 19 || text.charAt(4) != '-' || text.charAt(7) != '-' || text.charAt(10) != middle
                || text.charAt(13) != ':' || text.charAt(16) != ':') {
            return -1;
        }
        try {
            long second = LocalDateTime.of(
                            digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10),
                            digits(text, 11, 13), digits(text, 14, 16), Math.min(59, digits(text, 17, 19)))
                    .toEpochSecond(ZoneOffset.UTC);
            return Math.max(-1, second);
        } catch (DateTimeException e) {
            return -1;
        }
    }

    private static int digits(String text, int from, int to) {
        return AddressPattern.number(text.substring(from, to));
    }

    private static void two(StringBuilder out, char before, int value) {
        out.append(before);
        if (value < 10) {
            out.append('0');
        }
        out.append(value);
    }
}
