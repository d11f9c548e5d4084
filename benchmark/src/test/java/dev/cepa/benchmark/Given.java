package dev.cepa.benchmark;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;

/** What several tests begin with. */
final class Given {
    private Given() {}

    interface Body {
        Result run(BenchmarkContext context, Benchmark self) throws Exception;
    }

    static Benchmark benchmark(String name, Benchmark.Category category, Body body) {
        return new Benchmark() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Category category() {
                return category;
            }

            @Override
            public Result run(BenchmarkContext context) throws Exception {
                return body.run(context, this);
            }
        };
    }

    /** One whose 100 operations take 1 ms to 100 ms, with a target for their 95th percentile. */
    static Benchmark latencies(String name, double targetMillis) {
        return benchmark(name, Benchmark.Category.CIRCUIT, (context, self) -> {
            LatencyTracker tracker = new LatencyTracker();
            for (int i = 1; i <= 100; i++) {
                tracker.record(Duration.ofMillis(i));
            }
            return Result.builder(self)
                    .duration(Duration.ofSeconds(2))
                    .latency(tracker)
                    .memoryInUse(3 << 20)
                    .atMost("p95 latency", "ms", 95, targetMillis)
                    .largerIsBetter("throughput", "bytes/s", 5 << 20)
                    .metric("told, with a comma", "", 1)
                    .series(new Series("Scaling", "streams", "MiB/s", java.util.List.of(new Series.Point(10, 1), new Series.Point(100, 4))))
                    .build();
        });
    }

    static Suite suite(Benchmark... benchmarks) {
        Suite.Builder builder = Suite.builder("test");
        for (Benchmark benchmark : benchmarks) {
            builder.add(benchmark);
        }
        return builder.build();
    }

    static Report report(Benchmark... benchmarks) {
        return suite(benchmarks).run(BenchmarkContext.builder().build());
    }

    static String summary(Report report) {
        StringWriter text = new StringWriter();
        Summary.print(report, java.util.List.of(), new PrintWriter(text));
        return text.toString();
    }
}
