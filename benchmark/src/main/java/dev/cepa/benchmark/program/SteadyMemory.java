package dev.cepa.benchmark.program;

import dev.cepa.benchmark.MemorySnapshot;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What the client holds once it is up and has little to do: memory from the kernel, twice a second for half a minute, while
 * it carries a request of 10 kB a second. One operation is one such request. The target is for the largest sample.
 */
public class SteadyMemory extends ProgramBenchmark {
    private static final double MIB = 1024 * 1024;
    /** Resident, in MiB. */
    private static final double TARGET = 50;
    private static final int SAMPLES = 60;
    private static final int QUICK_SAMPLES = 4;
    private static final long SAMPLE_MILLIS = 500;
    /** What is needed for starting only is given back in that time. */
    private static final Duration SETTLING = Duration.ofSeconds(15);
    private static final int PAGE = 10_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** With the network's own directory. */
    public SteadyMemory() {
        this("Memory Usage in Steady State", null);
    }

    SteadyMemory(String name, @Nullable ClientProgram program) {
        super(name, Category.MEMORY, program);
    }

    /** Puts into the new data directory what the client is to find there. */
    void prepare(Run run, Path dataDirectory) throws IOException {}

    /** What must be true of the client's directory, or the measurement is worth nothing. */
    void verify(Path dataDirectory) throws IOException {}

    @Override
    final void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        Path folder = run.newFolder();
        Path data = ClientProcess.dataDirectory(folder);
        prepare(run, data);
        int count = run.quick() ? QUICK_SAMPLES : SAMPLES;
        double[] resident = new double[count];
        double[] anonymous = new double[count];
        double[] proportional = new double[count];
        try (ClientProcess client = run.startReady(folder, null)) {
            long settled = System.nanoTime() + (run.quick() ? 0 : SETTLING.toNanos());
            while (settled - System.nanoTime() > 0) {
                run.fetch(client, null, PAGE, run.deadline(PATIENCE));
                run.context().check();
                Thread.sleep(2 * SAMPLE_MILLIS);
            }
            double cpu = client.cpuSeconds();
            long begin = System.nanoTime();
            int requests = 0;
            for (int i = 0; i < count; i++) {
                if (i % 2 == 0) {
                    run.latency().recordNanos(run.fetch(client, null, PAGE, run.deadline(PATIENCE)).nanos());
                    requests++;
                }
                MemorySnapshot memory = client.memory();
                run.memory(memory);
                resident[i] = memory.resident() / MIB;
                anonymous[i] = memory.anonymous() / MIB;
                proportional[i] = memory.proportional() / MIB;
                run.context().check();
                TimeUnit.NANOSECONDS.sleep(begin + TimeUnit.MILLISECONDS.toNanos((i + 1) * SAMPLE_MILLIS) - System.nanoTime());
            }
            double seconds = (System.nanoTime() - begin) / 1e9;
            cpu = client.cpuSeconds() - cpu;
            verify(data);
            run.worked(requests, seconds);
            double most = 0;
            for (double each : resident) {
                most = Math.max(most, each);
            }
            run.atMost("resident memory, largest", "MiB", most, TARGET);
            run.smaller("resident memory, median", "MiB", median(resident));
            run.smaller("private (anonymous) memory, median", "MiB", median(anonymous));
            run.smaller("proportional memory, median", "MiB", median(proportional));
            run.smaller("CPU a minute", "s", cpu * 60 / seconds);
        }
    }
}
