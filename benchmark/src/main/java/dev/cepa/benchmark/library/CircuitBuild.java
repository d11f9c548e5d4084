package dev.cepa.benchmark.library;

import dev.cepa.TorSocket;
import dev.cepa.benchmark.Benchmark;
import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.MemorySnapshot;
import dev.cepa.benchmark.Result;
import dev.cepa.benchmark.library.CircuitWatch.Attached;
import java.io.IOException;

/**
 * Builds circuits of three hops, one at a time, on a client that keeps none ready. One operation is one circuit: from its
 * first message to the guard, over a link that is open already, to the last hop's answer. Each then proves itself by
 * carrying a stream to the echo port and back.
 */
public final class CircuitBuild implements Benchmark {
    private static final int CIRCUITS = 100;
    private static final int QUICKLY = 10;
    private static final double TARGET_MILLIS = 5000;

    /** For ServiceLoader. */
    public CircuitBuild() {}

    @Override
    public String name() {
        return "Circuit Build";
    }

    @Override
    public Category category() {
        return Category.CIRCUIT;
    }

    @Override
    public Result run(BenchmarkContext context) throws Exception {
        int wanted = context.iterations(CIRCUITS, QUICKLY);
        int port = context.web().echoPort();
        try (LibraryClient client = LibraryClient.onDemand(context)) {
            LatencyTracker builds = new LatencyTracker();
            LatencyTracker streams = new LatencyTracker();
            Result.Builder result = Result.builder(this);
            // What bootstrapping built is used up by the first; it is not one of those that are counted.
            for (int tried = 0; builds.count() < wanted; tried++) {
                context.check();
                context.progress(builds.count(), wanted, builds.count() + " of " + wanted + " circuits");
                if (tried > 2 * wanted + 10) {
                    throw new IOException("the client does not build a circuit when one is needed");
                }
                client.newCircuits();
                long asked = System.nanoTime();
                try (TorSocket socket = client.open(port)) {
                    long opened = System.nanoTime();
                    LibraryClient.probe(socket);
                    Attached stream = client.watch().take(context.host() + ":" + port);
                    if (stream != null && stream.circuit().launchedNanos() - asked > 0) {
                        builds.recordNanos(stream.circuit().buildNanos());
                        streams.recordNanos(opened - asked);
                    }
                }
            }
            return result.latency(builds)
                    .memoryInUse(MemorySnapshot.take().heap())
                    .atMost("p95 latency", "ms", millis(builds, 95), TARGET_MILLIS)
                    .atLeast("circuits that carried a stream", "", builds.count(), wanted)
                    .smallerIsBetter("p50 until a stream is open", "ms", millis(streams, 50))
                    .smallerIsBetter("p95 until a stream is open", "ms", millis(streams, 95))
                    .metric("builds that failed", "", client.watch().failures())
                    .build();
        }
    }

    static double millis(LatencyTracker tracker, double percentile) {
        return tracker.percentile(percentile).toNanos() / 1e6;
    }
}
