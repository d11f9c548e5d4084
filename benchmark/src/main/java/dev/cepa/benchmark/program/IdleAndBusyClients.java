package dev.cepa.benchmark.program;

import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.MemorySnapshot;
import dev.cepa.benchmark.load.HttpTunnelClient;
import dev.cepa.benchmark.load.IdleStreams;
import dev.cepa.benchmark.load.ProxyClient;
import dev.cepa.benchmark.load.Socks4Client;
import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.StreamLoad;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import dev.cepa.testnet.Ports;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A thousand clients that have their streams open and do nothing, while two hundred others download for ten seconds; then
 * each idle one downloads a last piece over the stream that it has had all along. They come by SOCKS 5, SOCKS 4a and HTTP
 * in turns. One operation is one piece of a busy client, its content checked; no client may lose its stream.
 */
public final class IdleAndBusyClients extends ProgramBenchmark {
    private static final int IDLE = 1000;
    private static final int QUICK_IDLE = 30;
    private static final int BUSY = 200;
    private static final int QUICK_BUSY = 10;
    private static final int PIECE = 10_000;
    private static final int IDLE_PIECE = 1000;
    /** How many streams are opened, and asked for their last piece, at once. */
    private static final int TOGETHER = 50;
    private static final long SAMPLE_MILLIS = 200;
    /** What is needed for starting only is given back in that time. */
    private static final Duration SETTLING = Duration.ofSeconds(15);
    private static final Duration BUSY_TIME = Duration.ofSeconds(10);
    private static final Duration QUICK_BUSY_TIME = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final double MIB = 1024 * 1024;

    /** For the command. */
    public IdleAndBusyClients() {
        this(null);
    }

    IdleAndBusyClients(@Nullable ClientProgram program) {
        super("Idle and Busy Clients", Category.WAYS, program);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        int http = new Ports(new SecureRandom()).next();
        int idleCount = run.quick() ? QUICK_IDLE : IDLE;
        try (ClientProcess client = run.startWith(List.of("HTTPTunnelPort 127.0.0.1:" + http))) {
            List<ProxyClient> ways = List.of(
                    new SocksClient(client.socksPort()), new Socks4Client(client.socksPort()), new HttpTunnelClient(http));
            Thread.sleep(run.quick() ? Duration.ZERO : SETTLING);
            double before = client.memory().resident() / MIB;
            AtomicLong most = new AtomicLong();
            Thread sampler = Thread.ofVirtual().name("memory").start(() -> sample(client, most));
            try (IdleStreams idle = new IdleStreams(ways, run.target(), idleCount, IDLE_PIECE, TOGETHER)) {
                run.step(0, 3, "opening " + idleCount + " streams");
                idle.downloadAll(run.deadline(PATIENCE));
                run.smaller("resident memory with idle clients", "MiB", client.memory().resident() / MIB);
                run.step(1, 3, "downloading");
                LatencyTracker pieces = new LatencyTracker();
                StreamLoad load = new StreamLoad(
                        ways, run.target(), run.quick() ? QUICK_BUSY : BUSY, PIECE, new LatencyTracker(), pieces);
                StreamLoad.Outcome busy =
                        run.load(client, load, run.quick() ? QUICK_BUSY_TIME : BUSY_TIME, PATIENCE);
                run.step(2, 3, "asking the idle");
                idle.downloadAll(run.deadline(PATIENCE));
                run.worked(busy.pieces(), busy.seconds());
                run.atMost("idle clients that lost something", "", idle.failed(), 0);
                run.atMost("busy clients that lost something", "", busy.failed(), 0);
                run.larger("throughput of the busy", "MB/s", busy.rate() / 1e6);
                run.smaller("a piece of the busy: p50", "ms", pieces.percentile(50).toNanos() / 1e6);
                run.smaller("a piece of the busy: p95", "ms", pieces.percentile(95).toNanos() / 1e6);
                run.latency().addAll(pieces);
                if (idle.wrong() > 0) {
                    run.invalid("idle clients: " + idle.describeErrors());
                } else if (idle.failed() > 0) {
                    run.context().progress().note(run.program().name() + ", idle clients: " + idle.describeErrors());
                }
            } finally {
                sampler.interrupt();
                sampler.join();
            }
            run.memory(client.memory());
            run.smaller("resident memory before", "MiB", before);
            run.smaller("resident memory, largest", "MiB", most.get() / MIB);
        }
    }

    private static void sample(ClientProcess client, AtomicLong most) {
        try {
            while (true) {
                MemorySnapshot memory = client.memory();
                most.accumulateAndGet(memory.resident(), Math::max);
                Thread.sleep(SAMPLE_MILLIS);
            }
        } catch (InterruptedException | IOException e) {
            // All is over; or the process is, and those that use it say so.
        }
    }
}
