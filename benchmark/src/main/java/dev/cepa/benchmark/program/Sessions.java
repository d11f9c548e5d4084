package dev.cepa.benchmark.program;

import dev.cepa.benchmark.MemorySnapshot;
import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.WebStream;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What twenty sessions take that share no circuit and each have an exit of their own choice: of our program one process,
 * where the SOCKS user name says which session and exit a stream is for; of another twenty processes. All have a directory
 * of the public network's size, and each session has a stream open. One operation is one request of a session, its content
 * checked.
 */
public final class Sessions extends ProgramBenchmark {
    private static final int SESSIONS = 20;
    private static final int QUICK_SESSIONS = 2;
    private static final int LENGTH = 1000;
    /** As for the memory of a single one. */
    private static final Duration SETTLING = Duration.ofSeconds(15);
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
        int count = run.isRival() ? sessions : 1;
        List<Path> folders = new ArrayList<>();
        List<ClientProcess> processes = new ArrayList<>();
        List<WebStream> streams = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                run.step(i, count, "starting " + (i + 1) + " of " + count);
                Path folder = run.newFolder();
                folders.add(folder);
                FullDirectory.write(run, ClientProcess.dataDirectory(folder));
                String line = run.isRival() ? "ExitNodes " + exit(run, i) : "SessionParameters 1";
                processes.add(run.startReady(folder, List.of(line), null));
            }
            long begin = System.nanoTime();
            for (int i = 0; i < sessions; i++) {
                run.context().check();
                SocksClient socks = new SocksClient(processes.get(i % count).socksPort());
                String user = run.isRival() ? null : "session=" + i + ";exit=" + exit(run, i);
                WebStream stream = WebStream.open(socks, run.target(), user, run.deadline(PATIENCE));
                streams.add(stream);
                run.latency().recordNanos(stream.download(1, LENGTH, run.deadline(PATIENCE)).nanos());
            }
            run.worked(sessions, (System.nanoTime() - begin) / 1e9);
            Thread.sleep(run.quick() ? Duration.ZERO : SETTLING);
            memory(run, processes);
            for (WebStream stream : streams) {
                stream.download(1, LENGTH, run.deadline(PATIENCE)); // they are still there
            }
            for (Path folder : folders) {
                FullDirectory.verify(ClientProcess.dataDirectory(folder));
            }
        } finally {
            streams.forEach(WebStream::close);
            processes.forEach(ClientProcess::close);
        }
    }

    private static void memory(Run run, List<ClientProcess> processes) throws IOException {
        double resident = 0;
        double anonymous = 0;
        double proportional = 0;
        for (ClientProcess process : processes) {
            MemorySnapshot memory = process.memory();
            run.memory(memory);
            resident += memory.resident() / MIB;
            anonymous += memory.anonymous() / MIB;
            proportional += memory.proportional() / MIB;
        }
        run.told("processes", processes.size());
        run.smaller("resident memory of all", "MiB", resident);
        run.smaller("proportional memory of all", "MiB", proportional);
        run.smaller("private (anonymous) memory of all", "MiB", anonymous);
    }

    /** The fingerprint of the exit that a session wants. */
    private static String exit(Run run, int session) throws IOException {
        List<Node> exits = FullDirectory.network(run).nodes(NodeKind.EXIT);
        return exits.get(session % exits.size()).fingerprint();
    }
}
