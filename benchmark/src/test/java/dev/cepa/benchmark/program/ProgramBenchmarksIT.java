package dev.cepa.benchmark.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.benchmark.Benchmark;
import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.Metric;
import dev.cepa.benchmark.NetworkUnderTest;
import dev.cepa.benchmark.Result;
import dev.cepa.benchmark.Suite;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The short form of every benchmark of programs, with our daemon and with C tor on real relays. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ProgramBenchmarksIT {
    @TempDir
    private Path folder;

    static Stream<Benchmark> all() {
        return Stream.of(
                new ColdStart(), new WarmStart(), new FreshCircuits(), new BulkThroughput(), new ConcurrentStreams(),
                new ConcurrentStreamsOneCore(), new StreamScaling(), new SteadyMemory(), new SteadyMemoryFullDirectory(),
                new Sessions(), new FirstByte(), new RequestsUnderChurn(), new WaysIn(), new IdleAndBusyClients(),
                new OnionServiceStart(), new OnionConnect(), new OnionThroughput());
    }

    private Result run(Benchmark benchmark, TestNetwork network, WebServer web, List<Path> rivals) {
        BenchmarkContext context = BenchmarkContext.builder().quick(true).folder(folder).web(web)
                .network(NetworkUnderTest.of(network)).rivals(rivals).timeout(Duration.ofMinutes(4)).build();
        return Suite.builder("short").add(benchmark).build().run(context).results().getFirst();
    }

    @ParameterizedTest
    @MethodSource("all")
    void measuresBothPrograms(Benchmark benchmark) throws IOException {
        try (WebServer web = WebServer.start()) {
            Result result = run(benchmark, TestNetworks.shared(), web, List.of(Path.of("tor")));
            assertThat(result.error()).as("%s", result).isNull();
            assertThat(result.operations()).isPositive();
            assertThat(result.duration()).isPositive();
            assertThat(result.latency()).isNotNull();
            assertThat(result.memoryInUse()).isBetween(10L << 20, 500L << 20);
            assertThat(result.metrics().stream().map(Metric::name))
                    .anyMatch(name -> name.endsWith(", tor"))
                    .anyMatch(name -> name.endsWith(", ratio to tor (median)"));
            if (benchmark instanceof FirstByte) {
                // What only ours is asked, by signals.
                assertThat(result.metric("prebuilt circuits: circuits that were ready").actual()).isBetween(0.0, 100.0);
                assertThat(result.metric("after a new identity (cepa: HUP, tor: NEWNYM): p50, tor")).isNotNull();
            }
            for (Metric metric : result.metrics()) {
                // Memory and time depend on the machine, and on a program that is not the image's.
                assertThat(metric.isMet() || metric.unit().equals("MiB")).as("%s", metric).isTrue();
            }
        }
    }

    @Test
    void aNetworkThatDiesIsAnErrorAndNotAPass() throws Exception {
        try (WebServer web = WebServer.start();
                TestNetwork network = TestNetwork.builder().relays(0).exits(2).start(Duration.ofMinutes(3))) {
            Thread killer = Thread.ofVirtual().start(() -> {
                try {
                    // Once the first content has gone through, there is a second to lose it in.
                    while (web.connections() < 50) {
                        Thread.sleep(5);
                    }
                    for (Node exit : network.nodes(NodeKind.EXIT)) {
                        exit.kill();
                    }
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            Result result = run(new ConcurrentStreams(), network, web, List.of());
            killer.join();
            assertThat(result.error()).as("%s", result).contains("streams failed");
            assertThat(result.success()).isFalse();
        }
    }
}
