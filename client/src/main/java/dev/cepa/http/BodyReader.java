package dev.cepa.http;

import dev.cepa.error.ProtocolException;
import java.io.IOException;
import java.io.InputStream;

/** A response's body, however it is delimited. One reader, one thread. */
abstract class BodyReader {
    private final boolean keepAlive;
    private boolean ended;

    private BodyReader(boolean keepAlive) {
        this.keepAlive = keepAlive;
    }

    /** Up to {@code length} bytes; -1 at the body's end. A body cut short is an error. */
    final int read(byte[] to, int offset, int length) throws IOException {
        if (ended) {
            return -1;
        }
        int n = next(to, offset, length);
        ended = n < 0;
        return n;
    }

    /** Whether another response may follow on the connection. */
    final boolean reusable() {
        return ended && keepAlive;
    }

    abstract int next(byte[] to, int offset, int length) throws IOException;

    static BodyReader empty(boolean keepAlive) {
        return new BodyReader(keepAlive) {
            @Override
            int next(byte[] to, int offset, int length) {
                return -1;
            }
        };
    }

    static BodyReader untilEnd(InputStream in) {
        return new BodyReader(false) {
            @Override
            int next(byte[] to, int offset, int length) throws IOException {
                return in.read(to, offset, length);
            }
        };
    }

    static BodyReader ofLength(InputStream in, long total, boolean keepAlive) {
        return new BodyReader(keepAlive) {
            private long left = total;

            @Override
            int next(byte[] to, int offset, int length) throws IOException {
                if (left == 0) {
                    return -1;
                }
                int n = in.read(to, offset, (int) Math.min(length, left));
                if (n < 0) {
                    throw new IOException("the response ended " + left + " bytes early");
                }
                left -= n;
                return n;
            }
        };
    }

    static BodyReader chunked(InputStream in, boolean keepAlive) {
        return new BodyReader(keepAlive) {
            private long left;
            private boolean first = true;

            @Override
            int next(byte[] to, int offset, int length) throws IOException {
                if (left == 0 && !nextChunk()) {
                    return -1;
                }
                int n = in.read(to, offset, (int) Math.min(length, left));
                if (n < 0) {
                    throw new IOException("the response ended inside a chunk");
                }
                left -= n;
                return n;
            }

            private boolean nextChunk() throws IOException {
                if (!first && !line().isEmpty()) {
                    throw new ProtocolException("a chunk of the response is longer than it says");
                }
                first = false;
                String size = line();
                int end = size.indexOf(';');
                try {
                    left = Long.parseLong((end < 0 ? size : size.substring(0, end)).strip(), 16);
                } catch (NumberFormatException e) {
                    throw new ProtocolException("a chunk's size is not a number", e);
                }
                if (left < 0) {
                    throw new ProtocolException("a chunk's size is negative");
                }
                if (left > 0) {
                    return true;
                }
                for (int trailers = 0; !line().isEmpty(); trailers++) {
                    if (trailers > 100) {
                        throw new ProtocolException("too many trailers");
                    }
                }
                return false;
            }

            private String line() throws IOException {
                String line = HttpConnection.readLine(in);
                if (line == null) {
                    throw new IOException("the response ended before its last chunk");
                }
                return line;
            }
        };
    }
}
