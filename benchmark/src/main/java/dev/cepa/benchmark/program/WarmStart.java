package dev.cepa.benchmark.program;

import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * From the start of the process until a first byte has come through Tor, with the data directory that an earlier run of the
 * same program has left when it was stopped some seconds before.
 */
public final class WarmStart extends ProgramBenchmark {
    /** So long does the earlier run stay up, so that it has fetched and written what it wants to. */
    private static final long FILL_MILLIS = 3000;

    /** For the command. */
    public WarmStart() {
        this(null);
    }

    WarmStart(@Nullable ClientProgram program) {
        super("Warm Start", Category.START, program);
    }

    @Override
    int rounds(BenchmarkContext context) {
        return context.turns(ColdStart.STARTS);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        Path folder = run.newFolder();
        try (ClientProcess earlier = run.startReady(folder, null)) {
            Thread.sleep(FILL_MILLIS);
            earlier.requireAlive();
        }
        try (ClientProcess client =
                ClientProcess.start(run.program(), folder, run.context().network().clientTorrc(), null)) {
            ColdStart.firstByte(run, client);
        }
    }
}
