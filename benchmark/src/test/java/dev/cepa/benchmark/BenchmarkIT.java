package dev.cepa.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.TorClient;
import dev.cepa.TorSocket;
import dev.cepa.benchmark.library.CircuitBuild;
import dev.cepa.benchmark.library.StreamMultiplexing;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Benchmarks on real relays. */
@Timeout(240)
class BenchmarkIT {
    @TempDir
    Path folder;

    /** Those of client programs have a test of their own; here are all that run in this process. */
    @Test
    void aShortFormOfEveryBenchmarkOfTheLibraryRuns() throws Exception {
        Suite.Builder suite = Suite.builder("library");
        for (Benchmark benchmark : ServiceLoader.load(Benchmark.class)) {
            if (benchmark.getClass().getPackage() == CircuitBuild.class.getPackage()) {
                suite.add(benchmark);
            }
        }
        assertThat(suite.build().benchmarks()).hasSize(4);
        Path json = folder.resolve("a.json");
        PrintWriter err = new PrintWriter(new OutputStreamWriter(System.err, StandardCharsets.UTF_8));
        StringWriter out = new StringWriter();
        int status = new BenchmarkTool(suite.build(), NetworkUnderTest.of(TestNetworks.shared()))
                .run(new PrintWriter(out), err, "--quick", "--json", json.toString());
        assertThat(out.toString()).doesNotContain("Error: ").contains("Circuit Build with Pool", "FINAL RESULTS: ");
        // Figures of this JVM, on a machine that is busy with tests, may miss their targets; the status says so truly.
        assertThat(status).isEqualTo(out.toString().contains("✗ FAIL") ? BenchmarkTool.FAILED : BenchmarkTool.PASSED);
        assertThat(Baseline.read(json)).isNotNull();
    }

    @Test
    void aTargetThatIsTooLowFailsOnRealRelaysToo() throws Exception {
        StringWriter out = new StringWriter();
        Suite suite = Given.suite(new CircuitBuild());
        BenchmarkTool tool = new BenchmarkTool(suite, NetworkUnderTest.of(TestNetworks.shared()));
        int status = tool.run(new PrintWriter(out), new PrintWriter(new StringWriter()), "--iterations", "3", "--target",
                "Circuit Build/p95 latency=0.001");
        assertThat(status).isEqualTo(BenchmarkTool.FAILED);
        assertThat(out.toString()).contains("(target: at most 0.001 ms) ✗", "0 PASSED, 1 FAILED");
    }

    /** A user's own benchmark, as the documentation shows it, through what is public. */
    public static final class EchoRoundTrip implements Benchmark {
        @Override
        public String name() {
            return "Echo Round Trip";
        }

        @Override
        public Category category() {
            return Category.STREAMS;
        }

        @Override
        public Result run(BenchmarkContext context) throws Exception {
            int rounds = context.iterations(1000, 20);
            LatencyTracker latency = new LatencyTracker();
            Result.Builder result = Result.builder(this);
            try (TorClient tor = TorClient.connect(context.network().clientConfig().build());
                    TorSocket socket = tor.open(context.host(), context.web().echoPort())) {
                for (int i = 0; i < rounds; i++) {
                    context.check();
                    context.progress(i, rounds, "round " + i);
                    long start = System.nanoTime();
                    socket.getOutputStream().write(i);
                    if (socket.getInputStream().read() != (i & 0xff)) {
                        throw new IOException("wrong content");
                    }
                    latency.recordSince(start);
                }
            }
            return result.latency(latency)
                    .atMost("p99 round trip", "ms", latency.percentile(99).toNanos() / 1e6, 5000)
                    .build();
        }
    }

    @Test
    void aUsersOwnBenchmarkRunsThroughThePublicApi() throws Exception {
        try (WebServer web = WebServer.start()) {
            Report report = Suite.builder("mine").add(new EchoRoundTrip()).build().run(BenchmarkContext.builder()
                    .network(NetworkUnderTest.of(TestNetworks.shared()))
                    .web(web)
                    .quick(true)
                    .build());
            assertThat(report.results().getFirst().error()).isNull();
            assertThat(report.success()).isTrue();
            assertThat(report.results().getFirst().operations()).isEqualTo(20);
        }
    }

    @Test
    void aNetworkThatDiesUnderwayIsAnErrorAndNoPass() throws Exception {
        try (TestNetwork network = TestNetwork.builder().authorities(1).relays(2).exits(1).start(Duration.ofMinutes(2));
                WebServer web = WebServer.start()) {
            Progress killer = new Progress() {
                @Override
                public void moved(double fraction, String text) {
                    if (text.contains("streams,")) {
                        network.relays().forEach(BenchmarkIT::kill);
                    }
                }
            };
            Report report = Given.suite(new StreamMultiplexing()).run(BenchmarkContext.builder()
                    .network(NetworkUnderTest.of(network))
                    .web(web)
                    .quick(true)
                    .timeout(Duration.ofSeconds(60))
                    .progress(killer)
                    .build());
            assertThat(report.success()).isFalse();
            assertThat(report.results().getFirst().error()).isNotNull();
        }
    }

    private static void kill(Node relay) {
        try {
            relay.kill();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
