package dev.cepa.daemon;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Log lines as JSON objects, for collectors. Loaded only if the log is to be written so. */
final class JsonLine {
    private JsonLine() {}

    /** Appends {@code {"time":...,"severity":...,"domain":...,"message":...}}; the time is UTC, as RFC 3339 has it. */
    static void append(
            StringBuilder out, long millis, Severity severity, int domain, String message, @Nullable Throwable cause) {
        Json json = new Json(out).open('{');
        json.name("time").text(Instant.ofEpochMilli(millis).toString());
        json.name("severity").text(severity.text());
        json.name("domain").text(LogDomains.name(domain));
        json.name("message").text(message);
        if (cause != null) {
            json.name("cause").text(cause.toString());
        }
        json.close('}');
    }
}
