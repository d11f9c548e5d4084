package dev.cepa.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The figures of an earlier run, to hold a new one against: the median and the 95th percentile of latencies, the memory in
 * use, and metrics that have a better side. Higher percentiles and the maximum are left out, as few values decide them.
 * Immutable.
 */
final class Baseline {
    /** Of a figure with a target, this part of the target is taken for the old value where that is smaller. */
    private static final double LEAST_PART_OF_TARGET = 0.1;

    /**
     * A figure then and now.
     *
     * @param regression whether it is worse by more than was allowed
     */
    record Comparison(String benchmark, String figure, String unit, double before, double actual, boolean regression) {}

    /** A figure that can be compared. */
    private record Figure(String unit, double value, Metric.Goal goal, @Nullable Double target) {}

    private final Map<String, Map<String, Figure>> benchmarks;
    private final List<String> environment;

    private Baseline(Map<String, Map<String, Figure>> benchmarks, List<String> environment) {
        this.benchmarks = benchmarks;
        this.environment = environment;
    }

    /**
     * Reads the JSON of an earlier run.
     *
     * @throws IOException if it can't be read or is something else
     */
    static Baseline read(Path file) throws IOException {
        try {
            Map<?, ?> root = map(Json.read(Files.readString(file)));
            if (!(root.get("format") instanceof Double format) || format != ReportFiles.FORMAT) {
                throw new IllegalArgumentException("not a report of this format");
            }
            Map<String, Map<String, Figure>> benchmarks = new LinkedHashMap<>();
            for (Object each : list(root.get("results"))) {
                Map<?, ?> result = map(each);
                if (result.get("error") == null) {
                    benchmarks.put(String.valueOf(result.get("name")), figures(result));
                }
            }
            Map<?, ?> at = map(root.get("environment"));
            return new Baseline(benchmarks, environment(at.get("processors"), at.get("architecture"), at.get("quick")));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is no earlier result: " + e.getMessage(), e);
        }
    }

    /** What makes figures hard to compare, in words; null if nothing does. */
    @Nullable String difference(Environment now) {
        List<String> here = environment((double) now.processors(), now.architecture(), now.quick());
        return environment.equals(here)
                ? null
                : "the baseline is of " + String.join(", ", environment) + "; this run is of " + String.join(", ", here);
    }

    private static List<String> environment(@Nullable Object processors, @Nullable Object architecture, @Nullable Object quick) {
        return List.of(
                (processors instanceof Double count ? Words.number(count) : "unknown") + " processors",
                String.valueOf(architecture),
                Boolean.TRUE.equals(quick) ? "a quick run" : "a full run");
    }

    /** Every figure that both have. Benchmarks that ended with an error are not compared: they have failed anyway. */
    List<Comparison> compare(Report report, double allowed) {
        List<Comparison> comparisons = new ArrayList<>();
        for (Result result : report.results()) {
            Map<String, Figure> old = benchmarks.get(result.name());
            if (old == null || result.error() != null) {
                continue;
            }
            for (Map.Entry<String, Figure> entry : figures(result).entrySet()) {
                Figure before = old.get(entry.getKey());
                Figure now = entry.getValue();
                if (before != null && before.goal == now.goal && before.unit.equals(now.unit)) {
                    comparisons.add(new Comparison(result.name(), entry.getKey(), now.unit, before.value, now.value,
                            isWorse(before.value, now, allowed)));
                }
            }
        }
        return comparisons;
    }

    private static boolean isWorse(double before, Figure now, double allowed) {
        double scale = Math.abs(before);
        if (now.target != null) {
            scale = Math.max(scale, LEAST_PART_OF_TARGET * Math.abs(now.target));
        }
        double growth = now.goal == Metric.Goal.AT_MOST ? now.value - before : before - now.value;
        return growth > allowed * scale;
    }

    private static Map<String, Figure> figures(Result result) {
        Map<String, Figure> figures = new LinkedHashMap<>();
        Latencies latency = result.latency();
        if (latency != null) {
            put(figures, "latency p50", "ms", Words.millis(latency.p50()), Metric.Goal.AT_MOST, null);
            put(figures, "latency p95", "ms", Words.millis(latency.p95()), Metric.Goal.AT_MOST, null);
        }
        if (result.memoryInUse() != MemorySnapshot.UNKNOWN) {
            put(figures, "memory in use", "bytes", (double) result.memoryInUse(), Metric.Goal.AT_MOST, null);
        }
        for (Metric metric : result.metrics()) {
            put(figures, metric.name(), metric.unit(), metric.actual(), metric.goal(), metric.target());
        }
        return figures;
    }

    private static Map<String, Figure> figures(Map<?, ?> result) {
        Map<String, Figure> figures = new LinkedHashMap<>();
        if (result.get("latency_ms") instanceof Map<?, ?> latency) {
            put(figures, "latency p50", "ms", latency.get("p50"), Metric.Goal.AT_MOST, null);
            put(figures, "latency p95", "ms", latency.get("p95"), Metric.Goal.AT_MOST, null);
        }
        put(figures, "memory in use", "bytes", result.get("memory_in_use_bytes"), Metric.Goal.AT_MOST, null);
        for (Object each : list(result.get("metrics"))) {
            Map<?, ?> metric = map(each);
            Metric.Goal goal = switch (String.valueOf(metric.get("goal"))) {
                case "at most" -> Metric.Goal.AT_MOST;
                case "at least" -> Metric.Goal.AT_LEAST;
                default -> Metric.Goal.NONE;
            };
            put(figures, String.valueOf(metric.get("name")), String.valueOf(metric.get("unit")), metric.get("actual"), goal,
                    metric.get("target") instanceof Double target ? target : null);
        }
        return figures;
    }

    private static void put(Map<String, Figure> figures, String name, String unit, @Nullable Object value, Metric.Goal goal,
            @Nullable Double target) {
        if (value instanceof Double number && Double.isFinite(number) && goal != Metric.Goal.NONE) {
            figures.putIfAbsent(name, new Figure(unit, number, goal, target));
        }
    }

    private static Map<?, ?> map(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new IllegalArgumentException("an object is missing");
    }

    private static List<?> list(@Nullable Object value) {
        if (value instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException("a list is missing");
    }
}
