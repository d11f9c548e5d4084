package dev.cepa.directory;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;

/**
 * A directory answer as it is received: buffered, counted, and bounded. It begins as a head of any length, whose reader
 * minds its bounds itself, and becomes a body with {@link #beginBody}. For one thread.
 */
final class ReceivedBytes extends InputStream {
    private final InputStream in;
    private final byte[] buf = new byte[8192];
    private int pos;
    private int end;
    private long taken;
    /** Of the body: how many bytes were announced, -1 if that was not said; how many have come; and how many may. */
    private long announced = -1;

    private long received;
    private long limit = Long.MAX_VALUE;

    ReceivedBytes(InputStream in) {
        this.in = in;
    }

    /**
     * What follows is the body: the stream ends where it ends, and counting begins anew.
     *
     * @param length how many bytes were announced; -1 if the body goes on to the end of the stream
     * @param most how many bytes may come
     */
    void beginBody(long length, long most) {
        announced = length;
        limit = most;
        if (length >= 0 && end - pos > length) {
            end = pos + (int) length;
        }
        received = (long) end - pos;
        taken = 0;
    }

    /** How many bytes were taken. */
    long taken() {
        return taken;
    }

    /** How many bytes of the body have come. */
    long received() {
        return received;
    }

    /** Whether nothing is left. May wait for more bytes. */
    boolean atEnd() throws IOException {
        return !fill();
    }

    /** The bytes at hand, from {@link #position} to {@link #end}; tell with {@link #take} how many of them are used up. */
    byte[] buffer() {
        return buf;
    }

    int position() {
        return pos;
    }

    int end() {
        return end;
    }

    void take(int n) {
        pos += n;
        taken += n;
    }

    /** Waits until there are bytes at hand; false at the end. */
    boolean fill() throws IOException {
        if (pos == end && received != announced) {
            receive();
        }
        if (received > limit) {
            throw new ProtocolException("a directory answer has more than the " + limit + " bytes that are allowed");
        }
        return pos < end;
    }

    private void receive() throws IOException {
        pos = 0;
        end = 0;
        int most = announced < 0 ? buf.length : (int) Math.min(buf.length, announced - received);
        int n;
        try {
            n = in.read(buf, 0, most);
        } catch (SocketTimeoutException e) {
            throw new TorException(ErrorKind.TIMEOUT, "the directory server stopped sending", e);
        }
        if (n < 0 && announced >= 0) {
            throw new ProtocolException(
                    "a directory answer ends after " + received + " of its " + announced + " bytes");
        }
        end = Math.max(0, n);
        received += end;
    }

    @Override
    public int read() throws IOException {
        if (!fill()) {
            return -1;
        }
        taken++;
        return buf[pos++] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int n = Math.min(length, end - pos);
        System.arraycopy(buf, pos, to, offset, n);
        take(n);
        return n;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
