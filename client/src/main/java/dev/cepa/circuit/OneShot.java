package dev.cepa.circuit;

import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One answer that one thread waits for and another brings; the first answer or failure counts. Thread-safe. */
final class OneShot<T> {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition done = lock.newCondition();
    private @Nullable T answer;
    private @Nullable TorException failure;

    void complete(T value) {
        set(value, null);
    }

    void fail(TorException reason) {
        set(null, reason);
    }

    private void set(@Nullable T value, @Nullable TorException reason) {
        lock.lock();
        try {
            if (answer == null && failure == null) {
                answer = value;
                failure = reason;
                done.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits for it. */
    T await(Deadline deadline, String what) throws TorException {
        lock.lock();
        try {
            while (true) {
                T value = answer;
                if (value != null) {
                    return value;
                }
                if (failure != null) {
                    throw Failures.again(failure);
                }
                deadline.await(done, what);
            }
        } finally {
            lock.unlock();
        }
    }
}
