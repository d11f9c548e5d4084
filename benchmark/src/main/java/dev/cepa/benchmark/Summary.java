package dev.cepa.benchmark;

import java.io.PrintWriter;

/** Prints what was measured, for people. */
final class Summary {
    private Summary() {}

    static void print(Report report, PrintWriter out) {
        for (Result result : report.results()) {
            out.println(result.name() + ": " + (result.success() ? "✓ PASS" : "✗ FAIL"));
        }
        out.println("FINAL RESULTS: " + report.passed() + " PASSED, " + report.failed() + " FAILED (out of " + report.total()
                + " total)");
        out.flush();
    }
}
