package dev.cepa.path;

import dev.cepa.netdoc.UtcTime;

/** Times as C tor's state file writes them: {@code 2026-11-24T03:42:00} or with a blank in the middle, UTC, to the second. */
final class StateTime {
    private StateTime() {}

    /** @param middle what stands between date and time, {@code 'T'} or a blank */
    static String format(long epochSecond, char middle) {
        UtcTime time = UtcTime.of(epochSecond);
        StringBuilder out = new StringBuilder(19);
        time.appendDate(out);
        time.appendTime(out.append(middle));
        return out.toString();
    }

    /** Seconds since 1970, or -1 if the text is no such time or before 1970. */
    static long parse(String text, char middle) {
        if (text.length() != 19 || text.charAt(4) != '-' || text.charAt(7) != '-' || text.charAt(10) != middle
                || text.charAt(13) != ':' || text.charAt(16) != ':') {
            return -1;
        }
        return Math.max(
                -1,
                UtcTime.seconds(
                        digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10),
                        digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19)));
    }

    private static int digits(String text, int from, int to) {
        return AddressPattern.number(text.substring(from, to));
    }
}
