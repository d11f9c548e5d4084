package dev.cepa.benchmark.load;

import dev.cepa.error.Deadline;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Many streams that stay open and do nothing, but when all are asked to download a piece. One that has failed stays
 * failed. For one thread, which closes it.
 */
public final class IdleStreams implements AutoCloseable {
    private final List<ProxyClient> ways;
    private final WebTarget target;
    private final int piece;
    private final int together;
    private final AtomicReferenceArray<WebStream> streams;
    private final AtomicInteger wrong = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final Map<String, Integer> errors = new ConcurrentHashMap<>();
    private boolean opened;

    /**
     * Prepares them.
     *
     * @param ways     by which they come, in turns
     * @param count    how many
     * @param piece    bytes of one download
     * @param together how many are at work at once
     */
    public IdleStreams(List<ProxyClient> ways, WebTarget target, int count, int piece, int together) {
        this.ways = List.copyOf(ways);
        this.target = target;
        this.piece = piece;
        this.together = together;
        this.streams = new AtomicReferenceArray<>(count);
    }

    /**
     * Opens all at the first call, and has each download a piece.
     *
     * @throws InterruptedException if the thread was interrupted; what is under way ends then
     */
    public void downloadAll(Deadline deadline) throws InterruptedException {
        boolean first = !opened;
        opened = true;
        AtomicInteger next = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        try {
            for (int i = 0; i < together; i++) {
                threads.add(Thread.ofVirtual().name("idle streams " + i).start(() -> {
                    for (int n = next.getAndIncrement(); n < streams.length(); n = next.getAndIncrement()) {
                        download(n, first, deadline);
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        } finally {
            threads.forEach(Thread::interrupt);
        }
    }

    private void download(int number, boolean first, Deadline deadline) {
        WebStream stream = streams.get(number);
        if (stream == null && !first) {
            return; // it has failed before
        }
        try {
            if (stream == null) {
                stream = WebStream.open(ways.get(number % ways.size()), target, null, deadline);
                streams.set(number, stream);
            }
            stream.download(WebTarget.seed(number), piece, deadline);
        } catch (IOException e) {
            if (e instanceof WrongContentException) {
                wrong.incrementAndGet();
            }
            failed.incrementAndGet();
            errors.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
            if (stream != null) {
                stream.close();
                streams.set(number, null);
            }
        }
    }

    /** How many have failed so far. */
    public int failed() {
        return failed.get();
    }

    /** How many of them because they brought wrong content. */
    public int wrong() {
        return wrong.get();
    }

    /** What went wrong, and how often, in one line; empty if nothing did. */
    public String describeErrors() {
        return RequestLoad.describe(errors);
    }

    @Override
    public void close() {
        for (int i = 0; i < streams.length(); i++) {
            WebStream stream = streams.get(i);
            if (stream != null) {
                stream.close();
            }
        }
    }
}
