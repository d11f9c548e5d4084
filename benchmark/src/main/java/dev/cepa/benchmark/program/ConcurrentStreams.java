package dev.cepa.benchmark.program;

import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.StreamLoad;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A hundred streams at once, each downloading one piece after the other for ten seconds. One operation is one piece whose
 * content has been checked; the latency is that of a piece while all the others move theirs.
 */
public final class ConcurrentStreams extends ProgramBenchmark {
    private static final int STREAMS = 100;
    private static final int PIECE = 100_000;
    private static final int QUICK_PIECE = 10_000;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final boolean oneCore;

    /** With all the machine has. */
    public ConcurrentStreams() {
        this("Concurrent Streams", false, null);
    }

    ConcurrentStreams(String name, boolean oneCore, @Nullable ClientProgram program) {
        super(name, Category.STREAMS, program);
        this.oneCore = oneCore;
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        LatencyTracker opening = new LatencyTracker();
        try (ClientProcess client = run.startReady(oneCore ? ClientProcess.spareCore() : null)) {
            double cpu = client.cpuSeconds();
            long before = run.target().received();
            StreamLoad load = new StreamLoad(
                    new SocksClient(client.socksPort()), run.target(), STREAMS, run.quick() ? QUICK_PIECE : PIECE, opening,
                    run.latency());
            StreamLoad.Outcome outcome =
                    run.load(client, load, run.quick() ? Duration.ofMillis(500) : Duration.ofSeconds(10), PATIENCE);
            cpu = client.cpuSeconds() - cpu;
            run.memory(client.memory());
            run.worked(outcome.pieces(), outcome.seconds());
            run.atLeast("concurrent streams", "", outcome.completed(), STREAMS);
            run.atMost("failed streams", "", outcome.failed(), 0);
            run.larger("throughput", "MB/s", outcome.rate() / 1e6);
            run.smaller("CPU a 100 MB", "s", cpu * 1e8 / Math.max(1, run.target().received() - before));
            run.smaller("p95 of opening", "ms", opening.percentile(95).toNanos() / 1e6);
        }
    }
}
