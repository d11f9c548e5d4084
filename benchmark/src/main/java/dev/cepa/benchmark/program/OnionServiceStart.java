package dev.cepa.benchmark.program;

import dev.cepa.TorClient;
import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** From the start of the process, with an empty data directory, until somebody has reached its onion service. */
public final class OnionServiceStart extends ProgramBenchmark {
    /** For the command. */
    public OnionServiceStart() {
        this(null);
    }

    OnionServiceStart(@Nullable ClientProgram program) {
        super("Onion Service Start", Category.ONION, program);
    }

    @Override
    int rounds(BenchmarkContext context) {
        return context.turns(ColdStart.STARTS);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        try (TorClient prober = OnionPeer.prober(run);
                OnionPeer peer = OnionPeer.start(run, run.program())) {
            long nanos = peer.awaitReachable(prober) - peer.process().startedNanos();
            run.latency().recordNanos(nanos);
            run.worked(1, nanos / 1e9);
            run.smaller("service reachable", "s", nanos / 1e9);
            run.smaller("CPU until then", "s", peer.process().cpuSeconds());
            run.memory(peer.process().memory());
        }
    }
}
