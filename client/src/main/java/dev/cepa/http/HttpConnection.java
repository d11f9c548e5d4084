package dev.cepa.http;

import dev.cepa.error.Deadline;
import dev.cepa.error.ProtocolException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** One connection, used by one request at a time: writes requests, reads response heads (RFC 9112). */
final class HttpConnection {
    private static final int MAX_LINE = 16 * 1024;
    private static final int MAX_HEADERS = 200;
    private static final int MAX_INTERIM = 10;

    /** Status and headers of a response. */
    record Head(int status, HttpHeaders headers, boolean keepAlive) {}

    private final ConnectionPool.Key key;
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private int uses;
    private volatile long idleSince;

    HttpConnection(ConnectionPool.Key key, Socket socket) throws IOException {
        this.key = key;
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream(), 8 * 1024);
        this.out = socket.getOutputStream();
    }

    ConnectionPool.Key key() {
        return key;
    }

    /** Requests answered on it before. */
    int uses() {
        return uses;
    }

    long idleSince() {
        return idleSince;
    }

    void becameIdle() {
        uses++;
        idleSince = System.nanoTime();
    }

    @Nullable SSLSession session() {
        return socket instanceof SSLSocket tls ? tls.getSession() : null;
    }

    void setDeadline(Deadline deadline) throws IOException {
        socket.setSoTimeout(Math.max(1, deadline.millisLeft()));
    }

    void sendRequest(HttpRequest request, Map<String, List<String>> cookies, Deadline deadline) throws IOException {
        URI uri = request.uri();
        StringBuilder head = new StringBuilder(256);
        String path = uri.getRawPath();
        head.append(request.method()).append(' ').append(path == null || path.isEmpty() ? "/" : path);
        if (uri.getRawQuery() != null) {
            head.append('?').append(uri.getRawQuery());
        }
        head.append(" HTTP/1.1\r\nHost: ").append(uri.getHost());
        if (uri.getPort() >= 0) {
            head.append(':').append(uri.getPort());
        }
        head.append("\r\n");
        append(head, request.headers().map());
        append(head, cookies);
        HttpRequest.BodyPublisher body = request.bodyPublisher().orElse(null);
        long length = body == null ? 0 : body.contentLength();
        if (length < 0) {
            head.append("Transfer-Encoding: chunked\r\n");
        } else if (length > 0 || request.method().equals("POST") || request.method().equals("PUT")) {
            head.append("Content-Length: ").append(length).append("\r\n");
        }
        head.append("\r\n");
        out.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
        if (body != null && length != 0) {
            BodySender.send(body, length, out, deadline);
        }
        out.flush();
    }

    private static void append(StringBuilder head, Map<String, List<String>> headers) {
        for (Map.Entry<String, List<String>> header : headers.entrySet()) {
            for (String value : header.getValue()) {
                head.append(header.getKey()).append(": ").append(value).append("\r\n");
            }
        }
    }

    /** Reads the head of the final response; interim ones (1xx) are read over. */
    Head readHead(Deadline deadline) throws IOException {
        for (int i = 0; i < MAX_INTERIM; i++) {
            setDeadline(deadline);
            Head head = readOneHead();
            if (head.status >= 200 || head.status == 101) {
                return head;
            }
        }
        throw new ProtocolException("more than " + MAX_INTERIM + " interim responses");
    }

    private Head readOneHead() throws IOException {
        String line = readLine(in);
        if (line == null) {
            throw new IOException("the server closed the connection without a response");
        }
        if (!line.startsWith("HTTP/1.") || line.length() < 12 || line.charAt(8) != ' ') {
            throw new ProtocolException("the answer is not HTTP/1.1");
        }
        int status;
        try {
            status = Integer.parseInt(line, 9, 12, 10);
        } catch (NumberFormatException e) {
            throw new ProtocolException("the response has no status", e);
        }
        boolean keepAlive = line.charAt(7) != '0';
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int n = 0; ; n++) {
            String header = readLine(in);
            if (header == null || n > MAX_HEADERS) {
                throw new ProtocolException(header == null ? "the response's head is cut short" : "too many headers");
            }
            if (header.isEmpty()) {
                break;
            }
            int colon = header.indexOf(':');
            if (colon <= 0) {
                throw new ProtocolException("a response header has no name");
            }
            String name = header.substring(0, colon);
            String value = header.substring(colon + 1).strip();
            headers.computeIfAbsent(name, unused -> new ArrayList<>()).add(value);
            if (name.equalsIgnoreCase("Connection")) {
                String words = value.toLowerCase(Locale.ROOT);
                keepAlive = keepAlive && !words.contains("close");
            }
        }
        return new Head(status, HttpHeaders.of(headers, (name, value) -> true), keepAlive);
    }

    /** How the body of that response is delimited (RFC 9112 section 6.3). */
    BodyReader body(String method, Head head) throws IOException {
        int status = head.status;
        HttpHeaders headers = head.headers;
        if (method.equals("HEAD") || status == 204 || status == 304 || status == 101) {
            return BodyReader.empty(head.keepAlive && status != 101);
        }
        if (headers.firstValue("Transfer-Encoding").isPresent()) {
            if (!headers.firstValue("Transfer-Encoding").get().equalsIgnoreCase("chunked")) {
                throw new ProtocolException("the response has a transfer encoding that was not asked for");
            }
            return BodyReader.chunked(in, head.keepAlive);
        }
        List<String> lengths = headers.allValues("Content-Length");
        if (lengths.isEmpty()) {
            return BodyReader.untilEnd(in);
        }
        try {
            long length = Long.parseLong(lengths.getFirst());
            if (length < 0 || lengths.stream().distinct().count() > 1) {
                throw new ProtocolException("the response has no definite length");
            }
            return BodyReader.ofLength(in, length, head.keepAlive);
        } catch (NumberFormatException e) {
            throw new ProtocolException("the response's length is not a number", e);
        }
    }

    /** A line without its end; null at the end of the stream. */
    static @Nullable String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                return null;
            }
            if (line.length() == MAX_LINE) {
                throw new ProtocolException("a line of the response is longer than " + MAX_LINE + " bytes");
            }
            line.append((char) c);
        }
        int end = line.length();
        if (end > 0 && line.charAt(end - 1) == '\r') {
            line.setLength(end - 1);
        }
        return line.toString();
    }

    void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // Nothing is lost: the connection is not used again.
        }
    }
}
