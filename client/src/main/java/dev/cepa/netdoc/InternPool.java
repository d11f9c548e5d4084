package dev.cepa.netdoc;

import java.util.Arrays;

/**
 * Distinct byte strings under small numbers, in one array: what relays repeat (families, exit policies, protocol
 * lines) is kept once. Number 0 is the empty string. Not thread-safe while it grows; {@link #frozen()} is.
 */
final class InternPool {
    /** A number fits a char. */
    static final int MAX_ENTRIES = 65_535;

    private byte[] bytes;
    /** Where each entry ends; it begins where the one before ends. */
    private int[] ends;

    private int size;
    /** Open addressing by hash; number + 1, or 0. Empty once frozen. */
    private int[] table;

    InternPool() {
        bytes = new byte[1024];
        ends = new int[64];
        table = new int[128];
        intern(bytes, 0, 0);
    }

    private InternPool(InternPool other) {
        size = other.size;
        ends = Arrays.copyOf(other.ends, size);
        bytes = Arrays.copyOf(other.bytes, ends[size - 1]);
        table = new int[0];
    }

    /** The number of {@code source[from, to)}; -1 if the pool is full. */
    int intern(byte[] source, int from, int to) {
        int slot = slot(source, from, to);
        if (table[slot] != 0) {
            return table[slot] - 1;
        }
        if (size == MAX_ENTRIES) {
            return -1;
        }
        int start = size == 0 ? 0 : ends[size - 1];
        int length = to - from;
        if (start + length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(start + length, bytes.length + (bytes.length >> 1)));
        }
        System.arraycopy(source, from, bytes, start, length);
        if (size == ends.length) {
            ends = Arrays.copyOf(ends, 2 * size);
        }
        ends[size++] = start + length;
        table[slot] = size;
        if (2 * size > table.length) {
            grow();
        }
        return size - 1;
    }

    int size() {
        return size;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Where entry {@code number} begins in {@link #bytes()}. */
    int start(int number) {
        return number == 0 ? 0 : ends[number - 1];
    }

    /** Where entry {@code number} ends in {@link #bytes()}. */
    int end(int number) {
        return ends[number];
    }

    /** A copy without slack, which takes no more entries. */
    InternPool frozen() {
        return new InternPool(this);
    }

    private void grow() {
        table = new int[2 * table.length];
        for (int i = 0; i < size; i++) {
            table[slot(bytes, start(i), end(i))] = i + 1;
        }
    }

    /** Where that string is or belongs. */
    private int slot(byte[] source, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + source[i];
        }
        int mask = table.length - 1;
        int slot = (hash * 0x9E3779B9 >>> 8) & mask;
        while (table[slot] != 0) {
            int number = table[slot] - 1;
            if (Arrays.equals(bytes, start(number), end(number), source, from, to)) {
                break;
            }
            slot = (slot + 1) & mask;
        }
        return slot;
    }
}
