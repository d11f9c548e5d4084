package dev.cepa.daemon.control;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoField;

/** Times as control-spec has them (section 2.4, ISOTime and its kin), in UTC unless a zone is named. */
final class IsoTime {
    private IsoTime() {}

    /** {@code 2026-11-30 02:08:00}. */
    static String seconds(Instant time) {
        return seconds(time, ZoneOffset.UTC, ' ');
    }

    /** The same in that zone, with that between date and time. */
    static String seconds(Instant time, ZoneId zone, char separator) {
        StringBuilder out = new StringBuilder(19);
        append(out, LocalDateTime.ofInstant(time, zone), separator);
        return out.toString();
    }

    /** {@code 2026-11-30T02:07:47.697356}. */
    static String micros(Instant time) {
        LocalDateTime utc = LocalDateTime.ofInstant(time, ZoneOffset.UTC);
        StringBuilder out = new StringBuilder(26);
        append(out, utc, 'T');
        number(out.append('.'), utc.get(ChronoField.MICRO_OF_SECOND), 100_000);
        return out.toString();
    }

    private static void append(StringBuilder out, LocalDateTime time, char separator) {
        number(out, time.getYear(), 1000);
        number(out.append('-'), time.getMonthValue(), 10);
        number(out.append('-'), time.getDayOfMonth(), 10);
        number(out.append(separator), time.getHour(), 10);
        number(out.append(':'), time.getMinute(), 10);
        number(out.append(':'), time.getSecond(), 10);
    }

    private static void number(StringBuilder out, int value, int highest) {
        for (int unit = highest; unit > 0; unit /= 10) {
            out.append((char) ('0' + value / unit % 10));
        }
    }
}
