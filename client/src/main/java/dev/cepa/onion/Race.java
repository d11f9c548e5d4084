package dev.cepa.onion;

import dev.cepa.circuit.Circuit;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.Closeable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Ways to the same service, each taken by a thread of its own: the first circuit that comes of one counts. When the race is
 * closed, whoever is still under way is interrupted, and what he brings nevertheless is closed. Thread-safe.
 */
final class Race implements Closeable {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Guarded by the lock, as all below. */
    private final List<Thread> threads = new ArrayList<>();

    private int running;
    private @Nullable Circuit first;
    private @Nullable TorException failure;
    private boolean closed;

    /** One way. */
    @FunctionalInterface
    interface Way {
        /** Null if it leads nowhere. */
        @Nullable Circuit go() throws TorException;
    }

    /** Has a thread take that way from now on. */
    void enter(String name, Way way) {
        Thread thread = Thread.ofVirtual().name(name).unstarted(() -> run(way));
        lock.lock();
        try {
            threads.add(thread);
            running++;
        } finally {
            lock.unlock();
        }
        thread.start();
    }

    private void run(Way way) {
        Circuit arrived = null;
        TorException failed = null;
        try {
            arrived = way.go();
        } catch (TorException e) {
            failed = e;
        } catch (RuntimeException e) {
            failed = new TorException(ErrorKind.INTERNAL, "the way to an onion service failed: " + e, e);
        }
        lock.lock();
        try {
            running--;
            if (failed != null) {
                failure = failed;
            }
            if (arrived != null && first == null && !closed) {
                first = arrived;
                arrived = null;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (arrived != null) {
            arrived.close();
        }
    }

    /** Waits for that long, unless all others give up or one arrives: then there is nothing to wait for, and it is false. */
    boolean pause(Duration time) throws TorException {
        Deadline end = Deadline.in(time);
        lock.lock();
        try {
            while (running > 1 && first == null && !closed) {
                if (end.passed()) {
                    return true;
                }
                awaitChange(end);
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("WaitNotInLoop") // the loop is the caller's
    private void awaitChange(Deadline end) throws TorException {
        try {
            changed.awaitNanos(end.nanosLeft());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TorException(ErrorKind.CLOSED, "interrupted on the way to an onion service", e);
        }
    }

    /**
     * Waits for the first to arrive.
     *
     * @return its circuit, which is the caller's from then on
     * @throws TorException if none does: what has kept the last of them
     */
    Circuit await(Deadline deadline) throws TorException {
        lock.lock();
        try {
            while (true) {
                Circuit won = first;
                if (won != null) {
                    first = null;
                    closed = true;
                    return won;
                }
                if (running == 0) {
                    throw failure == null
                            ? new TorException(ErrorKind.TIMEOUT, "timed out while waiting for an onion service")
                            : failure;
                }
                deadline.await(changed, "an onion service");
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        Circuit unused;
        List<Thread> all;
        lock.lock();
        try {
            closed = true;
            unused = first;
            first = null;
            all = List.copyOf(threads);
        } finally {
            lock.unlock();
        }
        for (Thread thread : all) {
            thread.interrupt();
        }
        if (unused != null) {
            unused.close();
        }
    }
}
