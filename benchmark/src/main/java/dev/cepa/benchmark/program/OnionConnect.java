package dev.cepa.benchmark.program;

import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.WebStream;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * How long it takes to open a stream to an onion service on a circuit of its own: introduction, rendezvous and the answer
 * of the service; the first of a client fetches the descriptor too. The program is the client of a C tor service, then
 * the service of a C tor client. One operation is one such stream, its content checked when it is open.
 */
public final class OnionConnect extends ProgramBenchmark {
    private static final int CONNECTS = 20;
    private static final int QUICK_CONNECTS = 3;
    private static final int LENGTH = 100;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** For the command. */
    public OnionConnect() {
        this(null);
    }

    OnionConnect(@Nullable ClientProgram program) {
        super("Onion Connect", Category.ONION, program);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        try (OnionPair pair = OnionPair.start(run)) {
            List<OnionPair.Role> roles = pair.roles();
            for (int i = 0; i < roles.size(); i++) {
                run.part(i, roles.size());
                connect(run, pair.measured(), roles.get(i));
            }
            run.memory(pair.measured().memory());
        }
    }

    private static void connect(Run run, ClientProcess measured, OnionPair.Role role)
            throws IOException, InterruptedException, TimeoutException {
        LatencyTracker own = new LatencyTracker();
        int connects = run.context().iterations(CONNECTS, QUICK_CONNECTS);
        double cpu = measured.cpuSeconds();
        long begin = System.nanoTime();
        for (int i = 0; i < connects; i++) {
            run.step(i, connects, role.name() + ": " + i + " of " + connects + " streams");
            long asked = System.nanoTime();
            try (WebStream stream = WebStream.open(
                    new SocksClient(role.client().socksPort()), role.service(), "user" + i, run.deadline(PATIENCE))) {
                long nanos = System.nanoTime() - asked;
                own.recordNanos(nanos);
                run.latency().recordNanos(nanos);
                stream.download(1, LENGTH, run.deadline(PATIENCE));
            } catch (IOException e) {
                throw new IOException(role.name() + ", stream " + (i + 1) + ": " + e.getMessage(), e);
            }
        }
        run.worked(connects, (System.nanoTime() - begin) / 1e9);
        run.smaller(role.name() + ": p50", "ms", own.percentile(50).toNanos() / 1e6);
        run.smaller(role.name() + ": p95", "ms", own.percentile(95).toNanos() / 1e6);
        run.smaller(role.name() + ": p99", "ms", own.percentile(99).toNanos() / 1e6);
        run.smaller(role.name() + ": CPU a stream", "ms", (measured.cpuSeconds() - cpu) * 1000 / connects);
    }
}
