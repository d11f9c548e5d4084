package dev.cepa.benchmark.library;

import dev.cepa.TorSocket;
import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.Bytes;
import dev.cepa.benchmark.LatencyTracker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Streams that all move bytes at the same time, each on a virtual thread of its own, until the time is up. All are open and
 * under way before anything is counted. The first that fails ends the load with its exception. Used once.
 */
final class MultiplexedStreams {
    private static final int SEED = 7;
    private static final int PIECE = 1 << 20;
    private static final int BLOCK = 8192;
    private static final long START_NANOS = 60_000_000_000L;

    private final BenchmarkContext context;
    private final List<TorSocket> sockets = new ArrayList<>();
    private final AtomicLongArray bytes;
    private final CountDownLatch underWay;
    private volatile boolean counting;
    private volatile boolean over;

    private MultiplexedStreams(BenchmarkContext context, int streams) {
        this.context = context;
        bytes = new AtomicLongArray(streams);
        underWay = new CountDownLatch(streams);
    }

    private interface Work {
        void move(int stream, TorSocket socket) throws IOException;
    }

    /** Downloads, each byte checked; how many bytes each stream got. */
    static double[] download(
            BenchmarkContext context, LibraryClient client, int streams, Duration time, LatencyTracker firstBytes)
            throws IOException, InterruptedException, TimeoutException {
        ByteArrayOutputStream content = new ByteArrayOutputStream(PIECE);
        context.web().content(SEED).writeTo(content, PIECE);
        byte[] expected = content.toByteArray();
        MultiplexedStreams load = new MultiplexedStreams(context, streams);
        client.newCircuits();
        return load.run(client, context.web().port(), time, (i, socket) -> load.download(i, socket, expected, firstBytes));
    }

    /** Uploads to a port that takes everything; how many bytes of each stream the circuit took. */
    static double[] upload(BenchmarkContext context, LibraryClient client, int streams, Duration time)
            throws IOException, InterruptedException, TimeoutException {
        MultiplexedStreams load = new MultiplexedStreams(context, streams);
        return load.run(client, context.web().silentPort(), time, load::upload);
    }

    private double[] run(LibraryClient client, int port, Duration time, Work work)
            throws IOException, InterruptedException, TimeoutException {
        List<Future<?>> running = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                for (int i = 0; i < bytes.length(); i++) {
                    context.check();
                    sockets.add(client.open(port));
                }
                for (int i = 0; i < bytes.length(); i++) {
                    int stream = i;
                    running.add(threads.submit(() -> {
                        move(stream, work);
                        return null;
                    }));
                }
                awaitUnderWay(running);
                counting = true;
                long begin = System.nanoTime();
                for (long now = begin; now - begin < time.toNanos(); now = System.nanoTime()) {
                    context.check();
                    throwFailure(running);
                    context.progress(now - begin, time.toNanos(), bytes.length() + " streams, " + Bytes.format(moved()));
                    Thread.sleep(100);
                }
                counting = false;
                throwFailure(running);
            } finally {
                over = true;
                sockets.forEach(MultiplexedStreams::close);
            }
        }
        double[] shares = new double[bytes.length()];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = bytes.get(i);
        }
        return shares;
    }

    private void awaitUnderWay(List<Future<?>> running) throws IOException, InterruptedException, TimeoutException {
        long end = System.nanoTime() + START_NANOS;
        while (!underWay.await(100, TimeUnit.MILLISECONDS)) {
            context.check();
            throwFailure(running);
            if (System.nanoTime() - end > 0) {
                throw new IOException(underWay.getCount() + " of " + bytes.length() + " streams moved no byte within a minute");
            }
        }
    }

    private static void throwFailure(List<Future<?>> running) throws IOException {
        for (Future<?> stream : running) {
            if (stream.state() == Future.State.FAILED) {
                Throwable failure = stream.exceptionNow();
                throw failure instanceof IOException e ? e : new IOException(failure);
            }
        }
    }

    private long moved() {
        long sum = 0;
        for (int i = 0; i < bytes.length(); i++) {
            sum += bytes.get(i);
        }
        return sum;
    }

    private void move(int stream, Work work) throws IOException {
        try {
            work.move(stream, sockets.get(stream));
        } catch (IOException e) {
            if (!over) { // else it was closed under it
                throw new IOException("stream " + stream + ": " + e.getMessage(), e);
            }
        }
    }

    private void count(int stream, int count) {
        if (counting) {
            bytes.addAndGet(stream, count);
        }
    }

    private void upload(int stream, TorSocket socket) throws IOException {
        byte[] block = new byte[BLOCK];
        OutputStream out = socket.getOutputStream();
        for (boolean first = true; !over; first = false) {
            out.write(block);
            count(stream, block.length);
            if (first) {
                underWay.countDown();
            }
        }
    }

    private void download(int stream, TorSocket socket, byte[] expected, LatencyTracker firstBytes) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[BLOCK];
        for (boolean first = true; !over; first = false) {
            long asked = System.nanoTime();
            String request = "GET /bytes/" + PIECE + "?seed=" + SEED + " HTTP/1.1\r\nHost: benchmark\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            skipHead(in);
            if (first) {
                firstBytes.recordSince(asked);
                underWay.countDown();
            }
            for (int at = 0; at < PIECE;) {
                int count = in.read(buffer, 0, Math.min(buffer.length, PIECE - at));
                if (count < 0) {
                    throw new IOException("it ended before its content did");
                }
                if (!Arrays.equals(buffer, 0, count, expected, at, at + count)) {
                    throw new IOException("wrong content after " + at + " bytes");
                }
                at += count;
                count(stream, count);
            }
        }
    }

    /** Skips an answer's head, which must say that it is one. */
    private static void skipHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder(160);
        while (head.length() < 4 || head.charAt(head.length() - 1) != '\n' || head.charAt(head.length() - 3) != '\n') {
            int b = in.read();
            if (b < 0 || head.length() > 4096) {
                throw new IOException("no answer from the web server");
            }
            head.append((char) b);
        }
        if (head.indexOf("HTTP/1.1 200 ") != 0) {
            throw new IOException("the web server did not answer 200");
        }
    }

    private static void close(TorSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is at its end either way.
        }
    }
}
