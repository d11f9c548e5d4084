package dev.cepa.cell;

import java.util.Arrays;

/** Collects big-endian integers and byte strings in a growing array. Not thread-safe. */
public final class ByteWriter {
    private byte[] buf;
    private int size;

    public ByteWriter() {
        this(64);
    }

    public ByteWriter(int capacity) {
        buf = new byte[capacity];
    }

    public ByteWriter u8(int value) {
        room(1);
        buf[size++] = (byte) value;
        return this;
    }

    public ByteWriter u16(int value) {
        return u8(value >>> 8).u8(value);
    }

    public ByteWriter u32(long value) {
        return u16((int) (value >>> 16)).u16((int) value);
    }

    public ByteWriter i64(long value) {
        return u32(value >>> 32).u32(value);
    }

    public ByteWriter bytes(byte[] bytes) {
        return bytes(bytes, 0, bytes.length);
    }

    public ByteWriter bytes(byte[] bytes, int offset, int length) {
        room(length);
        System.arraycopy(bytes, offset, buf, size, length);
        size += length;
        return this;
    }

    /** Appends {@code n} zero bytes. */
    public ByteWriter zeros(int n) {
        room(n);
        Arrays.fill(buf, size, size + n, (byte) 0);
        size += n;
        return this;
    }

    /** Overwrites two bytes written earlier, for lengths that are known only afterwards. */
    public void setU16(int at, int value) {
        buf[at] = (byte) (value >>> 8);
        buf[at + 1] = (byte) value;
    }

    /** Bytes written so far. */
    public int size() {
        return size;
    }

    /** A copy of what was written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(buf, size);
    }

    private void room(int n) {
        if (n > buf.length - size) {
            buf = Arrays.copyOf(buf, Math.max(size + n, 2 * buf.length));
        }
    }
}
