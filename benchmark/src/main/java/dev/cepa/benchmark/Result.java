package dev.cepa.benchmark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one benchmark measured. Immutable; made by {@link #builder} or {@link #failed}.
 *
 * @param duration how long the work took, without setting up if the benchmark says so
 * @param memoryAllocated bytes allocated on this JVM's heap meanwhile; {@link MemorySnapshot#UNKNOWN} if not known
 * @param memoryInUse bytes that the program under test holds: its heap after a collection if it runs in this JVM, its
 *     resident memory if it is a process of its own; {@link MemorySnapshot#UNKNOWN} if not known
 * @param operations how many operations were done; what one is, is the benchmark's to say
 * @param latency how long one operation took; null if that is not what it measures
 * @param error why it could not be measured; null if it was
 * @param metrics further numbers, in the order they were given
 * @param series curves for the report
 */
public record Result(
        String name,
        Benchmark.Category category,
        Duration duration,
        long memoryAllocated,
        long memoryInUse,
        long operations,
        @Nullable Latencies latency,
        @Nullable String error,
        List<Metric> metrics,
        List<Series> series) {

    public Result {
        metrics = List.copyOf(metrics);
        series = List.copyOf(series);
        for (int i = 0; i < metrics.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (metrics.get(i).name().equals(metrics.get(j).name())) {
                    throw new IllegalArgumentException(name + " has two metrics called " + metrics.get(i).name());
                }
            }
        }
    }

    /** Whether it was measured and every target was met. */
    public boolean success() {
        return error == null && metrics.stream().allMatch(Metric::isMet);
    }

    /** Operations a second over the duration; zero if there was none. */
    public double operationsPerSecond() {
        return duration.isZero() ? 0 : operations / (duration.toNanos() / 1e9);
    }

    /** The metric of that name, or null. */
    public @Nullable Metric metric(String metricName) {
        for (Metric metric : metrics) {
            if (metric.name().equals(metricName)) {
                return metric;
            }
        }
        return null;
    }

    /** An empty result for that benchmark, to be filled. */
    public static Builder builder(Benchmark benchmark) {
        return new Builder(benchmark);
    }

    /** The result of a benchmark that could not be measured. */
    public static Result failed(Benchmark benchmark, Duration duration, String error) {
        return new Result(
                benchmark.name(), benchmark.category(), duration, MemorySnapshot.UNKNOWN, MemorySnapshot.UNKNOWN, 0,
                null, error, List.of(), List.of());
    }

    /**
     * The same measurement held to other targets.
     *
     * @param targets by name of the metric, or benchmark, slash and metric, in lower case; only metrics that have a target
     *     get another
     */
    Result withTargets(Map<String, Double> targets) {
        if (targets.isEmpty()) {
            return this;
        }
        List<Metric> held = new ArrayList<>(metrics.size());
        for (Metric metric : metrics) {
            String key = metric.name().toLowerCase(java.util.Locale.ROOT);
            Double other = targets.getOrDefault(
                    name.toLowerCase(java.util.Locale.ROOT) + "/" + key, targets.get(key));
            held.add(other == null || metric.target() == null ? metric : metric.withTarget(other));
        }
        return new Result(
                name, category, duration, memoryAllocated, memoryInUse, operations, latency, error, held, series);
    }

    /** Fills a result. Not thread-safe. */
    public static final class Builder {
        private final Benchmark benchmark;
        private final long start = System.nanoTime();
        private final long allocatedBefore = MemorySnapshot.allocatedBytes();
        private @Nullable Duration duration;
        private @Nullable Long memoryAllocated;
        private long memoryInUse = MemorySnapshot.UNKNOWN;
        private long operations;
        private @Nullable Latencies latency;
        private @Nullable String error;
        private final List<Metric> metrics = new ArrayList<>();
        private final List<Series> series = new ArrayList<>();

        private Builder(Benchmark benchmark) {
            this.benchmark = benchmark;
        }

        /** How long the work took; the time from the builder's making to {@link #build} unless set. */
        public Builder duration(Duration time) {
            duration = time;
            return this;
        }

        /** Heap bytes allocated; what this JVM allocated between the builder's making and {@link #build} unless set. */
        public Builder memoryAllocated(long bytes) {
            memoryAllocated = bytes;
            return this;
        }

        /** Bytes that the program under test holds; see {@link Result#memoryInUse}. */
        public Builder memoryInUse(long bytes) {
            memoryInUse = bytes;
            return this;
        }

        /** How many operations were done; as many as latencies were recorded unless set. */
        public Builder operations(long count) {
            operations = count;
            return this;
        }

        /** How long operations took. */
        public Builder latency(LatencyTracker tracker) {
            latency = tracker.summary();
            if (operations == 0) {
                operations = tracker.count();
            }
            return this;
        }

        /** Says that the measurement is void, and why: some of the content was wrong, say. The first reason stays. */
        public Builder error(String why) {
            if (error == null) {
                error = why;
            }
            return this;
        }

        /** A number that is only told. */
        public Builder metric(String name, String unit, double actual) {
            metrics.add(new Metric(name, unit, actual, null, Metric.Goal.NONE));
            return this;
        }

        /** A number without target that a comparison with a baseline holds against growing. */
        public Builder smallerIsBetter(String name, String unit, double actual) {
            metrics.add(new Metric(name, unit, actual, null, Metric.Goal.AT_MOST));
            return this;
        }

        /** A number without target that a comparison with a baseline holds against shrinking. */
        public Builder largerIsBetter(String name, String unit, double actual) {
            metrics.add(new Metric(name, unit, actual, null, Metric.Goal.AT_LEAST));
            return this;
        }

        /** A number that must not be above its target. */
        public Builder atMost(String name, String unit, double actual, double target) {
            metrics.add(new Metric(name, unit, actual, target, Metric.Goal.AT_MOST));
            return this;
        }

        /** A number that must not be below its target. */
        public Builder atLeast(String name, String unit, double actual, double target) {
            metrics.add(new Metric(name, unit, actual, target, Metric.Goal.AT_LEAST));
            return this;
        }

        /** A curve. */
        public Builder series(Series curve) {
            series.add(curve);
            return this;
        }

        /** The result. One without operations is an error: it measured nothing. */
        public Result build() {
            if (operations <= 0) {
                error("it measured nothing");
            }
            long allocated = allocatedBefore == MemorySnapshot.UNKNOWN
                    ? MemorySnapshot.UNKNOWN
                    : MemorySnapshot.allocatedBytes() - allocatedBefore;
            return new Result(
                    benchmark.name(),
                    benchmark.category(),
                    duration == null ? Duration.ofNanos(System.nanoTime() - start) : duration,
                    memoryAllocated == null ? allocated : memoryAllocated,
                    memoryInUse,
                    operations,
                    latency,
                    error,
                    metrics,
                    series);
        }
    }
}
