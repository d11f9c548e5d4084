package dev.cepa.benchmark;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/**
 * Benchmarks that are run one after the other. What goes wrong in one is its error result, and the next one runs all the
 * same. Immutable; made by {@link #builder}.
 */
public final class Suite {
    private final String name;
    private final List<Benchmark> benchmarks;
    private final Map<String, Double> targets;

    private Suite(String name, List<Benchmark> benchmarks, Map<String, Double> targets) {
        this.name = name;
        this.benchmarks = List.copyOf(benchmarks);
        this.targets = Map.copyOf(targets);
    }

    /** An empty suite, to be filled. */
    public static Builder builder(String name) {
        return new Builder(name);
    }

    /** Its name. */
    public String name() {
        return name;
    }

    /** What it runs, in this order. */
    public List<Benchmark> benchmarks() {
        return benchmarks;
    }

    /** Those benchmarks of it that pass. */
    public Suite filter(Predicate<Benchmark> which) {
        return new Suite(name, benchmarks.stream().filter(which).toList(), targets);
    }

    /** Runs it, until all is done, the context's time is up or it is cancelled. */
    public Report run(BenchmarkContext context) {
        Instant started = Instant.now();
        long begin = System.nanoTime();
        List<Result> results = new ArrayList<>();
        List<String> notRun = new ArrayList<>();
        for (Benchmark benchmark : benchmarks) {
            if (context.isCancelled() || context.deadline().passed()) {
                notRun.add(benchmark.name());
                continue;
            }
            context.progress().begun(benchmark, results.size() + 1, benchmarks.size());
            Result result = run(benchmark, context).withTargets(targets);
            results.add(result);
            context.progress().ended(result);
        }
        String network = context.hasNetwork() ? context.network().description() : "none";
        return new Report(
                name, Environment.of(network, context.quick()), started, Duration.ofNanos(System.nanoTime() - begin),
                results, notRun);
    }

    private static Result run(Benchmark benchmark, BenchmarkContext context) {
        long begin = System.nanoTime();
        String error;
        try {
            Result result = benchmark.run(context);
            if (!context.isCancelled()) {
                return result;
            }
            error = "stopped before it was done";
        } catch (InterruptedException e) {
            error = "stopped before it was done";
        } catch (TimeoutException e) {
            error = "not done in time: " + e.getMessage();
        } catch (Exception | Error e) { // an Error too: the other benchmarks still have something to say
            error = context.isCancelled() ? "stopped before it was done" : describe(e);
        }
        return Result.failed(benchmark, Duration.ofNanos(System.nanoTime() - begin), error);
    }

    private static String describe(Throwable problem) {
        String message = problem.getMessage();
        String kind = problem.getClass().getSimpleName();
        return message == null || message.isBlank() ? kind : message + " (" + kind + ")";
    }

    /** Fills a suite. Not thread-safe. */
    public static final class Builder {
        private final String name;
        private final Map<String, Benchmark> benchmarks = new LinkedHashMap<>();
        private final Map<String, Double> targets = new HashMap<>();

        private Builder(String name) {
            this.name = name;
        }

        /** Adds a benchmark. Its name must be new. */
        public Builder add(Benchmark benchmark) {
            if (benchmarks.putIfAbsent(benchmark.name(), benchmark) != null) {
                throw new IllegalArgumentException("two benchmarks are called " + benchmark.name());
            }
            return this;
        }

        /** Adds all benchmarks of another suite, and its targets. */
        public Builder add(Suite suite) {
            suite.benchmarks.forEach(this::add);
            targets.putAll(suite.targets);
            return this;
        }

        /**
         * Replaces a target.
         *
         * @param metric the metric's name; or the benchmark's, a slash and the metric's; in any case of letters
         * @param value in the metric's unit
         */
        public Builder target(String metric, double value) {
            targets.put(metric.toLowerCase(Locale.ROOT), value);
            return this;
        }

        /** The suite. */
        public Suite build() {
            return new Suite(name, new ArrayList<>(benchmarks.values()), targets);
        }
    }
}
