package dev.cepa.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.benchmark.Benchmark.Category;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class SuiteTest {
    private static final Benchmark GOOD = Given.latencies("Good", 5000);

    @Test
    void anEmptySuitePrintsASummary() {
        assertThat(Given.summary(Given.report())).contains("FINAL RESULTS: 0 PASSED, 0 FAILED (out of 0 total)");
    }

    @Test
    void aBenchmarkThatThrowsIsAnErrorAndTheNextRunsAllTheSame() {
        Benchmark bad = Given.benchmark("Bad", Category.BULK, (context, self) -> {
            throw new java.io.IOException("the network is gone");
        });
        Benchmark worse = Given.benchmark("Worse", Category.BULK, (context, self) -> {
            throw new StackOverflowError();
        });
        Report report = Given.report(bad, worse, GOOD);
        assertThat(report.results()).extracting(Result::success).containsExactly(false, false, true);
        assertThat(report.results().getFirst().error()).contains("the network is gone");
        assertThat(report.success()).isFalse();
        assertThat(Given.summary(report))
                .contains("✗ FAIL", "Error:       the network is gone", "FINAL RESULTS: 1 PASSED, 2 FAILED (out of 3 total)");
    }

    @Test
    void aMissedTargetIsAFailureWithoutAnError() {
        Report report = Given.report(Given.latencies("Strict", 94.9));
        Result result = report.results().getFirst();
        assertThat(result.success()).isFalse();
        assertThat(result.error()).isNull();
        assertThat(Given.summary(report)).contains("p95 latency: 95 ms (target: at most 94.9 ms) ✗");
    }

    @Test
    void measuringNothingIsAnErrorAndWhatIsNoNumberMeetsNoTarget() {
        Report report = Given.report(
                Given.benchmark("Idle", Category.BULK, (context, self) -> Result.builder(self).build()),
                Given.benchmark("Blind", Category.BULK, (context, self) ->
                        Result.builder(self).operations(1).atMost("m", "", Double.NaN, 1).build()));
        assertThat(report.passed()).isZero();
        assertThat(report.results().getFirst().error()).isEqualTo("it measured nothing");
    }

    @Test
    void targetsCanBeReplacedByMetricOrByBenchmarkAndMetric() {
        Suite suite = Suite.builder("s").add(Given.latencies("A", 5000)).add(Given.latencies("B", 5000))
                .target("a/P95 Latency", 1).build();
        assertThat(suite.run(BenchmarkContext.builder().build()).results()).extracting(Result::success)
                .containsExactly(false, true);
        Suite both = Suite.builder("t").add(suite).target("p95 latency", 2).target("throughput", 1e12).build();
        assertThat(both.run(BenchmarkContext.builder().build()).results()).allSatisfy(result -> {
            assertThat(result.success()).isFalse();
            Metric throughput = result.metric("throughput");
            assertThat(throughput).isNotNull();
            assertThat(throughput.target()).as("only a target is replaced").isNull();
        });
    }

    @Test
    void cancellingKeepsWhatIsDoneAndNamesWhatIsNot() {
        Benchmark cancels = Given.benchmark("Cancels", Category.BULK, (context, self) -> {
            context.cancel();
            context.check();
            return Result.builder(self).operations(1).build();
        });
        Report report = Given.report(GOOD, cancels, Given.latencies("Late", 5000));
        assertThat(report.results()).extracting(Result::error).containsExactly(null, "stopped before it was done");
        assertThat(report.notRun()).containsExactly("Late");
        assertThat(Given.summary(report)).contains("not run: Late", "1 PASSED, 1 FAILED (out of 3 total)");
    }

    @Test
    void timeThatIsUpStopsTheRun() {
        Benchmark endless = Given.benchmark("Endless", Category.BULK, (context, self) -> {
            while (true) {
                context.check();
                Thread.sleep(1);
            }
        });
        Report report = Given.suite(endless, GOOD).run(BenchmarkContext.builder().timeout(Duration.ofSeconds(1)).build());
        assertThat(report.results().getFirst().error()).contains("not done in time");
        assertThat(report.notRun()).containsExactly("Good");
        assertThat(report.success()).isFalse();
    }

    @Test
    void namesAreUniqueAndSoAreMetrics() {
        assertThatThrownBy(() -> Given.suite(GOOD, GOOD)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Result.builder(GOOD).operations(1).metric("m", "", 1).metric("m", "", 2).build())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void iterationsAreTheUsersThenTheQuickOnesThenTheFullOnes() {
        assertThat(BenchmarkContext.builder().build().iterations(100, 10)).isEqualTo(100);
        assertThat(BenchmarkContext.builder().quick(true).build().iterations(100, 10)).isEqualTo(10);
        assertThat(BenchmarkContext.builder().quick(true).iterations(7).build().iterations(100, 10)).isEqualTo(7);
    }

    @Test
    void turnsAreTheUsersThenOneInAQuickRunThenTheUsualOnes() {
        assertThat(BenchmarkContext.builder().iterations(7).build().turns(3)).isEqualTo(3);
        assertThat(BenchmarkContext.builder().quick(true).build().turns(3)).isEqualTo(1);
        assertThat(BenchmarkContext.builder().quick(true).turns(2).build().turns(3)).isEqualTo(2);
    }

    @Test
    void filteringLeavesTheOrder() {
        Benchmark bulk = Given.benchmark("Bulk", Category.BULK, (context, self) -> Result.builder(self).operations(1).build());
        Suite suite = Given.suite(GOOD, bulk).filter(b -> b.category() == Category.BULK);
        assertThat(suite.benchmarks()).isEqualTo(List.of(bulk));
    }
}
