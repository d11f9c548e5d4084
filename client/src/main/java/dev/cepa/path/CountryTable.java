package dev.cepa.path;

import java.util.Arrays;

/**
 * Which country each address of one family is in: the first address of each stretch, ascending, and the stretch's country,
 * which reaches to the next; 5 bytes a stretch for IPv4, 17 for IPv6. Filled by one thread, then only read.
 */
final class CountryTable {
    private final boolean ipv6;
    /** First addresses, unsigned: of IPv4, or the two halves of IPv6. */
    private int[] starts = {};

    private long[] highStarts = {};
    private long[] lowStarts = {};
    private byte[] countries = {};
    private int size;
    /** The address behind the last range; both 0 at first, and behind the last address of all. */
    private long nextHigh;

    private long nextLow;
    private boolean full;

    CountryTable(boolean ipv6) {
        this.ipv6 = ipv6;
    }

    /** How many stretches there are. */
    int size() {
        return size;
    }

    /**
     * Adds a range behind all others.
     *
     * @param country 0 for none that is wanted, at most 255
     * @return false if it is not behind the others, or ends before it begins
     */
    boolean add(long firstHigh, long firstLow, long lastHigh, long lastLow, int country) {
        if (full || compare(firstHigh, firstLow, nextHigh, nextLow) < 0
                || compare(lastHigh, lastLow, firstHigh, firstLow) < 0) {
            return false;
        }
        if (firstHigh != nextHigh || firstLow != nextLow) {
            append(nextHigh, nextLow, 0);
        }
        append(firstHigh, firstLow, country);
        nextLow = lastLow + 1;
        nextHigh = nextLow == 0 ? lastHigh + 1 : lastHigh;
        full = nextLow == 0 && nextHigh == 0;
        return true;
    }

    /** Ends the last range, and lets go of spare room. */
    void finish() {
        if (!full && (ipv6 || nextLow >>> 32 == 0)) {
            append(nextHigh, nextLow, 0);
        }
        resize(size);
    }

    /** A stretch that begins there; none if it is of the country of the one before. */
    private void append(long high, long low, int country) {
        if (country == (size == 0 ? 0 : countries[size - 1] & 0xff)) {
            return;
        }
        if (size == countries.length) {
            resize(Math.max(64, size + (size >> 1)));
        }
        if (ipv6) {
            highStarts[size] = high;
            lowStarts[size] = low;
        } else {
            starts[size] = (int) low;
        }
        countries[size++] = (byte) country;
    }

    private void resize(int length) {
        countries = Arrays.copyOf(countries, length);
        if (ipv6) {
            highStarts = Arrays.copyOf(highStarts, length);
            lowStarts = Arrays.copyOf(lowStarts, length);
        } else {
            starts = Arrays.copyOf(starts, length);
        }
    }

    /** The country of an address of 4 or 16 bytes, as the family has them; 0 if it is in no range that is wanted. */
    int find(byte[] address) {
        long high = ipv6 ? number(address, 0, 8) : 0;
        long low = ipv6 ? number(address, 8, 16) : number(address, 0, 4);
        int from = 0;
        int to = size; // the first stretch that begins behind the address
        while (from < to) {
            int middle = (from + to) >>> 1;
            int order = ipv6
                    ? compare(highStarts[middle], lowStarts[middle], high, low)
                    : Integer.compareUnsigned(starts[middle], (int) low);
            if (order <= 0) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from == 0 ? 0 : countries[from - 1] & 0xff;
    }

    private static int compare(long highA, long lowA, long highB, long lowB) {
        int order = Long.compareUnsigned(highA, highB);
        return order != 0 ? order : Long.compareUnsigned(lowA, lowB);
    }

    private static long number(byte[] bytes, int from, int to) {
        long value = 0;
        for (int i = from; i < to; i++) {
            value = value << 8 | (bytes[i] & 0xff);
        }
        return value;
    }
}
