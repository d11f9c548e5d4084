package dev.cepa.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.benchmark.Benchmark.Category;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command around benchmarks that need no network. */
class BenchmarkToolTest {
    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(Suite suite, String... args) throws Exception {
        Path torrc = Files.writeString(folder.resolve("torrc"), "# no network is needed\nTestingTorNetwork 1\n");
        BenchmarkTool tool = new BenchmarkTool(suite, NetworkUnderTest.ofTorrc(torrc));
        return tool.run(new PrintWriter(out), new PrintWriter(err), args);
    }

    @Test
    void exitStatusIsZeroWhenAllPassed() throws Exception {
        assertThat(run(Given.suite(Given.latencies("A", 5000)))).isZero();
        assertThat(out.toString()).contains("Status:      ✓ PASS", "FINAL RESULTS: 1 PASSED, 0 FAILED (out of 1 total)",
                "Latency:     p50 50.0 ms, p95 95.0 ms, p99 99.0 ms, max 100 ms", "Memory:      3.0 MiB in use");
    }

    @Test
    void exitStatusIsOneWhenATargetIsSetTooLow() throws Exception {
        assertThat(run(Given.suite(Given.latencies("A", 5000)), "--target", "A/p95 latency=1")).isEqualTo(1);
        assertThat(out.toString()).contains("Status:      ✗ FAIL", "(target: at most 1 ms) ✗",
                "FINAL RESULTS: 0 PASSED, 1 FAILED (out of 1 total)");
    }

    @Test
    void exitStatusIsOneWhenABenchmarkCouldNotBeMeasured() throws Exception {
        Benchmark bad = Given.benchmark("Bad", Category.BULK, (context, self) -> {
            throw new java.io.IOException("wrong content");
        });
        assertThat(run(Given.suite(Given.latencies("A", 5000), bad))).isEqualTo(1);
        assertThat(out.toString()).contains("Error:       wrong content (IOException)");
    }

    @Test
    void exitStatusIsOneWhenAFigureGotWorseThanTheBaseline() throws Exception {
        Path json = folder.resolve("old.json");
        assertThat(run(Given.suite(Given.latencies("A", 5000)), "--json", json.toString())).isZero();
        assertThat(run(Given.suite(Given.latencies("A", 5000)), "--baseline", json.toString())).isZero();
        assertThat(out.toString()).contains("no regression");
        String faster = Files.readString(json).replaceFirst("\"p50\": 50[.0-9]*,", "\"p50\": 40,");
        Files.writeString(json, faster);
        assertThat(run(Given.suite(Given.latencies("A", 5000)), "--baseline", json.toString())).isEqualTo(1);
        assertThat(out.toString()).contains("✗ A, latency p50: 50.0 ms, was 40 ms (worse)", "1 regression");
        assertThat(run(Given.suite(Given.latencies("A", 5000)), "--baseline", json.toString(), "--max-regression", "30%"))
                .isZero();
    }

    @Test
    void exitStatusIsTwoWithTheReasonWhenItCannotRun() throws Exception {
        Suite never = Given.suite(Given.benchmark("Never", Category.BULK, (context, self) -> {
            throw new AssertionError("it ran");
        }));
        for (String[] args : new String[][] {
            {"--no-such-flag"}, {"--baseline", folder.resolve("none.json").toString()},
            {"--json", folder.resolve("no/such/folder/a.json").toString()}, {"--vs", "/no/such/program"},
            {"--vs", "no-such-program"}, {"--torrc", folder.resolve("none").toString()}}) {
            assertThat(run(never, args)).as(String.join(" ", args)).isEqualTo(2);
        }
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString().lines().filter(line -> line.startsWith("benchmark: "))).hasSize(6);
    }

    @Test
    void flagsReachTheBenchmarksAndCategoriesChoose() throws Exception {
        Benchmark asks = Given.benchmark("Asks", Category.START, (context, self) -> Result.builder(self)
                .operations(context.iterations(100, 10))
                .metric("quick", "", context.quick() ? 1 : 0)
                .metric("rivals", "", context.rivals().size())
                .build());
        Path json = folder.resolve("a.json");
        assertThat(run(Given.suite(asks, Given.latencies("A", 1)), "-start", "--quick", "--iterations=3", "--vs", "/bin/sh",
                "--json", json.toString(), "--csv", folder.resolve("a.csv").toString(), "--html",
                folder.resolve("a.html").toString())).isZero();
        Map<?, ?> root = (Map<?, ?>) Json.read(Files.readString(json));
        Map<?, ?> result = (Map<?, ?>) ((List<?>) root.get("results")).getFirst();
        assertThat(root.get("total")).isEqualTo(1.0);
        assertThat(result.get("operations")).isEqualTo(3.0);
        assertThat(Files.readString(folder.resolve("a.csv"))).contains("Asks,start,quick,,1", "Asks,start,rivals,,1");
        assertThat(Files.readString(folder.resolve("a.html"))).startsWith("<!DOCTYPE html>");
    }

    @Test
    void versionAndHelp() throws Exception {
        assertThat(run(Given.suite(), "--version")).isZero();
        assertThat(run(Given.suite(), "--help")).isZero();
        assertThat(out.toString()).contains("cepa benchmark " + dev.cepa.TorClient.version(), "--max-regression 20%");
    }
}
