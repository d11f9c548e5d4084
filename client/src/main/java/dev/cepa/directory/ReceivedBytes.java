package dev.cepa.directory;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;

/** A buffered stream that counts what was taken from it, and can say whether anything is left. For one thread. */
final class ReceivedBytes extends InputStream {
    private final InputStream in;
    private final byte[] buf = new byte[8192];
    private int pos;
    private int end;
    private long taken;

    ReceivedBytes(InputStream in) {
        this.in = in;
    }

    /** How many bytes were taken. */
    long taken() {
        return taken;
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

    /** Waits until there are bytes at hand; false at the end of the stream. */
    boolean fill() throws IOException {
        if (pos < end) {
            return true;
        }
        pos = 0;
        end = 0;
        try {
            end = Math.max(0, in.read(buf, 0, buf.length));
        } catch (SocketTimeoutException e) {
            throw new TorException(ErrorKind.TIMEOUT, "the directory server stopped sending", e);
        }
        return end > 0;
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
