package dev.cepa.benchmark.load;

import dev.cepa.error.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Requests of a few users, one after the other by each of a number of workers, who go on whatever becomes of one. It ends
 * when all are done or the time is up, whatever hangs. Used once, by one thread.
 */
public final class RequestLoad {
    private final Plan plan;
    private final Request request;
    private final Deadline end;
    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicInteger wrong = new AtomicInteger();
    private final Map<String, Integer> errors = new ConcurrentHashMap<>();

    /**
     * How much of it there is.
     *
     * @param requests in all
     * @param workers  how many requests are under way at once
     * @param pause    of a worker after each request
     * @param timeout  of one request
     */
    public record Plan(int requests, int workers, Duration pause, Duration timeout) {}

    /** One request. */
    public interface Request {
        /**
         * Makes it, and checks what it brings.
         *
         * @param number   from 0 on
         * @param deadline by which it has failed
         */
        void make(int number, Deadline deadline) throws IOException;
    }

    /** Who hears how far it is. */
    public interface Watcher {
        /** Called by the thread that runs the load, now and then; may throw to end it. */
        void look(int over) throws InterruptedException, TimeoutException;
    }

    /**
     * What came of it.
     *
     * @param done    requests that brought the right content
     * @param failed  requests that did not, and were not merely cut off by the end of the time
     * @param cutOff  requests that were under way, or not begun, when the time was up
     * @param wrong   how many of those that failed brought wrong content
     * @param seconds until the last was over
     * @param errors  what went wrong, and how often
     */
    public record Outcome(int done, int failed, int cutOff, int wrong, double seconds, Map<String, Integer> errors) {
        /** Copies. */
        public Outcome {
            errors = Map.copyOf(errors);
        }

        /** The errors in one line; empty without any. */
        public String describeErrors() {
            return describe(errors);
        }
    }

    /** Prepares a load that is over at {@code end} at the latest. */
    public RequestLoad(Plan plan, Deadline end, Request request) {
        this.plan = plan;
        this.end = end;
        this.request = request;
    }

    /**
     * Runs it.
     *
     * @throws InterruptedException if the thread was interrupted; all requests are ended then, as they are when the watcher
     *     throws
     */
    public Outcome run(Watcher watcher) throws InterruptedException, TimeoutException {
        long start = System.nanoTime();
        List<Thread> threads = new ArrayList<>();
        try {
            for (int i = 0; i < plan.workers; i++) {
                threads.add(Thread.ofVirtual().name("worker " + i).start(this::work));
            }
            for (Thread thread : threads) {
                while (!thread.join(Duration.ofMillis(100))) {
                    watcher.look(done.get() + failed.get());
                }
            }
            int cutOff = plan.requests - done.get() - failed.get();
            return new Outcome(done.get(), failed.get(), cutOff, wrong.get(), (System.nanoTime() - start) / 1e9, errors);
        } finally {
            threads.forEach(Thread::interrupt); // which closes the sockets that virtual threads wait on
        }
    }

    private void work() {
        for (int number = begun.getAndIncrement(); number < plan.requests; number = begun.getAndIncrement()) {
            try {
                request.make(number, end.atMost(plan.timeout));
                done.incrementAndGet();
            } catch (IOException e) {
                if (e instanceof WrongContentException) {
                    wrong.incrementAndGet();
                } else if (end.passed() || Thread.currentThread().isInterrupted()) {
                    return; // cut off
                }
                failed.incrementAndGet();
                errors.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
            }
            try {
                Thread.sleep(end.passed() ? Duration.ZERO : plan.pause);
            } catch (InterruptedException e) {
                return;
            }
            if (end.passed()) {
                return;
            }
        }
    }

    /** Errors and how often they came, in order, in one line. */
    static String describe(Map<String, Integer> errors) {
        StringBuilder out = new StringBuilder();
        new TreeMap<>(errors).forEach((what, count) ->
                out.append(out.isEmpty() ? "" : "; ").append(count).append(" x ").append(what));
        return out.toString();
    }
}
