package dev.cepa.benchmark.program;

import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.Transfer;
import dev.cepa.benchmark.load.WebStream;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import dev.cepa.error.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One stream over the six relays between a client and an onion service, 20 MB down and 20 MB up: first with the program
 * as the client of a C tor service, then, in the same process, as the service of a C tor client. One operation is one such
 * transfer, its content checked.
 */
public final class OnionThroughput extends ProgramBenchmark {
    private static final long LENGTH = 20_000_000;
    private static final long QUICK_LENGTH = 1_000_000;
    /** Of one transfer; 330 kB a second would do. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** For the command. */
    public OnionThroughput() {
        this(null);
    }

    OnionThroughput(@Nullable ClientProgram program) {
        super("Onion Throughput", Category.ONION, program);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        try (OnionPair pair = OnionPair.start(run)) {
            List<OnionPair.Role> roles = pair.roles();
            for (int i = 0; i < roles.size(); i++) {
                OnionPair.Role role = roles.get(i);
                run.part(i, roles.size());
                run.step(0, 2, role.name() + ", download");
                transfer(run, pair.measured(), role.name() + ", download", role, false);
                run.step(1, 2, role.name() + ", upload");
                transfer(run, pair.measured(), role.name() + ", upload", role, true);
            }
            run.memory(pair.measured().memory());
        }
    }

    private static void transfer(Run run, ClientProcess measured, String name, OnionPair.Role role, boolean up)
            throws IOException {
        long length = run.quick() ? QUICK_LENGTH : LENGTH;
        Deadline deadline = run.deadline(PATIENCE);
        long before = moved(role, up);
        Transfer transfer;
        double cpu;
        try (WebStream stream =
                WebStream.open(new SocksClient(role.client().socksPort()), role.service(), null, deadline)) {
            cpu = measured.cpuSeconds();
            transfer = up ? stream.upload(1, length, deadline) : stream.download(1, length, deadline);
        } catch (IOException e) {
            throw new IOException(
                    name + " of " + length + " bytes, after " + (moved(role, up) - before) + ": " + e.getMessage(), e);
        }
        cpu = measured.cpuSeconds() - cpu;
        run.latency().recordNanos(transfer.nanos());
        run.worked(1, transfer.nanos() / 1e9);
        run.larger(name, "MB/s", transfer.rate() / 1e6);
        run.smaller(name + ": CPU a 100 MB", "s", cpu * 1e8 / length);
    }

    /** Bytes of content that the load has had, or has handed to its socket, so far. */
    private static long moved(OnionPair.Role role, boolean up) {
        return up ? role.service().sent() : role.service().received();
    }
}
