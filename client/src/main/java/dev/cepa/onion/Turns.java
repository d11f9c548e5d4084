package dev.cepa.onion;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * When the one thread that looks after something has its next turn: after a while, or at once when it is called. Everything
 * is guarded by the owner's lock; only {@link #await} takes it itself.
 */
final class Turns {
    private final ReentrantLock lock;
    private final Condition called;
    private boolean due;
    private boolean closed;

    Turns(ReentrantLock lock) {
        this.lock = lock;
        called = lock.newCondition();
    }

    /** Waits for the next turn; false if there will be none, because it is closed or its thread was interrupted. */
    boolean await(Duration atMost) {
        lock.lock();
        try {
            long nanos = atMost.toNanos();
            while (!closed && !due && nanos > 0) {
                nanos = called.awaitNanos(nanos);
            }
            due = false;
            return !closed;
        } catch (InterruptedException e) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Has the next turn come at once; with the lock held. */
    void call() {
        due = true;
        called.signalAll();
    }

    /** There are no more turns; with the lock held. */
    void close() {
        closed = true;
        called.signalAll();
    }

    /** With the lock held. */
    boolean isClosed() {
        return closed;
    }
}
