package dev.cepa.benchmark.program;

import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** From the start of the process, with an empty data directory, until a first byte has come through Tor. */
public final class ColdStart extends ProgramBenchmark {
    static final int STARTS = 5;

    /** For the command. */
    public ColdStart() {
        this(null);
    }

    ColdStart(@Nullable ClientProgram program) {
        super("Cold Start", Category.START, program);
    }

    @Override
    int rounds(BenchmarkContext context) {
        return context.turns(STARTS);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        try (ClientProcess client =
                ClientProcess.start(run.program(), run.newFolder(), run.context().network().clientTorrc(), null)) {
            firstByte(run, client);
        }
    }

    /** Measures a client that has just been started. */
    static void firstByte(Run run, ClientProcess client) throws IOException, InterruptedException, TimeoutException {
        long nanos = run.awaitFirstByte(client) - client.startedNanos();
        run.latency().recordNanos(nanos);
        run.worked(1, nanos / 1e9);
        run.smaller("first byte", "s", nanos / 1e9);
        run.smaller("CPU until then", "s", client.cpuSeconds());
        run.memory(client.memory());
    }
}
