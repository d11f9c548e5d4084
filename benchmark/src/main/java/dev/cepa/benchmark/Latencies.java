package dev.cepa.benchmark;

import java.time.Duration;
import java.util.List;

/**
 * How long operations took. A percentile is what {@link LatencyTracker} says it is. Immutable.
 *
 * @param count how many operations there were
 * @param distribution percentiles from 0 to 100, rising, for the report's curve
 */
public record Latencies(
        long count, Duration mean, Duration p50, Duration p95, Duration p99, Duration max, List<Point> distribution) {
    /** A percentile, 0 to 100, and its value. */
    public record Point(double percentile, Duration value) {}

    public Latencies {
        distribution = List.copyOf(distribution);
    }
}
