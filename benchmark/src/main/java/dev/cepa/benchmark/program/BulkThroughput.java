package dev.cepa.benchmark.program;

import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.Transfer;
import dev.cepa.benchmark.load.WebStream;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One stream, 100 MB down, and in another process 100 MB up; twice in each, because the first ones of a process pay for
 * compiling what moves them. One operation is one such transfer, its content checked.
 */
public final class BulkThroughput extends ProgramBenchmark {
    private static final long LENGTH = 100_000_000;
    private static final long QUICK_LENGTH = 2_000_000;
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** For the command. */
    public BulkThroughput() {
        this(null);
    }

    BulkThroughput(@Nullable ClientProgram program) {
        super("Bulk Throughput", Category.BULK, program);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        for (boolean up : new boolean[] {false, true}) {
            try (ClientProcess client = run.startReady(null)) {
                transfer(run, client, up, up ? "upload, first" : "download, first");
                transfer(run, client, up, up ? "upload, later" : "download, later");
                run.memory(client.memory());
            }
        }
    }

    private static void transfer(Run run, ClientProcess client, boolean up, String name)
            throws IOException, InterruptedException, TimeoutException {
        run.context().check();
        long length = run.quick() ? QUICK_LENGTH : LENGTH;
        double cpu = client.cpuSeconds();
        Transfer transfer;
        try (WebStream stream =
                WebStream.open(new SocksClient(client.socksPort()), run.target(), null, run.deadline(PATIENCE))) {
            transfer = up
                    ? stream.upload(1, length, run.deadline(PATIENCE))
                    : stream.download(1, length, run.deadline(PATIENCE));
        }
        cpu = client.cpuSeconds() - cpu;
        run.latency().recordNanos(transfer.nanos());
        run.worked(1, transfer.nanos() / 1e9);
        run.larger(name, "MB/s", transfer.rate() / 1e6);
        run.smaller(name + ": CPU a 100 MB", "s", cpu * 1e8 / length);
    }
}
