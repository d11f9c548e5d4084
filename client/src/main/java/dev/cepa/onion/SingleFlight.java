package dev.cepa.onion;

import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Has work that several threads want done once: the first does it, the others wait and get the same outcome. When the first
 * gives up because it was told to, one of the others begins anew. Thread-safe.
 */
final class SingleFlight<K, V> {
    /** The work, within the time of the thread that does it. */
    @FunctionalInterface
    interface Work<V> {
        V run() throws TorException;
    }

    private static final class Flight<V> {
        @Nullable V value;
        @Nullable TorException failure;
        boolean over;
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition landed = lock.newCondition();
    private final Map<K, Flight<V>> flights = new HashMap<>();

    /** The outcome of the work that is under way for that key, or of this work. */
    V run(K key, Deadline deadline, String what, Work<V> work) throws TorException {
        while (true) {
            Flight<V> mine = new Flight<>();
            Flight<V> flight;
            lock.lock();
            try {
                flight = flights.putIfAbsent(key, mine);
                if (flight != null) {
                    while (!flight.over) {
                        deadline.await(landed, what);
                    }
                    V value = flight.value;
                    if (value != null) {
                        return value;
                    }
                }
            } finally {
                lock.unlock();
            }
            if (flight == null) {
                return fly(key, mine, work);
            }
            TorException failure = flight.failure;
            // What ended the other thread's time does not end ours.
            boolean another = failure == null || failure.kind() == ErrorKind.CLOSED || failure.kind() == ErrorKind.TIMEOUT;
            if (!another || deadline.passed()) {
                throw failure != null ? failure : new TorException(ErrorKind.TIMEOUT, "timed out while waiting for " + what);
            }
        }
    }

    private V fly(K key, Flight<V> mine, Work<V> work) throws TorException {
        try {
            V value = work.run();
            mine.value = value;
            return value;
        } catch (TorException e) {
            mine.failure = e;
            throw e;
        } finally {
            lock.lock();
            try {
                mine.over = true;
                flights.remove(key, mine);
                landed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
