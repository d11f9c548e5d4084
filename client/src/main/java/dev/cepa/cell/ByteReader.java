package dev.cepa.cell;

import dev.cepa.error.ProtocolException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads big-endian integers and byte strings off a slice of an array, in order. Running past the end is a
 * {@link ProtocolException}: what it reads always comes from a peer. Not thread-safe; does not copy the array.
 */
public final class ByteReader {
    private final byte[] buf;
    private final int end;
    private int pos;

    public ByteReader(byte[] buf) {
        this(buf, 0, buf.length);
    }

    /** Reads {@code length} bytes from {@code offset} on; the caller guarantees that they exist. */
    public ByteReader(byte[] buf, int offset, int length) {
        if (offset < 0 || length < 0 || offset > buf.length - length) {
            throw new IndexOutOfBoundsException(offset + "+" + length + " of " + buf.length);
        }
        this.buf = buf;
        this.pos = offset;
        this.end = offset + length;
    }

    /** Bytes left. */
    public int remaining() {
        return end - pos;
    }

    public int u8() throws ProtocolException {
        return buf[take(1)] & 0xff;
    }

    public int u16() throws ProtocolException {
        int at = take(2);
        return (buf[at] & 0xff) << 8 | (buf[at + 1] & 0xff);
    }

    public long u32() throws ProtocolException {
        return i32() & 0xffffffffL;
    }

    public int i32() throws ProtocolException {
        int at = take(4);
        return buf[at] << 24 | (buf[at + 1] & 0xff) << 16 | (buf[at + 2] & 0xff) << 8 | (buf[at + 3] & 0xff);
    }

    public long i64() throws ProtocolException {
        return (long) i32() << 32 | u32();
    }

    /** The next {@code n} bytes, copied. */
    public byte[] bytes(int n) throws ProtocolException {
        int at = take(n);
        return Arrays.copyOfRange(buf, at, at + n);
    }

    /** All that is left, copied. */
    public byte[] rest() {
        byte[] all = Arrays.copyOfRange(buf, pos, end);
        pos = end;
        return all;
    }

    /**
     * An IPv4 (4 bytes) or IPv6 (16 bytes) address. Java takes an IPv4-mapped IPv6 address for the IPv4 address in it, so
     * that whoever looks for internal addresses sees it.
     */
    public InetAddress address(int length) throws ProtocolException {
        try {
            return InetAddress.getByAddress(bytes(length));
        } catch (UnknownHostException e) {
            throw new ProtocolException("address of " + length + " bytes", e);
        }
    }

    /** The next {@code n} bytes as text, all of which must be visible ASCII characters: no blanks, no controls. */
    public String text(int n) throws ProtocolException {
        int at = take(n);
        for (int i = at; i < at + n; i++) {
            if (buf[i] <= ' ' || buf[i] > '~') {
                throw new ProtocolException("text with a byte that is no visible ASCII character");
            }
        }
        return new String(buf, at, n, StandardCharsets.US_ASCII);
    }

    /** Text as {@link #text} takes it, up to a zero byte, which is skipped. */
    public String textUntilZero() throws ProtocolException {
        int zero = pos;
        while (zero < end && buf[zero] != 0) {
            zero++;
        }
        if (zero == end) {
            throw new ProtocolException("text without the zero byte that ends it");
        }
        String text = text(zero - pos);
        pos++;
        return text;
    }

    /** A reader of the next {@code n} bytes, which this one skips. */
    public ByteReader slice(int n) throws ProtocolException {
        int at = take(n);
        return new ByteReader(buf, at, n);
    }

    public void skip(int n) throws ProtocolException {
        take(n);
    }

    /** Refuses bytes after the end of what was expected. */
    public void expectEnd(String what) throws ProtocolException {
        if (pos != end) {
            throw new ProtocolException((end - pos) + " bytes too many in " + what);
        }
    }

    private int take(int n) throws ProtocolException {
        if (n < 0 || n > end - pos) {
            throw new ProtocolException("message cut short: " + n + " bytes wanted, " + (end - pos) + " left");
        }
        int at = pos;
        pos += n;
        return at;
    }
}
