package dev.cepa.onion.pow;

import java.nio.ByteBuffer;

/**
 * The nonces that were used with one seed, as 64 bits of each: a client that draws its own at random meets no other, and
 * one that does not only hurts itself. Holds {@value #MOST}, in 4 MB. Not thread-safe.
 */
final class NonceSet {
    static final int MOST = 1 << 18;

    /** Open addressing; zero is an empty place. */
    private long[] table = new long[64];
    private int size;

    /** Whether there is no room for another. */
    boolean isFull() {
        return size == MOST;
    }

    boolean contains(byte[] nonce) {
        long word = word(nonce);
        return table[place(table, word)] == word;
    }

    /** False if it was there already, or there is no room. */
    boolean add(byte[] nonce) {
        long word = word(nonce);
        int place = place(table, word);
        if (table[place] == word || isFull()) {
            return false;
        }
        table[place] = word;
        size++;
        if (2 * size > table.length && !isFull()) {
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

    private static long word(byte[] nonce) {
        ByteBuffer words = ByteBuffer.wrap(nonce);
        long word = words.getLong(0) ^ words.getLong(Long.BYTES);
        return word == 0 ? 1 : word;
    }
}
