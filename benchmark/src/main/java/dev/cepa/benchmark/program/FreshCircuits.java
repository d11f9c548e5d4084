package dev.cepa.benchmark.program;

import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.load.Transfer;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Time to the first byte of requests that may share no circuit, one after the other: each has a SOCKS user name of its own.
 * What counts is what a user waits for: a circuit that the client has ready saves building one.
 */
public final class FreshCircuits extends ProgramBenchmark {
    private static final int REQUESTS = 60;
    private static final int QUICK_REQUESTS = 3;
    private static final int LENGTH = 100;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** For the command. */
    public FreshCircuits() {
        this(null);
    }

    FreshCircuits(@Nullable ClientProgram program) {
        super("First Byte on Fresh Circuits", Category.CIRCUIT, program);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        LatencyTracker own = new LatencyTracker();
        int requests = run.quick() ? QUICK_REQUESTS : REQUESTS;
        try (ClientProcess client = run.startReady(null)) {
            double cpu = client.cpuSeconds();
            long begin = System.nanoTime();
            for (int i = 0; i < requests; i++) {
                run.context().check();
                Transfer transfer = run.fetch(client, "user" + i, LENGTH, run.deadline(PATIENCE));
                own.recordNanos(transfer.firstByteNanos());
                run.latency().recordNanos(transfer.firstByteNanos());
            }
            run.worked(requests, (System.nanoTime() - begin) / 1e9);
            run.smaller("p50 of first byte", "ms", own.percentile(50).toNanos() / 1e6);
            run.smaller("p95 of first byte", "ms", own.percentile(95).toNanos() / 1e6);
            run.smaller("CPU a request", "ms", (client.cpuSeconds() - cpu) * 1000 / requests);
            run.memory(client.memory());
        }
    }
}
