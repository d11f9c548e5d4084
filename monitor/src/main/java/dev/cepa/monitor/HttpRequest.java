package dev.cepa.monitor;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request's head. Immutable.
 *
 * @param method GET and the like
 * @param path without the question mark and what follows it
 * @param query what follows the question mark; empty without one
 * @param keepsAlive whether the connection may be used for another request
 * @param headers by name in small letters; of several with one name, the last
 */
record HttpRequest(String method, String path, String query, boolean keepsAlive, Map<String, String> headers) {
    private static final int MOST_BYTES = 8192;
    private static final int MOST_HEADERS = 64;

    /** What came is no request. */
    static final class BadRequest extends IOException {
        private static final long serialVersionUID = 1;

        /** The status to answer with. */
        private final int status;

        BadRequest(int status, String message) {
            super(message);
            this.status = status;
        }

        int status() {
            return status;
        }
    }

    /** Reads one; null if the connection ends before it begins. */
    static @Nullable HttpRequest read(InputStream in) throws IOException {
        int[] left = {MOST_BYTES};
        String line = readLine(in, left);
        if (line == null) {
            return null;
        }
        int first = line.indexOf(' ');
        int last = line.lastIndexOf(' ');
        String version = line.substring(last + 1);
        if (first <= 0 || last <= first || !version.startsWith("HTTP/1.")) {
            throw new BadRequest(400, "not an HTTP request");
        }
        String target = line.substring(first + 1, last);
        int question = target.indexOf('?');
        Map<String, String> headers = new HashMap<>();
        while (true) {
            String header = readLine(in, left);
            if (header == null) {
                throw new BadRequest(400, "the request is cut short");
            }
            if (header.isEmpty()) {
                break;
            }
            int colon = header.indexOf(':');
            if (colon <= 0 || headers.size() == MOST_HEADERS) {
                throw new BadRequest(400, "a bad header, or too many of them");
            }
            String name = header.substring(0, colon).toLowerCase(Locale.ROOT);
            if (headers.put(name, header.substring(colon + 1).strip()) != null && name.equals("host")) {
                throw new BadRequest(400, "more than one Host");
            }
        }
        if (headers.containsKey("transfer-encoding") || !headers.getOrDefault("content-length", "0").equals("0")) {
            throw new BadRequest(413, "requests have no body here");
        }
        String connection = headers.getOrDefault("connection", "").toLowerCase(Locale.ROOT);
        return new HttpRequest(
                line.substring(0, first),
                question < 0 ? target : target.substring(0, question),
                question < 0 ? "" : target.substring(question + 1),
                !version.equals("HTTP/1.0") && !connection.equals("close"),
                headers);
    }

    private static @Nullable String readLine(InputStream in, int[] left) throws IOException {
        byte[] line = new byte[256];
        int length = 0;
        while (true) {
            int c = in.read();
            if (c < 0) {
                if (length == 0) {
                    return null;
                }
                throw new BadRequest(400, "the request is cut short");
            }
            if (--left[0] < 0) {
                throw new BadRequest(431, "the request's head is too long");
            }
            if (c == '\n') {
                break;
            }
            if (length == line.length) {
                line = java.util.Arrays.copyOf(line, 2 * length);
            }
            line[length++] = (byte) c;
        }
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return new String(line, 0, length, StandardCharsets.ISO_8859_1);
    }
}
