package dev.cepa.benchmark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAccumulator;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Collects how long operations take, in bounded memory however many there are.
 *
 * <p>The p-th percentile is the nearest-rank one: the smallest recorded value such that at least p percent of all values
 * are not above it. So it is a value that occurred, not something between two; of 100 values the 95th percentile is the
 * 95th smallest, and with fewer than 100 values the 99th percentile is the largest. Values are kept to three significant
 * digits: what is reported is never below the exact percentile, above it by less than one part in a thousand, and never
 * above the largest value; the largest itself is exact.
 *
 * <p>Safe for use by several threads; a summary taken while others record holds some of what they record meanwhile.
 */
public final class LatencyTracker {
    private static final int DIGITS = 3;
    private static final Duration LONGEST = Duration.ofHours(24);
    private static final double[] CURVE = {
        0, 1, 5, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97.5, 98, 99, 99.5, 99.9, 99.95, 99.99, 100
    };

    private final Histogram histogram = new ConcurrentHistogram(1, LONGEST.toNanos(), DIGITS);
    private final LongAccumulator max = new LongAccumulator(Math::max, 0);

    /** Adds one operation's time, in nanoseconds: zero or more; more than a day counts as a day. */
    public void recordNanos(long nanos) {
        if (nanos < 0) {
            throw new IllegalArgumentException("an operation takes no less than no time: " + nanos + " ns");
        }
        long counted = Math.min(nanos, LONGEST.toNanos());
        max.accumulate(counted);
        histogram.recordValue(counted);
    }

    /** Adds one operation's time. */
    public void record(Duration time) {
        recordNanos(time.toNanos());
    }

    /** Adds the time since {@code System.nanoTime()} was {@code start}. */
    public void recordSince(long start) {
        recordNanos(Math.max(0, System.nanoTime() - start));
    }

    /** Adds all that another one has recorded so far. */
    public void addAll(LatencyTracker other) {
        histogram.add(other.histogram);
        max.accumulate(other.max.get());
    }

    /** How many operations there were. */
    public long count() {
        return histogram.getTotalCount();
    }

    /**
     * A percentile; zero if nothing was recorded.
     *
     * @param percentile 0 to 100; 0 is the smallest value, 100 the largest
     */
    public Duration percentile(double percentile) {
        if (!(percentile >= 0 && percentile <= 100)) {
            throw new IllegalArgumentException("a percentile is from 0 to 100: " + percentile);
        }
        return Duration.ofNanos(nanosAt(histogram, percentile));
    }

    /** The largest value; zero if nothing was recorded. */
    public Duration max() {
        return Duration.ofNanos(max.get());
    }

    /** All of it. */
    public Latencies summary() {
        Histogram all = histogram.copy();
        List<Latencies.Point> curve = new ArrayList<>(CURVE.length);
        for (double percentile : CURVE) {
            curve.add(new Latencies.Point(percentile, Duration.ofNanos(nanosAt(all, percentile))));
        }
        return new Latencies(
                all.getTotalCount(),
                Duration.ofNanos(Math.round(all.getMean())),
                Duration.ofNanos(nanosAt(all, 50)),
                Duration.ofNanos(nanosAt(all, 95)),
                Duration.ofNanos(nanosAt(all, 99)),
                max(),
                curve);
    }

    private long nanosAt(Histogram values, double percentile) {
        // At exactly zero the library answers with the lower end of the smallest value's range, else with the upper.
        double above = Math.max(percentile, Double.MIN_NORMAL);
        return values.getTotalCount() == 0 ? 0 : Math.min(values.getValueAtPercentile(above), max.get());
    }
}
