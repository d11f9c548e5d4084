package dev.cepa.benchmark;

import java.io.PrintWriter;
import java.util.List;

/** Prints what was measured, for people. */
final class Summary {
    private static final String RULE = "─".repeat(78);

    private Summary() {}

    static void print(Report report, List<Baseline.Comparison> comparisons, PrintWriter out) {
        Environment at = report.environment();
        out.println();
        out.println("Cepa " + at.version() + " on a " + at.network() + "; " + at.processors() + " processors, " + at.os()
                + " " + at.architecture() + ", " + at.java());
        if (at.quick()) {
            out.println("A quick run: it shows that everything works, its figures mean little.");
        }
        for (Result result : report.results()) {
            print(result, out);
        }
        out.println(RULE);
        for (String name : report.notRun()) {
            out.println("not run: " + name);
        }
        printComparisons(comparisons, out);
        out.println("FINAL RESULTS: " + report.passed() + " PASSED, " + report.failed() + " FAILED (out of " + report.total()
                + " total)");
        out.flush();
    }

    private static void print(Result result, PrintWriter out) {
        out.println(RULE);
        out.println(result.name());
        out.println("  Duration:    " + Words.duration(result.duration()));
        out.println("  Operations:  " + result.operations() + " (" + Words.number(result.operationsPerSecond()) + " a second)");
        printMeasured(result, out);
        out.println("  Status:      " + (result.success() ? "✓ PASS" : "✗ FAIL"));
        if (result.error() != null) {
            out.println("  Error:       " + result.error());
        }
        if (!result.metrics().isEmpty()) {
            out.println("  Additional metrics:");
        }
        for (Metric metric : result.metrics()) {
            String target = Words.target(metric);
            out.println("    " + metric.name() + ": " + Words.amount(metric.actual(), metric.unit())
                    + (target == null ? "" : " (target: " + target + ") " + (metric.isMet() ? "✓" : "✗")));
        }
    }

    private static void printMeasured(Result result, PrintWriter out) {
        Latencies latency = result.latency();
        if (latency != null) {
            out.println("  Latency:     p50 " + Words.duration(latency.p50()) + ", p95 " + Words.duration(latency.p95())
                    + ", p99 " + Words.duration(latency.p99()) + ", max " + Words.duration(latency.max()));
        }
        if (result.memoryInUse() == MemorySnapshot.UNKNOWN && result.memoryAllocated() == MemorySnapshot.UNKNOWN) {
            return;
        }
        out.println("  Memory:      " + Words.memory(result.memoryInUse()) + " in use"
                + (result.memoryAllocated() == MemorySnapshot.UNKNOWN
                        ? ""
                        : ", " + Bytes.format(result.memoryAllocated()) + " allocated"));
    }

    private static void printComparisons(List<Baseline.Comparison> comparisons, PrintWriter out) {
        if (comparisons.isEmpty()) {
            return;
        }
        out.println("Against the baseline:");
        for (Baseline.Comparison each : comparisons) {
            out.println("  " + (each.regression() ? "✗ " : "  ") + each.benchmark() + ", " + each.figure() + ": "
                    + Words.amount(each.actual(), each.unit()) + ", was " + Words.amount(each.before(), each.unit())
                    + (each.regression() ? " (worse)" : ""));
        }
        long worse = comparisons.stream().filter(Baseline.Comparison::regression).count();
        out.println(worse == 0 ? "  no regression" : "  " + worse + (worse == 1 ? " regression" : " regressions"));
    }
}
