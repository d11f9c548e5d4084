package dev.cepa.daemon.control;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/** Times as the control port writes them: {@code 2026-11-30 02:03:04}. */
final class Times {
    private Times() {}

    static String utc(Instant time) {
        return text(time, ZoneOffset.UTC);
    }

    static String local(Instant time) {
        return text(time, ZoneId.systemDefault());
    }

    private static String text(Instant time, ZoneId zone) {
        String text = LocalDateTime.ofInstant(time.truncatedTo(ChronoUnit.SECONDS), zone).toString().replace('T', ' ');
        // At a full minute Java leaves the seconds out.
        return text.length() == "2026-01-01 00:00".length() ? text + ":00" : text;
    }
}
