package dev.cepa.directory;

import dev.cepa.circuit.TorStream;
import dev.cepa.directory.Decompression.Encoding;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * Asks a directory server, over a stream to it: HTTP/1.0, one question a stream (dir-spec section 6). What comes back is
 * not trusted: the head has at most {@value #MAX_HEAD} bytes, the body as many as the request allows. Thread-safe.
 */
public final class DirectoryClient {
    /** Bytes of a head, status line included. */
    static final int MAX_HEAD = 8192;

    private static final int MAX_REASON = 80;

    private final Decompression decompression;

    DirectoryClient(DirectorySettings.Encodings encodings) {
        decompression = new Decompression(encodings);
    }

    /** For questions that must not tell what kind of client asks; its answers are hardly compressed. */
    public static DirectoryClient anonymous() {
        return new DirectoryClient(DirectorySettings.Encodings.LIGHT);
    }

    /**
     * Asks over a stream, which closing the answer closes.
     *
     * @param deadline by when the answer must be there whole
     */
    public DirectoryAnswer ask(TorStream stream, DirectoryRequest request, Deadline deadline) throws IOException {
        try {
            return ask(new TimedInputStream(stream, deadline), stream.output(), request);
        } catch (IOException | RuntimeException e) {
            stream.close();
            throw e;
        }
    }

    /**
     * Sends a request and reads the head of the answer. The answer's body is read from {@code in}, and closing the answer
     * closes {@code in}.
     */
    public DirectoryAnswer ask(InputStream in, OutputStream out, DirectoryRequest request) throws IOException {
        byte[] head = request.head(decompression.acceptEncoding()).getBytes(StandardCharsets.US_ASCII);
        out.write(head);
        if (request.body() != null) {
            out.write(request.body());
        }
        out.flush();
        return readAnswer(in, request);
    }

    private DirectoryAnswer readAnswer(InputStream in, DirectoryRequest request) throws IOException {
        ReceivedBytes received = new ReceivedBytes(in);
        StringBuilder line = new StringBuilder(80);
        if (!readLine(received, line)) {
            throw new TorException(ErrorKind.RELAY_UNREACHABLE, "the directory server closed the stream without an answer");
        }
        int status = status(line);
        String reason = reason(line);
        Instant date = null;
        Encoding encoding = Encoding.IDENTITY;
        long length = -1;
        while (true) {
            if (!readLine(received, line)) {
                throw new ProtocolException("the head of a directory answer is cut short");
            }
            if (line.isEmpty()) {
                break;
            }
            int colon = line.indexOf(":");
            if (colon <= 0) {
                throw new ProtocolException("a directory answer has a header without a colon");
            }
            if (is(line, colon, "date")) {
                date = DirectoryTime.parse(value(line, colon));
            } else if (is(line, colon, "content-encoding")) {
                encoding = Encoding.of(value(line, colon));
            } else if (is(line, colon, "content-length")) {
                length = contentLength(value(line, colon));
            } else if (is(line, colon, "transfer-encoding")) {
                throw new ProtocolException("a directory answer in pieces, which HTTP/1.0 has not");
            }
        }
        if (request.anonymous() && encoding.isHeavy()) {
            throw new ProtocolException("an anonymous answer may not be compressed with " + encoding);
        }
        if (length > request.maxBytes()) {
            throw new ProtocolException(
                    "a directory answer has " + length + " bytes where " + request.maxBytes() + " are allowed");
        }
        received.beginBody(length, request.maxBytes());
        InputStream body = decompression.open(encoding, received, request.maxBytes());
        return new DirectoryAnswer(status, reason, date, encoding, body, received);
    }

    /** Reads a line, without its end; false if there is nothing. */
    private static boolean readLine(ReceivedBytes in, StringBuilder line) throws IOException {
        line.setLength(0);
        while (true) {
            int c = in.read();
            if (c < 0) {
                if (line.isEmpty()) {
                    return false;
                }
                throw new ProtocolException("the head of a directory answer is cut short");
            }
            if (in.taken() > MAX_HEAD) {
                throw new ProtocolException("the head of a directory answer has more than " + MAX_HEAD + " bytes");
            }
            if (c == '\n') {
                int last = line.length() - 1;
                if (last >= 0 && line.charAt(last) == '\r') {
                    line.setLength(last);
                }
                return true;
            }
            line.append((char) c);
        }
    }

    private static int status(StringBuilder line) throws ProtocolException {
        // "HTTP/1.0 200 OK"
        boolean fits = line.length() >= 12
                && line.indexOf("HTTP/1.") == 0
                && line.charAt(8) == ' '
                && (line.length() == 12 || line.charAt(12) == ' ');
        int status = 0;
        for (int i = 9; fits && i < 12; i++) {
            int digit = line.charAt(i) - '0';
            fits = digit >= 0 && digit <= 9;
            status = status * 10 + digit;
        }
        if (!fits || status < 100) {
            throw new ProtocolException("what a directory server answered is not HTTP");
        }
        return status;
    }

    /** The reason as the server words it, fit for a message: short and printable. */
    private static String reason(StringBuilder line) {
        StringBuilder reason = new StringBuilder();
        for (int i = 13; i < line.length() && reason.length() < MAX_REASON; i++) {
            char c = line.charAt(i);
            reason.append(c >= ' ' && c < 127 ? c : '?');
        }
        return reason.toString();
    }

    private static long contentLength(String text) throws ProtocolException {
        long value = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9 || i > 11) {
                throw new ProtocolException("a directory answer has a malformed Content-Length");
            }
            value = value * 10 + digit;
        }
        if (text.isEmpty()) {
            throw new ProtocolException("a directory answer has an empty Content-Length");
        }
        return value;
    }

    /** Whether the header's name is that one, which is in lower case. */
    private static boolean is(StringBuilder line, int colon, String name) {
        if (colon != name.length()) {
            return false;
        }
        for (int i = 0; i < colon; i++) {
            char c = line.charAt(i);
            if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static String value(StringBuilder line, int colon) {
        return line.substring(colon + 1).strip();
    }
}
