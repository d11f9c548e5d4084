package dev.cepa.benchmark.library;

import dev.cepa.benchmark.Benchmark;
import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.MemorySnapshot;
import dev.cepa.benchmark.Result;
import dev.cepa.benchmark.library.CircuitWatch.Attached;
import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.error.Deadline;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How long requests wait for a circuit that they can use, on a client with its pool as it is by default, while other streams
 * download. Requests come one every tenth of a second, whether or not those before have been served, and none may share
 * another's circuit: each has a SOCKS user name of its own. One operation is one request: from its coming to the moment its
 * stream is given a circuit. A hit had a circuit that was ready before, a wait one that was under construction, a miss one
 * that was begun for it. Each then carries a few bytes to the echo port and back.
 */
public final class PooledCircuitBuild implements Benchmark {
    private static final int REQUESTS = 100;
    private static final int QUICKLY = 15;
    private static final long INTERVAL_MILLIS = 100;
    private static final int DOWNLOADS = 3;
    private static final int PIECE = 1 << 20;
    private static final double TARGET_MILLIS = 5000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final AtomicInteger hits = new AtomicInteger();
    private final AtomicInteger waits = new AtomicInteger();
    private final AtomicInteger misses = new AtomicInteger();

    /** For ServiceLoader. */
    public PooledCircuitBuild() {}

    @Override
    public String name() {
        return "Circuit Build with Pool";
    }

    @Override
    public Category category() {
        return Category.CIRCUIT;
    }

    @Override
    public Result run(BenchmarkContext context) throws Exception {
        hits.set(0);
        waits.set(0);
        misses.set(0);
        int requests = context.iterations(REQUESTS, QUICKLY);
        LatencyTracker usable = new LatencyTracker();
        LatencyTracker opened = new LatencyTracker();
        AtomicBoolean over = new AtomicBoolean();
        List<Future<?>> running = new ArrayList<>();
        try (LibraryClient client = LibraryClient.pooled(context);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Result.Builder result = Result.builder(this);
            try {
                for (int i = 0; i < DOWNLOADS; i++) {
                    running.add(threads.submit(() -> {
                        download(context, client, over);
                        return null;
                    }));
                }
                long begin = System.nanoTime();
                for (int i = 0; i < requests; i++) {
                    context.check();
                    context.progress(i, requests, i + " of " + requests + " requests");
                    int number = i;
                    long due = begin + i * INTERVAL_MILLIS * 1_000_000;
                    TimeUnit.NANOSECONDS.sleep(Math.max(0, due - System.nanoTime()));
                    running.add(threads.submit(() -> {
                        request(context, client, number, due, usable, opened);
                        return null;
                    }));
                }
                awaitAll(context, running.subList(DOWNLOADS, running.size()));
                for (Future<?> download : running.subList(0, DOWNLOADS)) {
                    throwIfFailed(download); // without its load the measurement is another one
                }
            } finally {
                over.set(true);
                threads.shutdownNow(); // closes the sockets that virtual threads wait on
            }
            return result.latency(usable)
                    .memoryInUse(MemorySnapshot.take().heap())
                    .atMost("p95 until a circuit is usable", "ms", CircuitBuild.millis(usable, 95), TARGET_MILLIS)
                    .atLeast("requests served", "", usable.count(), requests)
                    .largerIsBetter("hits", "%", 100.0 * hits.get() / requests)
                    .metric("waits", "%", 100.0 * waits.get() / requests)
                    .metric("misses", "%", 100.0 * misses.get() / requests)
                    .smallerIsBetter("p50 until a stream is open", "ms", CircuitBuild.millis(opened, 50))
                    .smallerIsBetter("p95 until a stream is open", "ms", CircuitBuild.millis(opened, 95))
                    .metric("circuits built", "", client.watch().builds())
                    .metric("builds that failed", "", client.watch().failures())
                    .build();
        }
    }

    private void request(
            BenchmarkContext context, LibraryClient client, int number, long due, LatencyTracker usable, LatencyTracker opened)
            throws IOException {
        // A name of its own tells the client's events about this request from all others.
        String host = "request" + number + "." + context.host();
        int port = context.web().echoPort();
        Deadline deadline = context.deadline().atMost(PATIENCE);
        try (Socket socket = new SocksClient(client.socksPort()).connect(host, port, "user" + number, deadline)) {
            long open = System.nanoTime();
            socket.setSoTimeout(Math.max(1, deadline.millisLeft()));
            LibraryClient.probe(socket);
            Attached stream = client.watch().take(host + ":" + port);
            if (stream == null) {
                throw new IOException("no event told which circuit request " + number + " was given");
            }
            usable.recordNanos(Math.max(0, stream.attachedNanos() - due));
            opened.recordNanos(Math.max(0, open - due));
            if (stream.circuit().builtNanos() - due <= 0) {
                hits.incrementAndGet();
            } else if (stream.circuit().launchedNanos() - due <= 0) {
                waits.incrementAndGet();
            } else {
                misses.incrementAndGet();
            }
        }
    }

    /** Keeps relays and client busy, on one circuit of its own. */
    private static void download(BenchmarkContext context, LibraryClient client, AtomicBoolean over) throws IOException {
        Deadline deadline = context.deadline().atMost(PATIENCE);
        byte[] buffer = new byte[8192];
        while (!over.get()) {
            try (Socket socket = new SocksClient(client.socksPort())
                    .connect(context.host(), context.web().port(), "download", deadline)) {
                socket.setSoTimeout((int) PATIENCE.toMillis());
                String request = "GET /bytes/" + PIECE + " HTTP/1.1\r\nHost: benchmark\r\nConnection: close\r\n\r\n";
                socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                InputStream in = socket.getInputStream();
                int count = 0;
                while (count >= 0 && !over.get()) {
                    count = in.read(buffer);
                }
            } catch (IOException e) {
                if (!over.get()) {
                    throw new IOException("a download in the background: " + e.getMessage(), e);
                }
            }
        }
    }

    private static void awaitAll(BenchmarkContext context, List<Future<?>> futures)
            throws IOException, InterruptedException, TimeoutException {
        for (Future<?> future : futures) {
            while (!future.isDone()) {
                context.check();
                Thread.sleep(10);
            }
            throwIfFailed(future);
        }
    }

    private static void throwIfFailed(Future<?> future) throws IOException {
        if (future.state() == Future.State.FAILED) {
            Throwable failure = future.exceptionNow();
            throw failure instanceof IOException e ? e : new IOException(failure);
        }
    }
}
