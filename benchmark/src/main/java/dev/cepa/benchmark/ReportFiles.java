package dev.cepa.benchmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reports as JSON, which a later run can be compared with, and as CSV, one line a figure. */
final class ReportFiles {
    /** Raised when a reader of the old form would misread the new one. */
    static final int FORMAT = 1;

    private static final String CSV_HEAD = "benchmark,category,figure,unit,actual,target,goal,met\n";

    private ReportFiles() {}

    static String json(Report report, List<Baseline.Comparison> comparisons) {
        Map<String, @Nullable Object> root = new LinkedHashMap<>();
        Environment at = report.environment();
        root.put("format", FORMAT);
        root.put("suite", report.suite());
        root.put("version", at.version());
        root.put("started", report.started().toString());
        root.put("duration_s", report.duration().toNanos() / 1e9);
        Map<String, @Nullable Object> environment = new LinkedHashMap<>();
        environment.put("network", at.network());
        environment.put("quick", at.quick());
        environment.put("processors", at.processors());
        environment.put("os", at.os());
        environment.put("architecture", at.architecture());
        environment.put("java", at.java());
        root.put("environment", environment);
        root.put("success", report.success() && comparisons.stream().noneMatch(Baseline.Comparison::regression));
        root.put("passed", report.passed());
        root.put("failed", report.failed());
        root.put("total", report.total());
        root.put("not_run", report.notRun());
        List<Object> results = new ArrayList<>();
        report.results().forEach(result -> results.add(map(result)));
        root.put("results", results);
        List<Object> compared = new ArrayList<>();
        for (Baseline.Comparison each : comparisons) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            map.put("benchmark", each.benchmark());
            map.put("figure", each.figure());
            map.put("unit", each.unit());
            map.put("before", each.before());
            map.put("actual", each.actual());
            map.put("regression", each.regression());
            compared.add(map);
        }
        if (!compared.isEmpty()) {
            root.put("comparison", compared);
        }
        return Json.write(root);
    }

    private static Map<String, @Nullable Object> map(Result result) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("name", result.name());
        map.put("category", result.category().word());
        map.put("success", result.success());
        map.put("error", result.error());
        map.put("duration_s", result.duration().toNanos() / 1e9);
        map.put("operations", result.operations());
        map.put("operations_per_second", result.operationsPerSecond());
        map.put("memory_in_use_bytes", known(result.memoryInUse()));
        map.put("memory_allocated_bytes", known(result.memoryAllocated()));
        Latencies latency = result.latency();
        map.put("latency_ms", latency == null ? null : map(latency));
        List<Object> metrics = new ArrayList<>();
        for (Metric metric : result.metrics()) {
            Map<String, @Nullable Object> m = new LinkedHashMap<>();
            m.put("name", metric.name());
            m.put("unit", metric.unit());
            m.put("actual", metric.actual());
            m.put("target", metric.target());
            m.put("goal", goal(metric));
            m.put("met", metric.isMet());
            metrics.add(m);
        }
        map.put("metrics", metrics);
        List<Object> series = new ArrayList<>();
        for (Series curve : result.series()) {
            Map<String, @Nullable Object> s = new LinkedHashMap<>();
            s.put("name", curve.name());
            s.put("x", curve.xName());
            s.put("y", curve.yName());
            List<Object> points = new ArrayList<>();
            curve.points().forEach(point -> points.add(List.of(point.x(), point.y())));
            s.put("points", points);
            series.add(s);
        }
        map.put("series", series);
        return map;
    }

    private static Map<String, @Nullable Object> map(Latencies latency) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("count", latency.count());
        map.put("mean", Words.millis(latency.mean()));
        map.put("p50", Words.millis(latency.p50()));
        map.put("p95", Words.millis(latency.p95()));
        map.put("p99", Words.millis(latency.p99()));
        map.put("max", Words.millis(latency.max()));
        List<Object> points = new ArrayList<>();
        latency.distribution().forEach(point -> points.add(List.of(point.percentile(), Words.millis(point.value()))));
        map.put("distribution", points);
        return map;
    }

    private static @Nullable Long known(long bytes) {
        return bytes == MemorySnapshot.UNKNOWN ? null : bytes;
    }

    private static String goal(Metric metric) {
        return switch (metric.goal()) {
            case AT_MOST -> "at most";
            case AT_LEAST -> "at least";
            case NONE -> "none";
        };
    }

    static String csv(Report report) {
        StringBuilder out = new StringBuilder(CSV_HEAD);
        for (Result result : report.results()) {
            line(out, result, "success", "", result.success() ? 1 : 0);
            line(out, result, "duration", "s", result.duration().toNanos() / 1e9);
            line(out, result, "operations", "", result.operations());
            line(out, result, "operations per second", "1/s", result.operationsPerSecond());
            Latencies latency = result.latency();
            if (latency != null) {
                line(out, result, "latency mean", "ms", Words.millis(latency.mean()));
                line(out, result, "latency p50", "ms", Words.millis(latency.p50()));
                line(out, result, "latency p95", "ms", Words.millis(latency.p95()));
                line(out, result, "latency p99", "ms", Words.millis(latency.p99()));
                line(out, result, "latency max", "ms", Words.millis(latency.max()));
            }
            if (result.memoryInUse() != MemorySnapshot.UNKNOWN) {
                line(out, result, "memory in use", "bytes", result.memoryInUse());
            }
            if (result.memoryAllocated() != MemorySnapshot.UNKNOWN) {
                line(out, result, "memory allocated", "bytes", result.memoryAllocated());
            }
            for (Metric metric : result.metrics()) {
                Double target = metric.target();
                line(out, result, metric.name(), metric.unit(), number(metric.actual()),
                        target == null ? "" : number(target), goal(metric), Boolean.toString(metric.isMet()));
            }
        }
        return out.toString();
    }

    private static void line(StringBuilder out, Result result, String figure, String unit, double actual) {
        line(out, result, figure, unit, number(actual), "", "", "");
    }

    private static void line(StringBuilder out, Result result, String... fields) {
        field(out, result.name());
        out.append(',');
        field(out, result.category().word());
        for (String field : fields) {
            out.append(',');
            field(out, field);
        }
        out.append('\n');
    }

    private static String number(double value) {
        return Double.isFinite(value) ? Json.write(value).strip() : "";
    }

    /** Quoted if it must be (RFC 4180). */
    private static void field(StringBuilder out, String text) {
        if (text.indexOf(',') < 0 && text.indexOf('"') < 0 && text.indexOf('\n') < 0 && text.indexOf('\r') < 0) {
            out.append(text);
        } else {
            out.append('"').append(text.replace("\"", "\"\"")).append('"');
        }
    }
}
