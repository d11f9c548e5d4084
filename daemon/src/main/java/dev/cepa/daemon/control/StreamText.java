package dev.cepa.daemon.control;

import dev.cepa.event.StreamFacts;
import dev.cepa.event.StreamOrigin;
import dev.cepa.event.TorEvent.StreamStatus;
import org.jspecify.annotations.Nullable;

/** Streams as control-spec has them, in STREAM events and in stream-status (section 4.1.2). */
final class StreamText {
    private static final String DIRECTORY = "directory of ";

    private StreamText() {}

    /** {@code 12 SUCCEEDED 4 example.com:80}. */
    static String of(StreamStatus stream, String status, long circuit) {
        return stream.streamId() + " " + status + " " + circuit + " " + target(stream.target());
    }

    /** The same with more: why it ended, whom it is for. */
    static String of(StreamStatus stream, String status, long circuit, String reason, boolean isNew) {
        StringBuilder out = new StringBuilder(160).append(of(stream, status, circuit));
        StreamFacts facts = stream.facts();
        StreamOrigin origin = facts == null ? null : facts.origin();
        if (!reason.isEmpty()) {
            out.append(' ').append(reason);
        }
        if (isNew) {
            if (origin != null && !origin.source().isEmpty()) {
                out.append(" SOURCE_ADDR=").append(origin.source());
            }
            out.append(" PURPOSE=").append(isDirectory(stream.target()) ? "DIR_FETCH" : "USER");
        }
        appendOrigin(out, origin);
        return out.toString();
    }

    private static void appendOrigin(StringBuilder out, @Nullable StreamOrigin origin) {
        if (origin == null) {
            out.append(" CLIENT_PROTOCOL=UNKNOWN");
            return;
        }
        if (!origin.user().isEmpty()) {
            quote(out.append(" SOCKS_USERNAME="), origin.user());
        }
        if (!origin.password().isEmpty()) {
            quote(out.append(" SOCKS_PASSWORD="), origin.password());
        }
        out.append(" CLIENT_PROTOCOL=").append(origin.protocol().equals("HTTP") ? "HTTPCONNECT" : origin.protocol());
    }

    /** @param bytes one character each */
    private static void quote(StringBuilder out, String bytes) {
        out.append('"');
        for (int i = 0; i < bytes.length(); i++) {
            char c = bytes.charAt(i);
            switch (c) {
                case '\\', '"', '\'' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                case '\r' -> out.append("\\r");
                default -> {
                    if (c >= ' ' && c < 127) {
                        out.append(c);
                    } else {
                        out.append('\\').append((char) ('0' + (c >> 6 & 3)));
                        out.append((char) ('0' + (c >> 3 & 7))).append((char) ('0' + (c & 7)));
                    }
                }
            }
        }
        out.append('"');
    }

    private static boolean isDirectory(String target) {
        return target.startsWith(DIRECTORY);
    }

    /** One word in any case: a relay's directory is its {@code .exit} name, as in C tor, with a port that is none. */
    private static String target(String target) {
        if (!isDirectory(target)) {
            return target;
        }
        int at = target.indexOf('$');
        int end = target.indexOf('~');
        return (at < 0 ? "bridge" : target.substring(at, end < at ? target.length() : end)) + ".exit:1";
    }
}
