package dev.cepa.onion.pow;

import org.jspecify.annotations.Nullable;

/**
 * Equi-X: eight numbers of 16 bits whose hashes under a challenge's function of HashX sum to zero in their low
 * {@link #BITS} bits. It is a tree: the sums of the four pairs end in {@link #STAGE_BITS} zero bits, those of both halves
 * in twice as many; and at each level the left side is not greater than the right one, so that a solution has one form
 * only. Verifies; {@link EquiXSolver} solves.
 */
final class EquiX {
    /** Numbers in a solution. */
    static final int INDICES = 8;
    static final int STAGE_BITS = 15;
    static final int BITS = 60;

    private EquiX() {}

    /** Why a solution is none. */
    enum Fault {
        /** The numbers are not in the order of the one form. */
        ORDER,
        /** The challenge has no function of HashX, so that it has no solutions. */
        CHALLENGE,
        /** The sums do not end in enough zeros. */
        SUM
    }

    /**
     * Checks a solution, what is cheap first.
     *
     * @param challenge bytes of any number
     * @param indices {@link #INDICES} numbers of 16 bits
     * @return what is wrong with it; null if nothing is
     */
    static @Nullable Fault verify(byte[] challenge, char[] indices) {
        if (!isOrdered(indices)) {
            return Fault.ORDER;
        }
        HashX function = HashX.of(challenge);
        if (function == null) {
            return Fault.CHALLENGE;
        }
        long[] sums = new long[INDICES];
        for (int i = 0; i < INDICES; i++) {
            sums[i] = indices[i];
        }
        new HashXLanes(INDICES).hash(function, sums, INDICES, sums);
        int zeros = 0;
        for (int width = INDICES / 2; width > 0; width /= 2) {
            zeros = Math.min(zeros + (zeros == 0 ? STAGE_BITS : zeros), BITS);
            for (int i = 0; i < width; i++) {
                sums[i] = sums[2 * i] + sums[2 * i + 1];
                if (sums[i] << Long.SIZE - zeros != 0) {
                    return Fault.SUM;
                }
            }
        }
        return null;
    }

    /** Whether at each level the left side, read as a number with its first index lowest, is not greater than the right. */
    static boolean isOrdered(char[] indices) {
        for (int width = 1; width < INDICES; width *= 2) {
            for (int i = 0; i < INDICES; i += 2 * width) {
                if (compare(indices, i, width) > 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Brings into the one form what lies from {@code from} on, two sides of {@code width} indices that are in theirs. */
    static void order(char[] indices, int from, int width) {
        if (compare(indices, from, width) > 0) {
            for (int i = from; i < from + width; i++) {
                char swapped = indices[i];
                indices[i] = indices[i + width];
                indices[i + width] = swapped;
            }
        }
    }

    private static int compare(char[] indices, int from, int width) {
        for (int i = from + width - 1; i >= from; i--) {
            if (indices[i] != indices[i + width]) {
                return indices[i] < indices[i + width] ? -1 : 1;
            }
        }
        return 0;
    }
}
