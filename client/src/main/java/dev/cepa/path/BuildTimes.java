package dev.cepa.path;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The last thousand circuit build times, and the Pareto distribution that fits them (path-spec section 2.4). Not
 * thread-safe; owned by {@link BuildTimeouts}.
 */
final class BuildTimes {
    /** So many times are kept. */
    static final int CAPACITY = 1000;
    /** Width of a bin of the histogram, in milliseconds. */
    static final int BIN = 10;
    /** Stands for a circuit that was given up. */
    static final int ABANDONED = Integer.MAX_VALUE - 1;

    private final int[] times = new int[CAPACITY];
    private int next;
    private int size;

    /**
     * A Pareto distribution.
     *
     * @param xm its least value, in milliseconds, above 0
     * @param inverseAlpha 1 divided by its exponent, at least 0
     */
    record Pareto(int xm, double inverseAlpha) {
        /** The time within which that share of circuits is built: 0 to below 1; in milliseconds. */
        double quantile(double share) {
            return Math.min(Integer.MAX_VALUE, xm / Math.pow(1 - share, inverseAlpha));
        }
    }

    /**
     * Adds a time, in place of the oldest if there are a thousand.
     *
     * @param millis above 0, or {@link #ABANDONED}
     */
    void add(int millis) {
        times[next] = millis;
        next = (next + 1) % CAPACITY;
        size = Math.min(CAPACITY, size + 1);
    }

    void clear() {
        next = 0;
        size = 0;
    }

    int size() {
        return size;
    }

    /** How many circuits were given up. */
    int abandoned() {
        return countFrom(ABANDONED);
    }

    /** How many circuits took so many milliseconds or longer, or were given up. */
    int countFrom(double millis) {
        int count = 0;
        for (int i = 0; i < size; i++) {
            count += times[i] >= millis ? 1 : 0;
        }
        return count;
    }

    /** The longest time of a circuit that was not given up; 0 if there is none. */
    int longest() {
        int longest = 0;
        for (int i = 0; i < size; i++) {
            if (times[i] != ABANDONED) {
                longest = Math.max(longest, times[i]);
            }
        }
        return longest;
    }

    /**
     * The histogram of the circuits that were not given up.
     *
     * @return pairs of a bin's middle in milliseconds and the number of times in it, by ascending time, without empty bins
     */
    int[] histogram() {
        int[] sorted = Arrays.copyOf(times, size);
        Arrays.sort(sorted);
        int[] bins = new int[2 * size];
        int used = 0;
        for (int time : sorted) {
            if (time == ABANDONED) {
                break;
            }
            int middle = time / BIN * BIN + BIN / 2;
            if (used > 0 && bins[used - 2] == middle) {
                bins[used - 1]++;
            } else {
                bins[used++] = middle;
                bins[used++] = 1;
            }
        }
        return Arrays.copyOf(bins, used);
    }

    /**
     * Fits a distribution.
     *
     * @param modes of how many of the fullest bins the mean makes the least value
     * @return null if no circuit was built
     */
    @Nullable Pareto fit(int modes) {
        int xm = leastValue(modes);
        if (xm == 0) {
            return null;
        }
        double sum = 0;
        int built = 0;
        for (int i = 0; i < size; i++) {
            if (times[i] != ABANDONED) {
                sum += Math.log(Math.max(times[i], xm));
                built++;
            }
        }
        return new Pareto(xm, Math.max(0, (sum - built * Math.log(xm)) / built));
    }

    private int leastValue(int modes) {
        int[] bins = histogram();
        long sum = 0;
        long count = 0;
        for (int n = 0; n < modes; n++) {
            int fullest = -1;
            for (int i = 0; i < bins.length; i += 2) {
                if (bins[i + 1] > 0 && (fullest < 0 || bins[i + 1] > bins[fullest + 1])) {
                    fullest = i;
                }
            }
            if (fullest < 0) {
                break;
            }
            sum += (long) bins[fullest] * bins[fullest + 1];
            count += bins[fullest + 1];
            bins[fullest + 1] = 0;
        }
        return count == 0 ? 0 : (int) (sum / count);
    }
}
