package dev.cepa.testnet;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/1.1 request as far as {@link WebServer} needs it. The body is a stream that ends with the message, whether its
 * length was announced or it comes in chunks. For one thread.
 */
final class HttpMessage {
    private static final int LONGEST_LINE = 16_384;
    private static final int MOST_HEADERS = 200;

    private final String method;
    private final String target;
    private final Map<String, String> headers;
    private final InputStream body;

    private HttpMessage(String method, String target, Map<String, String> headers, InputStream body) {
        this.method = method;
        this.target = target;
        this.headers = headers;
        this.body = body;
    }

    /** The next request, or null at the end of the connection; answers {@code Expect: 100-continue} by itself. */
    static @Nullable HttpMessage read(InputStream in, OutputStream out) throws IOException {
        String start = readLine(in);
        if (start == null) {
            return null;
        }
        int first = start.indexOf(' ');
        int last = start.lastIndexOf(' ');
        if (first < 0 || last <= first) {
            throw new IOException("not an HTTP request");
        }
        Map<String, String> headers = new HashMap<>();
        String line;
        while ((line = readLine(in)) != null && !line.isEmpty()) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
            }
            if (headers.size() > MOST_HEADERS) {
                throw new IOException("too many headers");
            }
        }
        if ("100-continue".equalsIgnoreCase(headers.get("expect"))) {
            out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            out.flush();
        }
        boolean chunked = "chunked".equalsIgnoreCase(headers.get("transfer-encoding"));
        long length = Long.parseLong(headers.getOrDefault("content-length", "0"));
        return new HttpMessage(start.substring(0, first), start.substring(first + 1, last), headers,
                new Body(in, chunked, chunked ? 0 : length));
    }

    String method() {
        return method;
    }

    /** The path without the query. */
    String path() {
        int mark = target.indexOf('?');
        return mark < 0 ? target : target.substring(0, mark);
    }

    /** A number of the query, such as {@code seed} of {@code ?seed=1}. */
    long parameter(String name, long otherwise) {
        int mark = target.indexOf('?');
        if (mark >= 0) {
            for (String pair : target.substring(mark + 1).split("&", -1)) {
                if (pair.startsWith(name + "=")) {
                    return Long.parseLong(pair.substring(name.length() + 1));
                }
            }
        }
        return otherwise;
    }

    /** A header by its lower-case name, or null. */
    @Nullable String header(String name) {
        return headers.get(name);
    }

    InputStream body() {
        return body;
    }

    private static @Nullable String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder(80);
        int next;
        while ((next = in.read()) != '\n') {
            if (next < 0) {
                if (line.isEmpty()) {
                    return null;
                }
                throw new EOFException("the connection ended within a line");
            }
            if (line.length() >= LONGEST_LINE) {
                throw new IOException("line too long");
            }
            line.append((char) next);
        }
        int length = line.length();
        return length > 0 && line.charAt(length - 1) == '\r' ? line.substring(0, length - 1) : line.toString();
    }

    private static final class Body extends InputStream {
        private final InputStream in;
        private final boolean chunked;
        /** Bytes left of the body, or of the current chunk. */
        private long left;
        private boolean first = true;
        private boolean ended;

        Body(InputStream in, boolean chunked, long length) {
            this.in = in;
            this.chunked = chunked;
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left == 0 && chunked && !ended) {
                nextChunk();
            }
            if (left == 0) {
                return -1;
            }
            int count = in.read(buffer, offset, (int) Math.min(left, length));
            if (count < 0) {
                throw new EOFException("the connection ended within a body");
            }
            left -= count;
            return count;
        }

        private void nextChunk() throws IOException {
            if (!first) {
                readLine(in);
            }
            first = false;
            String size = readLine(in);
            if (size == null) {
                throw new EOFException("the connection ended within a body");
            }
            int semicolon = size.indexOf(';');
            left = Long.parseLong((semicolon < 0 ? size : size.substring(0, semicolon)).strip(), 16);
            if (left == 0) {
                ended = true;
                String trailer;
                do {
                    trailer = readLine(in);
                } while (trailer != null && !trailer.isEmpty());
            }
        }
    }
}
