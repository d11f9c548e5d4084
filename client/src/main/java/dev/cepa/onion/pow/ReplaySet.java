package dev.cepa.onion.pow;

import java.nio.ByteBuffer;

/**
 * What was used once and must not be used again: bytes that are random or a digest, of which 64 bits are kept. Not
 * thread-safe.
 */
public final class ReplaySet {
    /** Bytes that count. */
    static final int LENGTH = 16;

    private final int most;
    /** Open addressing; zero is an empty place. */
    private long[] table = new long[64];
    private int size;

    /**
     * Starts empty.
     *
     * @param most how many are remembered, in about 16 bytes each
     */
    public ReplaySet(int most) {
        this.most = most;
    }

    /** Whether there is no room for another. */
    public boolean isFull() {
        return size == most;
    }

    /** Whether it was used; {@code random} has at least {@link #LENGTH} bytes. */
    public boolean contains(byte[] random) {
        long word = word(random);
        return table[place(table, word)] == word;
    }

    /** Remembers it; false if it was used before, or there is no room. */
    public boolean add(byte[] random) {
        long word = word(random);
        int place = place(table, word);
        if (table[place] == word || isFull()) {
            return false;
        }
        table[place] = word;
        size++;
        if (2 * size > table.length) {
            grow();
        }
        return true;
    }

    private void grow() {
        long[] larger = new long[2 * table.length];
        for (long word : table) {
            if (word != 0) {
                larger[place(larger, word)] = word;
            }
        }
        table = larger;
    }

    private static int place(long[] table, long word) {
        int place = (int) (word >>> 32) & table.length - 1;
        while (table[place] != 0 && table[place] != word) {
            place = place + 1 & table.length - 1;
        }
        return place;
    }

    private static long word(byte[] random) {
        ByteBuffer words = ByteBuffer.wrap(random);
        long word = words.getLong(0) ^ words.getLong(Long.BYTES);
        return word == 0 ? 1 : word;
    }
}
