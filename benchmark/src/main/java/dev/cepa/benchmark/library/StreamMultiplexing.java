package dev.cepa.benchmark.library;

import dev.cepa.benchmark.Benchmark;
import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.MemorySnapshot;
import dev.cepa.benchmark.Result;
import dev.cepa.benchmark.Series;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Many streams on one circuit, first all downloading, every byte compared with what the server has, then as many all
 * uploading. One operation is one stream; its latency is the time from the request to the first byte while all others are
 * at it too. Who gets how much of a download is the exit's doing, of an upload the client's.
 */
public final class StreamMultiplexing implements Benchmark {
    private static final int STREAMS = 100;
    private static final int QUICKLY = 20;
    private static final Duration TIME = Duration.ofSeconds(10);
    private static final Duration QUICK_TIME = Duration.ofSeconds(2);
    private static final double LEAST_UPLOAD_FAIRNESS = 0.8;

    /** For ServiceLoader. */
    public StreamMultiplexing() {}

    @Override
    public String name() {
        return "Stream Multiplexing";
    }

    @Override
    public Category category() {
        return Category.STREAMS;
    }

    @Override
    public Result run(BenchmarkContext context) throws Exception {
        int streams = context.iterations(STREAMS, QUICKLY);
        Duration time = context.quick() ? QUICK_TIME : TIME;
        double seconds = time.toNanos() / 1e9;
        LatencyTracker firstBytes = new LatencyTracker();
        try (LibraryClient client = LibraryClient.onDemand(context)) {
            Result.Builder result = Result.builder(this);
            double[] down = MultiplexedStreams.download(context, client, streams, time, firstBytes);
            double[] up = MultiplexedStreams.upload(context, client, streams, time);
            int circuits = client.watch().carrying().size();
            if (circuits != 1) {
                result.error("the streams were on " + circuits + " circuits, not on one");
            }
            Fairness downloads = Fairness.of(down);
            Fairness uploads = Fairness.of(up);
            return result.duration(time.multipliedBy(2))
                    .operations(2L * streams)
                    .latency(firstBytes)
                    .memoryInUse(MemorySnapshot.take().heap())
                    .atLeast("streams on the circuit", "", streams - downloads.starved(), streams)
                    .largerIsBetter("download of all", "bytes/s", downloads.sum() / seconds)
                    .metric("download, Jain's fairness index", "", downloads.index())
                    .metric("download, least of a stream", "bytes", downloads.least())
                    .metric("download, most of a stream", "bytes", downloads.most())
                    .metric("download, least to most", "", downloads.leastToMost())
                    .largerIsBetter("upload of all", "bytes/s", uploads.sum() / seconds)
                    .atLeast("upload, Jain's fairness index", "", uploads.index(), LEAST_UPLOAD_FAIRNESS)
                    .metric("upload, least of a stream", "bytes", uploads.least())
                    .metric("upload, most of a stream", "bytes", uploads.most())
                    .metric("upload, least to most", "", uploads.leastToMost())
                    .series(series("Downloaded by each stream", down))
                    .series(series("Uploaded by each stream", up))
                    .build();
        }
    }

    private static Series series(String name, double[] shares) {
        double[] sorted = shares.clone();
        Arrays.sort(sorted);
        List<Series.Point> points = new ArrayList<>();
        for (int i = 0; i < sorted.length; i++) {
            points.add(new Series.Point(i + 1, sorted[i] / 1024));
        }
        return new Series(name, "stream, from the slowest", "KiB", points);
    }
}
