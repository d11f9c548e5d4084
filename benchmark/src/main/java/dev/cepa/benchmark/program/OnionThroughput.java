package dev.cepa.benchmark.program;

import dev.cepa.TorClient;
import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.Transfer;
import dev.cepa.benchmark.load.WebStream;
import dev.cepa.benchmark.load.WebTarget;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One stream over the six relays between a client and an onion service, 100 MB down and 100 MB up: first with the program
 * as the client of a C tor service, then, in the same process, as the service of a C tor client. One operation is one such
 * transfer, its content checked.
 */
public final class OnionThroughput extends ProgramBenchmark {
    private static final long LENGTH = 100_000_000;
    private static final long QUICK_LENGTH = 1_000_000;
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** For the command. */
    public OnionThroughput() {
        this(null);
    }

    OnionThroughput(@Nullable ClientProgram program) {
        super("Onion Throughput", Category.ONION, program);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        try (TorClient prober = OnionPeer.prober(run);
                OnionPeer other = OnionPeer.startOther(run);
                OnionPeer measured = OnionPeer.start(run, run.program())) {
            measured.awaitReady(prober);
            other.awaitReady(prober);
            prober.close();
            ClientProcess process = measured.process();
            for (boolean up : new boolean[] {false, true}) {
                transfer(run, process, up ? "as client, upload" : "as client, download", process, other.target(), up);
            }
            for (boolean up : new boolean[] {false, true}) {
                transfer(run, process, up ? "as service, upload" : "as service, download", other.process(),
                        measured.target(), up);
            }
            run.memory(process.memory());
        }
    }

    private static void transfer(
            Run run, ClientProcess measured, String name, ClientProcess client, WebTarget service, boolean up)
            throws IOException, InterruptedException, TimeoutException {
        run.context().check();
        long length = run.quick() ? QUICK_LENGTH : LENGTH;
        Transfer transfer;
        double cpu;
        try (WebStream stream =
                WebStream.open(new SocksClient(client.socksPort()), service, null, run.deadline(PATIENCE))) {
            cpu = measured.cpuSeconds();
            transfer = up
                    ? stream.upload(1, length, run.deadline(PATIENCE))
                    : stream.download(1, length, run.deadline(PATIENCE));
        } catch (IOException e) {
            throw new IOException(name + ": " + e.getMessage(), e);
        }
        cpu = measured.cpuSeconds() - cpu;
        run.latency().recordNanos(transfer.nanos());
        run.worked(1, transfer.nanos() / 1e9);
        run.larger(name, "MB/s", transfer.rate() / 1e6);
        run.smaller(name + ": CPU a 100 MB", "s", cpu * 1e8 / length);
    }
}
