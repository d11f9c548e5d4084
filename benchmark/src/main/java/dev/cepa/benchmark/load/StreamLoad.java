package dev.cepa.benchmark.load;

import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.error.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * Many streams at once, each on a virtual thread. All are opened and have moved a first piece before any goes on, so that
 * what is measured afterwards are as many streams as were asked for, or errors. Used once, by one thread.
 */
public final class StreamLoad {
    private final List<ProxyClient> ways;
    private final WebTarget target;
    private final int streams;
    private final int piece;
    private final LatencyTracker opening;
    private final LatencyTracker transfers;
    private final CountDownLatch ready;
    private final CountDownLatch go = new CountDownLatch(1);
    private final AtomicInteger completed = new AtomicInteger();
    private final AtomicInteger wrong = new AtomicInteger();
    private final LongAdder pieces = new LongAdder();
    private final Map<String, Integer> errors = new ConcurrentHashMap<>();
    private final Set<WebStream> open = ConcurrentHashMap.newKeySet();
    private volatile long endNanos;
    private volatile Deadline deadline;

    /**
     * What came of it.
     *
     * @param streams     how many there were to be
     * @param completed   how many moved right content all the time until they had done their work
     * @param pieces      how many pieces have been downloaded and checked in the time that counts
     * @param bytes       that have arrived in the time that counts
     * @param openSeconds until all were open and had moved their first piece
     * @param seconds     the time that counts: from then on
     * @param wrong       how many streams brought wrong content
     * @param errors      what went wrong, and how often, wrong content included
     */
    public record Outcome(
            int streams, int completed, long pieces, long bytes, double openSeconds, double seconds, int wrong,
            Map<String, Integer> errors) {
        /** Copies, in order. */
        public Outcome {
            errors = Map.copyOf(errors);
        }

        /** How many streams failed. */
        public int failed() {
            return streams - completed;
        }

        /** Bytes a second over all streams. */
        public double rate() {
            return bytes / Math.max(1e-9, seconds);
        }

        /** The errors in one line; empty without any. */
        public String describeErrors() {
            return RequestLoad.describe(errors);
        }
    }

    /**
     * Prepares a load through one proxy.
     *
     * @see #StreamLoad(List, WebTarget, int, int, LatencyTracker, LatencyTracker)
     */
    public StreamLoad(
            ProxyClient proxy, WebTarget target, int streams, int piece, LatencyTracker opening, LatencyTracker transfers) {
        this(List.of(proxy), target, streams, piece, opening, transfers);
    }

    /**
     * Prepares a load.
     *
     * @param ways      by which the streams come, in turns
     * @param streams   how many at once
     * @param piece     bytes of one download
     * @param opening   takes the time from opening each stream to the first byte of its first piece
     * @param transfers takes the time of each later piece
     */
    public StreamLoad(
            List<ProxyClient> ways, WebTarget target, int streams, int piece, LatencyTracker opening, LatencyTracker transfers) {
        this.ways = List.copyOf(ways);
        this.target = target;
        this.streams = streams;
        this.piece = piece;
        this.opening = opening;
        this.transfers = transfers;
        this.ready = new CountDownLatch(streams);
        this.deadline = Deadline.in(Duration.ZERO);
    }

    /**
     * Runs it: each stream downloads one piece after the other until the time is up, and then ends the one it is at.
     * With a duration of zero each downloads exactly one piece more.
     *
     * @param patience how long opening may take, and how long the last pieces may
     * @throws InterruptedException if the thread was interrupted; all streams are closed then
     */
    public Outcome run(Duration duration, Duration patience) throws InterruptedException {
        for (int i = 0; i < streams; i++) {
            target.digest(WebTarget.seed(i), piece);
        }
        deadline = Deadline.in(patience);
        long begin = System.nanoTime();
        List<Thread> threads = new ArrayList<>();
        try {
            for (int i = 0; i < streams; i++) {
                int number = i;
                threads.add(Thread.ofVirtual().name("stream " + i).start(() -> stream(number)));
            }
            // Each has the same deadline and counts down when it fails, so this ends too.
            ready.await();
            long start = System.nanoTime();
            long before = target.received();
            endNanos = start + duration.toNanos();
            deadline = Deadline.in(duration.plus(patience));
            go.countDown();
            long bytes = 0;
            long end = start;
            if (duration.isPositive()) {
                TimeUnit.NANOSECONDS.sleep(endNanos - System.nanoTime());
                end = System.nanoTime();
                bytes = target.received() - before;
            }
            long checked = pieces.sum();
            for (Thread thread : threads) {
                thread.join();
            }
            if (!duration.isPositive()) {
                end = System.nanoTime();
                bytes = target.received() - before;
                checked = pieces.sum();
            }
            return new Outcome(streams, completed.get(), checked, bytes, (start - begin) / 1e9, (end - start) / 1e9,
                    wrong.get(), errors);
        } finally {
            open.forEach(WebStream::close);
            threads.forEach(Thread::interrupt);
        }
    }

    private void stream(int number) {
        long seed = WebTarget.seed(number);
        boolean counted = false;
        try (WebStream stream = WebStream.open(ways.get(number % ways.size()), target, null, deadline)) {
            open.add(stream);
            Transfer first = stream.download(seed, piece, deadline);
            opening.recordNanos(first.firstByteNanos() + first.startedNanos() - stream.openedNanos());
            ready.countDown();
            counted = true;
            go.await();
            do {
                Transfer next = stream.download(seed, piece, deadline);
                pieces.increment();
                transfers.recordNanos(next.nanos());
            } while (System.nanoTime() - endNanos < 0);
            completed.incrementAndGet();
        } catch (WrongContentException e) {
            wrong.incrementAndGet();
            errors.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
        } catch (IOException e) {
            errors.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
        } catch (InterruptedException e) {
            errors.merge("interrupted", 1, Integer::sum);
        } finally {
            if (!counted) {
                ready.countDown();
            }
        }
    }
}
