package dev.cepa.onion.pow;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Finds the solutions of an Equi-X challenge, about two on average: all 65,536 hashes are sorted into coarse buckets by
 * their low bits, and three times each bucket is matched with the one whose bits make zero with its own. The buckets are
 * as large as in the other implementations, which lose the same few candidates.
 *
 * <p>Takes {@value #MEMORY_KIB} KiB as long as it lives. Not thread-safe; can be used again and again.
 */
final class EquiXSolver {
    /** Nobody gives more for one challenge. */
    static final int MAX_SOLUTIONS = 8;

    private static final int HASHES = 1 << 16;
    private static final int LANES = 512;

    private static final int COARSE_BITS = 8;
    private static final int COARSE_BUCKETS = 1 << COARSE_BITS;
    private static final int COARSE_CAPACITY = 336;
    private static final int FINE_BITS = EquiX.STAGE_BITS - COARSE_BITS;
    private static final int FINE_BUCKETS = 1 << FINE_BITS;
    private static final int FINE_CAPACITY = 12;

    /**
     * What is left of a sum in the second and the third stage, below the reference to the two entries that made it: eight
     * bits for the bucket, nine for each entry in it and in its complement.
     */
    private static final int SECOND_BITS = EquiX.BITS - EquiX.STAGE_BITS - COARSE_BITS;
    private static final int THIRD_BITS = SECOND_BITS - EquiX.STAGE_BITS;
    private static final int ENTRY_BITS = 9;

    private static final int ENTRIES = COARSE_BUCKETS * COARSE_CAPACITY;
    static final int MEMORY_KIB = ENTRIES * (Character.BYTES + 2 * Long.BYTES) / 1024;

    /** The input of each hash of the first stage, and what is left of the hash above its bucket. */
    private final char[] inputs = new char[ENTRIES];
    private final long[] odd = new long[ENTRIES];
    /** The second stage. The third is in the first one's place. */
    private final long[] even = new long[ENTRIES];
    private int[] counts = new int[COARSE_BUCKETS];
    private int[] nextCounts = new int[COARSE_BUCKETS];

    /** The bucket that is being matched: for each value of the fine bits the entries that have it. */
    private final short[] fine = new short[FINE_BUCKETS * FINE_CAPACITY];
    private final int[] fineCounts = new int[FINE_BUCKETS];

    private final HashXLanes lanes = new HashXLanes(LANES);
    private final long[] hashes = new long[LANES];

    /** The solutions in the order in which the other implementations find them, each {@link EquiX#INDICES} numbers. */
    List<char[]> solve(HashX function) {
        hashAll(function);
        match(odd, -1L, even, SECOND_BITS);
        match(even, mask(SECOND_BITS), odd, THIRD_BITS);
        return collect();
    }

    private void hashAll(HashX function) {
        Arrays.fill(counts, 0);
        for (int first = 0; first < HASHES; first += LANES) {
            for (int i = 0; i < LANES; i++) {
                hashes[i] = (long) first + i;
            }
            lanes.hash(function, hashes, LANES, hashes);
            for (int i = 0; i < LANES; i++) {
                int bucket = (int) hashes[i] & COARSE_BUCKETS - 1;
                int count = counts[bucket];
                if (count < COARSE_CAPACITY) {
                    counts[bucket] = count + 1;
                    inputs[bucket * COARSE_CAPACITY + count] = (char) (first + i);
                    odd[bucket * COARSE_CAPACITY + count] = hashes[i] >>> COARSE_BITS;
                }
            }
        }
    }

    /** Fills a stage with the sums of the stage before it that end in zeros, of which they are relieved. */
    private void match(long[] from, long valueMask, long[] to, int bitsLeft) {
        Arrays.fill(nextCounts, 0);
        // Half of the buckets, as the others are their complements; 0 and 128 are their own.
        for (int bucket = 0; bucket <= COARSE_BUCKETS / 2; bucket++) {
            int complement = complement(bucket);
            Arrays.fill(fineCounts, 0);
            int others = counts[complement];
            for (int entry = 0; entry < others; entry++) {
                boolean kept = keepFine(entry, (int) from[complement * COARSE_CAPACITY + entry]);
                if (kept && complement == bucket) {
                    matchEntry(from, valueMask, to, bitsLeft, bucket, entry);
                }
            }
            if (complement != bucket) {
                int entries = counts[bucket];
                for (int entry = 0; entry < entries; entry++) {
                    matchEntry(from, valueMask, to, bitsLeft, bucket, entry);
                }
            }
        }
        int[] filled = nextCounts;
        nextCounts = counts;
        counts = filled;
    }

    private void matchEntry(long[] from, long valueMask, long[] to, int bitsLeft, int bucket, int entry) {
        int complement = complement(bucket);
        long value = (from[bucket * COARSE_CAPACITY + entry] & valueMask) + carry(bucket);
        int slot = (int) -value & FINE_BUCKETS - 1;
        int end = slot * FINE_CAPACITY + fineCounts[slot];
        for (int at = slot * FINE_CAPACITY; at < end; at++) {
            int other = fine[at];
            long sum = value + (from[complement * COARSE_CAPACITY + other] & valueMask) >>> FINE_BITS;
            int next = (int) sum & COARSE_BUCKETS - 1;
            int count = nextCounts[next];
            if (count < COARSE_CAPACITY) {
                nextCounts[next] = count + 1;
                long reference = (long) (entry << ENTRY_BITS | other) << COARSE_BITS | bucket;
                to[next * COARSE_CAPACITY + count] = reference << bitsLeft | sum >>> COARSE_BITS & mask(bitsLeft);
            }
        }
    }

    /** The last match: sums all of whose bits that are left are zero. */
    private List<char[]> collect() {
        List<char[]> solutions = new ArrayList<>(MAX_SOLUTIONS);
        for (int bucket = 0; bucket <= COARSE_BUCKETS / 2; bucket++) {
            int complement = complement(bucket);
            Arrays.fill(fineCounts, 0);
            int others = counts[complement];
            for (int entry = 0; entry < others; entry++) {
                boolean kept = keepFine(entry, (int) odd[complement * COARSE_CAPACITY + entry]);
                if (kept && complement == bucket) {
                    collectEntry(bucket, entry, solutions);
                }
            }
            if (complement != bucket) {
                int entries = counts[bucket];
                for (int entry = 0; entry < entries; entry++) {
                    collectEntry(bucket, entry, solutions);
                }
            }
        }
        return solutions;
    }

    private void collectEntry(int bucket, int entry, List<char[]> solutions) {
        long left = odd[bucket * COARSE_CAPACITY + entry];
        long value = (left & mask(THIRD_BITS)) + carry(bucket);
        int slot = (int) -value & FINE_BUCKETS - 1;
        for (int i = 0; i < fineCounts[slot] && solutions.size() < MAX_SOLUTIONS; i++) {
            long right = odd[complement(bucket) * COARSE_CAPACITY + fine[slot * FINE_CAPACITY + i]];
            if ((value + right & mask(THIRD_BITS)) == 0) {
                char[] solution = new char[EquiX.INDICES];
                unfoldThird(left >>> THIRD_BITS, solution, 0);
                unfoldThird(right >>> THIRD_BITS, solution, 4);
                EquiX.order(solution, 0, 4);
                solutions.add(solution);
            }
        }
    }

    /** Follows a reference of the third stage to its four indices. */
    private void unfoldThird(long reference, char[] solution, int at) {
        unfoldSecond(even[leftEntry(reference)] >>> SECOND_BITS, solution, at);
        unfoldSecond(even[rightEntry(reference)] >>> SECOND_BITS, solution, at + 2);
        EquiX.order(solution, at, 2);
    }

    /** Follows a reference of the second stage to its two indices. */
    private void unfoldSecond(long reference, char[] solution, int at) {
        solution[at] = inputs[leftEntry(reference)];
        solution[at + 1] = inputs[rightEntry(reference)];
        EquiX.order(solution, at, 1);
    }

    private static int leftEntry(long reference) {
        int bucket = (int) reference & COARSE_BUCKETS - 1;
        return bucket * COARSE_CAPACITY + (int) (reference >>> COARSE_BITS + ENTRY_BITS & mask(ENTRY_BITS));
    }

    private static int rightEntry(long reference) {
        int bucket = complement((int) reference & COARSE_BUCKETS - 1);
        return bucket * COARSE_CAPACITY + (int) (reference >>> COARSE_BITS & mask(ENTRY_BITS));
    }

    /** Notes an entry under the fine bits of its value; false if there is no room, and it is left out. */
    private boolean keepFine(int entry, int value) {
        int slot = value & FINE_BUCKETS - 1;
        int count = fineCounts[slot];
        if (count == FINE_CAPACITY) {
            return false;
        }
        fineCounts[slot] = count + 1;
        fine[slot * FINE_CAPACITY + count] = (short) entry;
        return true;
    }

    private static int complement(int bucket) {
        return -bucket & COARSE_BUCKETS - 1;
    }

    /** What the coarse bits of two complements carry over to the bits above them. */
    private static int carry(int bucket) {
        return bucket == 0 ? 0 : 1;
    }

    private static long mask(int bits) {
        return (1L << bits) - 1;
    }
}
