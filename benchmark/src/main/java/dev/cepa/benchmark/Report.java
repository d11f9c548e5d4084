package dev.cepa.benchmark;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What a suite measured. Immutable.
 *
 * @param suite the suite's name
 * @param environment where it was measured
 * @param results of the benchmarks that were begun, in their order
 * @param notRun names of those that were not
 */
public record Report(
        String suite, Environment environment, Instant started, Duration duration, List<Result> results,
        List<String> notRun) {

    public Report {
        results = List.copyOf(results);
        notRun = List.copyOf(notRun);
    }

    /** How many passed. */
    public int passed() {
        int count = 0;
        for (Result result : results) {
            count += result.success() ? 1 : 0;
        }
        return count;
    }

    /** How many were begun and did not pass. */
    public int failed() {
        return results.size() - passed();
    }

    /** How many were to be run. */
    public int total() {
        return results.size() + notRun.size();
    }

    /** Whether all were run and passed. */
    public boolean success() {
        return passed() == total();
    }
}
