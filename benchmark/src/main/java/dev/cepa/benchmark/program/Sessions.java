package dev.cepa.benchmark.program;

import dev.cepa.benchmark.MemorySnapshot;
import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.WebStream;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What twenty sessions take that share no circuit and each choose their exits: for our program one process, where the user
 * name says which session a stream belongs to; for another twenty processes. Each session has a stream open. One operation
 * is one request of a session, its content checked.
 */
public final class Sessions extends ProgramBenchmark {
    private static final int SESSIONS = 20;
    private static final int QUICK_SESSIONS = 3;
    private static final int LENGTH = 1000;
    private static final Duration SETTLING = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final double MIB = 1024 * 1024;

    /** For the command. */
    public Sessions() {
        this(null);
    }

    Sessions(@Nullable ClientProgram program) {
        super("Sessions", Category.MEMORY, program);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        int sessions = run.context().iterations(SESSIONS, QUICK_SESSIONS);
        List<ClientProcess> processes = new ArrayList<>();
        List<WebStream> streams = new ArrayList<>();
        try {
            for (int i = 0; i < (run.isRival() ? sessions : 1); i++) {
                run.step(i, sessions, "starting process " + (i + 1));
                processes.add(run.startReady(null));
            }
            long begin = System.nanoTime();
            for (int i = 0; i < sessions; i++) {
                run.context().check();
                SocksClient socks = new SocksClient(processes.get(i % processes.size()).socksPort());
                WebStream stream = WebStream.open(socks, run.target(), "session" + i, run.deadline(PATIENCE));
                streams.add(stream);
                run.latency().recordNanos(stream.download(1, LENGTH, run.deadline(PATIENCE)).nanos());
            }
            run.worked(sessions, (System.nanoTime() - begin) / 1e9);
            run.step(1, 2, sessions + " sessions");
            Thread.sleep(run.quick() ? Duration.ZERO : SETTLING);
            double resident = 0;
            double proportional = 0;
            for (ClientProcess process : processes) {
                MemorySnapshot memory = process.memory();
                run.memory(memory);
                resident += memory.resident() / MIB;
                proportional += memory.proportional() / MIB;
            }
            for (WebStream stream : streams) {
                stream.download(1, LENGTH, run.deadline(PATIENCE)); // they are still there
            }
            run.told("processes", processes.size());
            run.smaller("resident memory of all", "MiB", resident);
            run.smaller("proportional memory of all", "MiB", proportional);
        } finally {
            streams.forEach(WebStream::close);
            processes.forEach(ClientProcess::close);
        }
    }
}
