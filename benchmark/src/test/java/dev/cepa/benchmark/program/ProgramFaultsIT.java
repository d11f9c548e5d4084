package dev.cepa.benchmark.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.benchmark.Benchmark;
import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.Metric;
import dev.cepa.benchmark.NetworkUnderTest;
import dev.cepa.benchmark.Result;
import dev.cepa.benchmark.Suite;
import dev.cepa.benchmark.load.DirectProxy;
import dev.cepa.benchmark.load.DirectProxy.Fault;
import dev.cepa.benchmark.process.ClientProgram;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** That benchmarks of programs can fail, and how: with a program that is no Tor client and goes wrong in a chosen way. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ProgramFaultsIT {
    @TempDir
    private Path folder;

    private WebServer web;

    @BeforeEach
    void start() throws IOException {
        web = WebServer.start();
    }

    @AfterEach
    void stop() {
        web.close();
    }

    private static List<String> command(Fault fault) {
        return List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), DirectProxy.class.getName(),
                fault.name());
    }

    private static ClientProgram program(Fault fault) {
        return new ClientProgram("stand-in", command(fault));
    }

    private BenchmarkContext.Builder context() throws IOException {
        Path torrc = Files.writeString(folder.resolve("torrc"), "");
        return BenchmarkContext.builder().quick(true).folder(folder).web(web).network(NetworkUnderTest.ofTorrc(torrc));
    }

    private Result run(Benchmark benchmark) throws IOException {
        return run(benchmark, context().build());
    }

    private static Result run(Benchmark benchmark, BenchmarkContext context) {
        return Suite.builder("faults").add(benchmark).build().run(context).results().getFirst();
    }

    private static ConcurrentStreams streams(Fault fault) {
        return new ConcurrentStreams("Concurrent Streams", false, program(fault));
    }

    private static double value(Result result, String metric) {
        Metric found = result.metric(metric);
        assertThat(found).as("%s of %s", metric, result).isNotNull();
        return found.actual();
    }

    @Test
    void passesWhenAllIsWell() throws IOException {
        Result result = run(streams(Fault.NONE));
        assertThat(result.error()).isNull();
        assertThat(result.success()).isTrue();
        assertThat(value(result, "concurrent streams")).isEqualTo(100);
        assertThat(value(result, "failed streams")).isZero();
        assertThat(value(result, "throughput")).isPositive();
        assertThat(result.operations()).isPositive();
        assertThat(result.memoryInUse()).isPositive();
        assertThat(result.latency()).isNotNull();
    }

    @Test
    void wrongContentIsAnErrorOfTheBenchmark() throws IOException {
        assertThat(run(streams(Fault.FLIP)).error()).contains("stand-in: all 100 streams failed", "wrong content");
        assertThat(run(new BulkThroughput(program(Fault.FLIP))).error()).contains("stand-in: wrong content");
    }

    @Test
    void streamsThatEndAreAnErrorOfTheBenchmark() throws IOException {
        assertThat(run(streams(Fault.END_STREAM)).error()).contains("all 100 streams failed", "ended before");
    }

    @Test
    void aProgramThatDiesIsAnErrorOfTheBenchmark() throws IOException {
        assertThat(run(streams(Fault.EXIT)).error()).contains("stand-in has ended with status 3", "proxy is up");
    }

    @Test
    void aTransferThatStopsEndsWithTheRunsTime() throws IOException {
        Result result = run(new BulkThroughput(program(Fault.STALL)), context().timeout(Duration.ofSeconds(20)).build());
        assertThat(result.error()).contains("did not end in time");
    }

    @Test
    void aWrapperIsNotMeasuredInPlaceOfTheProgram() throws IOException {
        StringBuilder script = new StringBuilder();
        command(Fault.NONE).forEach(word -> script.append(" '").append(word).append('\''));
        ClientProgram wrapper = new ClientProgram(
                "wrapper", List.of("/bin/sh", "-c", "trap 'kill $!' EXIT TERM;" + script + " \"$@\" & wait", "sh"));
        assertThat(run(new ColdStart(wrapper)).error()).contains("a wrapper has to exec it");
    }

    private Path rival() throws IOException {
        Path rival = folder.resolve("rival");
        StringBuilder script = new StringBuilder("#!/bin/sh\nexec");
        command(Fault.NONE).forEach(word -> script.append(" '").append(word).append('\''));
        Files.writeString(rival, script.append(" \"$@\"\n"));
        assertThat(rival.toFile().setExecutable(true)).isTrue();
        return rival;
    }

    @Test
    void comparesWithEveryRivalInTurns() throws IOException {
        Result result =
                run(new FreshCircuits(program(Fault.NONE)), context().turns(3).rivals(List.of(rival())).build());
        assertThat(result.error()).isNull();
        String name = "p50 of first byte";
        assertThat(value(result, name + ", rival")).isPositive();
        double least = value(result, name + ", ratio to rival (min)");
        double median = value(result, name + ", ratio to rival (median)");
        assertThat(least).isPositive().isLessThanOrEqualTo(median);
        assertThat(median).isLessThanOrEqualTo(value(result, name + ", ratio to rival (max)"));
        // The rival's requests are not among ours.
        assertThat(result.operations()).isEqualTo(9);
        assertThat(result.latency().count()).isEqualTo(9);
    }

    @Test
    void sessionsAreOneProcessOfOursAndOneEachOfARival() throws IOException {
        Result result = run(new Sessions(program(Fault.NONE)), context().rivals(List.of(rival()))
                .network(NetworkUnderTest.of(TestNetworks.shared())).build());
        assertThat(result.error()).isNull();
        assertThat(value(result, "processes")).isEqualTo(1);
        assertThat(value(result, "processes, rival")).isEqualTo(2);
        assertThat(value(result, "resident memory of all, rival")).isGreaterThan(value(result, "resident memory of all"));
    }

    @Test
    void firstBytesOfWrongContentAreAnError() throws IOException {
        Result result = run(new FirstByte(program(Fault.NONE)));
        assertThat(result.error()).isNull();
        assertThat(result.operations()).isEqualTo(10);
        // Nobody knows how to tell it to take a new identity.
        assertThat(result.metrics()).noneMatch(metric -> metric.name().startsWith("after a new identity"));
        assertThat(run(new FirstByte(program(Fault.FLIP_SOON))).error()).contains("stand-in: wrong content");
    }

    @Test
    void aWayThatLeadsNowhereIsAnError() throws IOException {
        Result result = run(new WaysIn(program(Fault.NONE)));
        assertThat(result.error()).contains("stand-in: SOCKS 4a: none of 10 requests was served: 10 x the proxy speaks no SOCKS 4");
    }

    @Test
    void clientsThatLoseTheirStreamsMissTheTarget() throws IOException {
        // Two ways of three lead nowhere.
        Result result = run(new IdleAndBusyClients(program(Fault.NONE)));
        assertThat(result.error()).isNull();
        assertThat(result.success()).isFalse();
        assertThat(value(result, "idle clients that lost something")).isEqualTo(20);
        assertThat(value(result, "busy clients that lost something")).isEqualTo(6);
        assertThat(run(new IdleAndBusyClients(program(Fault.FLIP))).error()).contains("wrong content");
    }

    @Test
    void requestsThatFailUnderChurnMissTheTarget() throws IOException {
        BenchmarkContext.Builder network = context().network(NetworkUnderTest.of(TestNetworks.shared()));
        Result result = run(new RequestsUnderChurn(program(Fault.REFUSE_SOME)), network.build());
        assertThat(result.error()).isNull();
        assertThat(result.success()).isFalse();
        assertThat(value(result, "requests that failed")).isEqualTo(2);
        assertThat(value(result, "requests served")).isEqualTo(8);
        assertThat(value(result, "relays frozen, one after the other")).isPositive();
    }

    @Test
    void relaysOfAnotherNetworkAreNotFrozen() throws IOException {
        assertThat(run(new RequestsUnderChurn(program(Fault.NONE))).error()).contains("that this tool has started only");
    }

    @Test
    void aMissingRivalIsAnError() throws IOException {
        Result result =
                run(streams(Fault.NONE), context().rivals(List.of(Path.of("/no/such/program"))).build());
        assertThat(result.error()).contains("there is no program /no/such/program");
    }

    @Test
    void leavesNoProcessBehind() throws IOException {
        // The relays of a network that other tests share belong to this JVM too.
        Set<ProcessHandle> before = ProcessHandle.current().descendants().collect(Collectors.toSet());
        run(new ColdStart(program(Fault.NONE)));
        Result refused =
                run(new FreshCircuits(program(Fault.REFUSE)), context().timeout(Duration.ofSeconds(4)).build());
        assertThat(refused.error()).isNotNull();
        assertThat(ProcessHandle.current().descendants().filter(process -> process.isAlive() && !before.contains(process)))
                .isEmpty();
    }
}
