package dev.cepa.benchmark.program;

import dev.cepa.TorClient;
import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.WebStream;
import dev.cepa.benchmark.load.WebTarget;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.time.Duration;
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
        try (TorClient prober = OnionPeer.prober(run);
                OnionPeer other = OnionPeer.startOther(run);
                OnionPeer measured = OnionPeer.start(run, run.program())) {
            measured.awaitReady(prober);
            other.awaitReady(prober);
            connect(run, measured.process(), "as client", measured.process(), other.target());
            connect(run, measured.process(), "as service", other.process(), measured.target());
            run.memory(measured.process().memory());
        }
    }

    private static void connect(Run run, ClientProcess measured, String role, ClientProcess client, WebTarget service)
            throws IOException, InterruptedException, TimeoutException {
        LatencyTracker own = new LatencyTracker();
        int connects = run.context().iterations(CONNECTS, QUICK_CONNECTS);
        double cpu = measured.cpuSeconds();
        long begin = System.nanoTime();
        for (int i = 0; i < connects; i++) {
            run.context().check();
            long asked = System.nanoTime();
            try (WebStream stream =
                    WebStream.open(new SocksClient(client.socksPort()), service, "user" + i, run.deadline(PATIENCE))) {
                long nanos = System.nanoTime() - asked;
                own.recordNanos(nanos);
                run.latency().recordNanos(nanos);
                stream.download(1, LENGTH, run.deadline(PATIENCE));
            } catch (IOException e) {
                throw new IOException(role + ", stream " + (i + 1) + ": " + e.getMessage(), e);
            }
        }
        run.worked(connects, (System.nanoTime() - begin) / 1e9);
        run.smaller(role + ": p50", "ms", own.percentile(50).toNanos() / 1e6);
        run.smaller(role + ": p95", "ms", own.percentile(95).toNanos() / 1e6);
        run.smaller(role + ": p99", "ms", own.percentile(99).toNanos() / 1e6);
        run.smaller(role + ": CPU a stream", "ms", (measured.cpuSeconds() - cpu) * 1000 / connects);
    }
}
