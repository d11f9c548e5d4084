package dev.cepa.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.benchmark.Benchmark.Category;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportsTest {
    @TempDir
    Path folder;

    @Test
    void jsonHasEveryFigure() {
        Object json = Json.read(ReportFiles.json(Given.report(Given.latencies("A", 5000)), List.of()));
        assertThat(json).isInstanceOfSatisfying(Map.class, root -> {
            assertThat(root.get("success")).isEqualTo(true);
            assertThat(root.get("total")).isEqualTo(1.0);
            Map<?, ?> result = (Map<?, ?>) ((List<?>) root.get("results")).getFirst();
            assertThat(result.get("operations_per_second")).isEqualTo(50.0);
            assertThat(result.get("memory_in_use_bytes")).isEqualTo(3.0 * 1024 * 1024);
            assertThat((Map<?, ?>) result.get("latency_ms")).isInstanceOfSatisfying(Map.class, latency -> {
                assertThat((Double) latency.get("p95")).isBetween(95.0, 95.1);
                assertThat(latency.get("max")).isEqualTo(100.0);
            });
            assertThat((List<?>) result.get("metrics")).hasSize(3).first().isInstanceOfSatisfying(Map.class, metric -> {
                assertThat(metric.get("name")).isEqualTo("p95 latency");
                assertThat(metric.get("target")).isEqualTo(5000.0);
                assertThat(metric.get("met")).isEqualTo(true);
            });
        });
    }

    @Test
    void csvQuotesAndHasOneLineAFigure() {
        String csv = ReportFiles.csv(Given.report(Given.latencies("A \"b\"", 90)));
        assertThat(csv.lines()).contains(
                "benchmark,category,figure,unit,actual,target,goal,met",
                "\"A \"\"b\"\"\",circuit,success,,0,,,",
                "\"A \"\"b\"\"\",circuit,p95 latency,ms,95,90,at most,false",
                "\"A \"\"b\"\"\",circuit,\"told, with a comma\",,1,,none,true");
    }

    @Test
    void theHtmlPageNeedsNothingElseAndEscapes() {
        Benchmark bad = Given.benchmark("<script>", Category.BULK, (context, self) -> {
            throw new IOException("a < b & \"c\"");
        });
        String page = HtmlReport.page(Given.report(Given.latencies("A", 5000), bad), List.of());
        assertThat(page).doesNotContainIgnoringCase("<script").doesNotContain("http:", "https:", "src=", "url(", "@import");
        assertThat(page).contains("&lt;script&gt;", "a &lt; b &amp; &quot;c&quot;", "prefers-color-scheme: dark",
                "FINAL RESULTS: 1 PASSED, 1 FAILED (out of 2 total)", "aria-label=\"Latency by percentile\"",
                "aria-label=\"Scaling\"", "default-src 'none'");
        assertThat(page.split("<svg", -1)).hasSize(3);
        assertThat(page.split("</svg>", -1)).hasSize(3);
    }

    @Test
    void chartTicksAreRoundNumbers() {
        assertThat(Chart.step(0.7)).isEqualTo(1);
        assertThat(Chart.step(13)).isEqualTo(20);
        assertThat(Chart.step(2.2)).isEqualTo(2.5);
        assertThat(Chart.step(7)).isEqualTo(10);
        assertThat(Chart.step(0)).isEqualTo(1);
    }

    @Test
    void aFewPointsFarApartGetALogarithmicAxis() {
        List<Series.Point> points = List.of(new Series.Point(10, 1), new Series.Point(100, 2), new Series.Point(1000, 3));
        // The middle point is in the middle: the axis runs from 64 to 544.
        assertThat(Chart.series(new Series("s", "streams", "MB/s", points))).contains("cx=\"304.0\"");
        assertThat(Chart.series(new Series("s", "streams", "MB/s", points.subList(0, 2)))).contains("cx=\"544.0\"");
    }

    @Test
    void aRunComparedWithItselfHasNoRegression() throws Exception {
        Report report = Given.report(Given.latencies("A", 5000));
        List<Baseline.Comparison> comparisons = baseline(report).compare(report, 0);
        assertThat(comparisons).extracting(Baseline.Comparison::figure)
                .containsExactly("latency p50", "latency p95", "memory in use", "p95 latency", "throughput");
        assertThat(comparisons).noneMatch(Baseline.Comparison::regression);
        assertThat(baseline(report).difference(report.environment())).isNull();
    }

    @Test
    void whatGotWorseByMoreThanAllowedIsARegressionAndNothingElseIs() throws Exception {
        Baseline before = baseline(Given.report(measured(100, 1000, 50)));
        assertThat(worse(before, measured(119, 1000, 50))).isEmpty();
        assertThat(worse(before, measured(121, 1000, 50))).containsExactly("small");
        assertThat(worse(before, measured(10, 799, 50))).containsExactly("large");
        assertThat(worse(before, measured(100, 9000, 50))).isEmpty();
        assertThat(worse(before, measured(100, 1000, 69))).as("less than a fifth of a tenth of the target of 1000").isEmpty();
        assertThat(worse(before, measured(100, 1000, 71))).containsExactly("growth");
    }

    private static Benchmark measured(double small, double large, double growth) {
        return Given.benchmark("A", Category.BULK, (context, self) -> Result.builder(self)
                .duration(Duration.ofSeconds(1))
                .operations(1)
                .smallerIsBetter("small", "ms", small)
                .largerIsBetter("large", "bytes/s", large)
                .atMost("growth", "bytes", growth, 1000)
                .metric("whatever", "", Math.random())
                .build());
    }

    private static List<String> worse(Baseline before, Benchmark now) {
        return before.compare(Given.report(now), 0.2).stream()
                .filter(Baseline.Comparison::regression)
                .map(Baseline.Comparison::figure)
                .toList();
    }

    private Baseline baseline(Report report) throws IOException {
        return Baseline.read(Files.writeString(folder.resolve("old.json"), ReportFiles.json(report, List.of())));
    }

    @Test
    void aBaselineThatIsNoneSaysSo() throws Exception {
        for (String text : new String[] {"", "[]", "{}", "{\"format\": 2}", "{\"format\": 1}", "{\"format\": 1, \"results\": [3]}"}) {
            Path file = Files.writeString(folder.resolve("bad.json"), text);
            assertThatThrownBy(() -> Baseline.read(file)).as(text).isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> Baseline.read(folder.resolve("none"))).isInstanceOf(IOException.class);
    }

    @Test
    void progressWithoutATerminalIsPlainLines() {
        java.io.StringWriter text = new java.io.StringWriter();
        Console console = new Console(new java.io.PrintWriter(text), false);
        BenchmarkContext context = BenchmarkContext.builder().progress(console).build();
        Given.suite(Given.benchmark("Steps", Category.BULK, (c, self) -> {
            for (int i = 0; i < 1000; i++) {
                c.progress(i, 1000, "step " + i);
            }
            return Result.builder(self).operations(1).build();
        })).run(context);
        assertThat(text.toString().lines()).hasSize(2).first().isEqualTo("[1/1] Steps");
        assertThat(text.toString()).doesNotContain("\033", "\r").contains("✓ PASS [1/1] Steps");
    }

    @Test
    void progressOnATerminalIsABarThatIsTakenAwayForLines() throws Exception {
        java.io.StringWriter text = new java.io.StringWriter();
        Console console = new Console(new java.io.PrintWriter(text), true);
        BenchmarkContext context = BenchmarkContext.builder().progress(console).build();
        Given.suite(Given.benchmark("Steps", Category.BULK, (c, self) -> {
            Thread.sleep(110); // it is drawn ten times a second at most
            c.progress(1, 2, "half");
            return Result.builder(self).operations(1).build();
        })).run(context);
        assertThat(text.toString()).contains("\r\033[K" + "█".repeat(12) + "░".repeat(12) + " [1/1] Steps: half");
        assertThat(text.toString()).contains("\r\033[K✓ PASS [1/1] Steps");
    }
}
