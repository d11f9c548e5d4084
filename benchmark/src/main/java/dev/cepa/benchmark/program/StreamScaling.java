package dev.cepa.benchmark.program;

import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.Series;
import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.StreamLoad;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Ever more streams at once in one process, 10 to 1000. At each step all are opened together, and when every one has moved a
 * first piece, all download one more together. One operation is one piece of that second round; the latency is over all
 * steps.
 */
public final class StreamScaling extends ProgramBenchmark {
    private static final int[] STEPS = {10, 25, 50, 100, 200, 500, 1000};
    private static final int[] QUICK_STEPS = {5, 20};
    private static final int PIECE = 100_000;
    private static final int QUICK_PIECE = 10_000;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** For the command. */
    public StreamScaling() {
        this(null);
    }

    StreamScaling(@Nullable ClientProgram program) {
        super("Stream Scaling", Category.STREAMS, program);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        int[] steps = run.quick() ? QUICK_STEPS : STEPS;
        List<Series.Point> throughput = new ArrayList<>();
        List<Series.Point> opening = new ArrayList<>();
        int failed = 0;
        try (ClientProcess client = run.startReady(null)) {
            for (int streams : steps) {
                LatencyTracker opened = new LatencyTracker();
                StreamLoad load = new StreamLoad(
                        new SocksClient(client.socksPort()), run.target(), streams, run.quick() ? QUICK_PIECE : PIECE,
                        opened, run.latency());
                StreamLoad.Outcome outcome = run.load(client, load, Duration.ZERO, PATIENCE);
                run.memory(client.memory());
                run.worked(outcome.pieces(), outcome.seconds());
                failed += outcome.failed();
                double rate = outcome.rate() / 1e6;
                double p95 = opened.percentile(95).toNanos() / 1e6;
                run.larger(streams + " streams: throughput", "MB/s", rate);
                run.smaller(streams + " streams: p95 of opening", "ms", p95);
                throughput.add(new Series.Point(streams, rate));
                opening.add(new Series.Point(streams, p95));
            }
            run.smaller("resident memory after it", "MiB", client.memory().resident() / 1048576.0);
        }
        run.atMost("failed streams", "", failed, 0);
        run.series(new Series("Throughput", "streams", "MB/s", throughput));
        run.series(new Series("Opening, 95th percentile", "streams", "ms", opening));
    }
}
