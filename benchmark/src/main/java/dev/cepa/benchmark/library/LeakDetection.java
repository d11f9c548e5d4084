package dev.cepa.benchmark.library;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.cepa.TorSocket;
import dev.cepa.benchmark.Benchmark;
import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.MemorySnapshot;
import dev.cepa.benchmark.Result;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeoutException;

/**
 * Opens and closes circuits and streams by the thousand, and looks at what stays. One operation is one circuit with its
 * streams, each of which carries a few bytes there and back. Growth is counted from the end of a warm-up, which loads
 * classes and fills caches, to the end: the heap after collections, the process's resident memory, open files.
 */
public final class LeakDetection implements Benchmark {
    private static final int CIRCUITS = 2000;
    private static final int QUICKLY = 150;
    private static final int STREAMS = 2;
    private static final int LEAST_WARM_UP = 50;
    private static final double HEAP_BOUND = 2 << 20;
    private static final double RESIDENT_BOUND = 24 << 20;
    private static final double FILES_BOUND = 8;
    private static final long SETTLE_NANOS = 15_000_000_000L;

    /** For ServiceLoader. */
    public LeakDetection() {}

    @Override
    public String name() {
        return "Memory Leak Detection";
    }

    @Override
    public Category category() {
        return Category.MEMORY;
    }

    @Override
    public Result run(BenchmarkContext context) throws Exception {
        int circuits = context.iterations(CIRCUITS, QUICKLY);
        int warmUp = Math.max(LEAST_WARM_UP, circuits / 10);
        int total = warmUp + circuits;
        try (LibraryClient client = LibraryClient.onDemand(context)) {
            churn(context, client, 0, warmUp, total);
            settle(client);
            MemorySnapshot before = MemorySnapshot.take();
            long filesBefore = openFiles();
            Result.Builder result = Result.builder(this);
            long begin = System.nanoTime();
            long builds = client.watch().builds();
            churn(context, client, warmUp, total, total);
            long nanos = System.nanoTime() - begin;
            builds = client.watch().builds() - builds;
            settle(client);
            MemorySnapshot after = MemorySnapshot.take();
            result.duration(java.time.Duration.ofNanos(nanos))
                    .operations(circuits)
                    .memoryInUse(after.heap())
                    .atMost("heap growth after collection", "bytes", after.heap() - before.heap(), HEAP_BOUND)
                    .metric("heap growth a circuit", "bytes", (double) (after.heap() - before.heap()) / circuits)
                    .atLeast("circuits built", "", builds, circuits)
                    .metric("streams", "", (double) circuits * STREAMS)
                    .metric("circuits still open", "", client.watch().open());
            if (before.resident() != MemorySnapshot.UNKNOWN) {
                result.atMost("resident growth", "bytes", after.resident() - before.resident(), RESIDENT_BOUND)
                        .metric("resident at the end", "bytes", after.resident());
            }
            if (filesBefore >= 0) {
                result.atMost("growth of open files", "", openFiles() - filesBefore, FILES_BOUND);
            }
            return result.build();
        }
    }

    private static void churn(BenchmarkContext context, LibraryClient client, int from, int to, int total)
            throws IOException, InterruptedException, TimeoutException {
        int port = context.web().echoPort();
        for (int i = from; i < to; i++) {
            context.check();
            context.progress(i, total, i + " of " + total + " circuits" + (from == 0 ? " (warm-up)" : ""));
            client.newCircuits();
            for (int s = 0; s < STREAMS; s++) {
                try (TorSocket socket = client.open(port)) {
                    LibraryClient.probe(socket);
                }
            }
            client.watch().take(context.host() + ":" + port);
        }
    }

    /** Retired circuits are closed a little later, and the relays' answers to that come later still. */
    private static void settle(LibraryClient client) throws InterruptedException {
        client.newCircuits();
        long end = System.nanoTime() + SETTLE_NANOS;
        while (client.watch().open() > 0 && System.nanoTime() - end < 0) {
            Thread.sleep(50);
        }
    }

    private static long openFiles() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean os
                ? os.getOpenFileDescriptorCount()
                : -1;
    }
}
