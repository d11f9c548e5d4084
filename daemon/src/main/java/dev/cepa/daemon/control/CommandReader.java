package dev.cepa.daemon.control;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Takes commands out of a stream (control-spec section 2.2): a line each, or several lines and a dot after a {@code +}. Lines
 * end in CRLF or LF. Used by one thread.
 */
final class CommandReader {
    /** As in C tor: no command is longer. */
    static final int LONGEST = 1 << 20;

    /** A command, or part of it, that is longer than may be. */
    static final class TooLongException extends IOException {
        private static final long serialVersionUID = 1;

        TooLongException() {
            super("a command is too long");
        }
    }

    /**
     * A command.
     *
     * @param keyword in capital letters, with its {@code +}
     * @param typed the same as it was sent
     * @param line what follows it
     * @param rawLine the same, a byte each character
     * @param body as {@link Request#body}
     */
    record Raw(String keyword, String typed, String line, String rawLine, String body) {}

    private final InputStream in;
    private final byte[] buffer = new byte[2048];
    private int at;
    private int end;

    CommandReader(InputStream in) {
        this.in = in;
    }

    /**
     * Waits for the next one.
     *
     * @param limit so many bytes at most
     * @return null at the end of the stream
     * @throws TooLongException if it is longer
     */
    @Nullable Raw next(int limit) throws IOException {
        byte[] first = line(limit);
        if (first == null) {
            return null;
        }
        String body = first.length > 0 && first[0] == '+' ? body(limit - first.length) : "";
        if (body == null) {
            return null;
        }
        int keywordEnd = 0;
        while (keywordEnd < first.length && !isBlank(first[keywordEnd])) {
            keywordEnd++;
        }
        int lineStart = keywordEnd;
        while (lineStart < first.length && isBlank(first[lineStart])) {
            lineStart++;
        }
        int length = first.length - lineStart;
        String typed = new String(first, 0, keywordEnd, StandardCharsets.UTF_8);
        return new Raw(
                Arguments.upper(typed),
                typed,
                new String(first, lineStart, length, StandardCharsets.UTF_8),
                new String(first, lineStart, length, StandardCharsets.ISO_8859_1),
                body);
    }

    private @Nullable String body(int limit) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        while (true) {
            byte[] line = line(limit - out.size());
            if (line == null) {
                return null;
            }
            if (line.length == 1 && line[0] == '.') {
                return out.toString(StandardCharsets.UTF_8);
            }
            int skipped = line.length > 0 && line[0] == '.' ? 1 : 0;
            out.write(line, skipped, line.length - skipped);
            out.write('\n');
        }
    }

    /** One line without its end; null if the stream ends before. */
    private byte @Nullable [] line(int limit) throws IOException {
        byte[] line = new byte[64];
        int length = 0;
        while (true) {
            if (at == end) {
                end = Math.max(0, in.read(buffer));
                at = 0;
                if (end == 0) {
                    return null;
                }
            }
            int stop = at;
            while (stop < end && buffer[stop] != '\n') {
                stop++;
            }
            int count = stop - at;
            if (length + count >= limit) {
                throw new TooLongException();
            }
            if (length + count > line.length) {
                line = Arrays.copyOf(line, Math.max(2 * line.length, length + count));
            }
            System.arraycopy(buffer, at, line, length, count);
            length += count;
            at = stop;
            if (stop < end) {
                at++;
                if (length > 0 && line[length - 1] == '\r') {
                    length--;
                }
                return Arrays.copyOf(line, length);
            }
        }
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b >= '\t' && b <= '\r';
    }
}
