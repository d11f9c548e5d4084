package dev.cepa.circuit;

import dev.cepa.error.TorException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The lock under which cells are sent: one for each circuit, and one for all legs of a {@link ConfluxSet}, so that what is
 * sent over a set has one order. It guards the outbound ciphers, the cell under construction, the sending half of all flow
 * control and each stream's send window. Nothing blocks while it is held, and no other lock is taken within it but the
 * stream table's and, for an instant, the channel's queue.
 */
final class SendLock {
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Circuit broken;
    private @Nullable TorException cause;

    void lock() {
        lock.lock();
    }

    /** A cell that could not be sent leaves the ciphers out of step: that ends the circuit, but not under the lock. */
    void unlock() {
        Circuit circuit = broken;
        TorException reason = cause;
        broken = null;
        lock.unlock();
        if (circuit != null && reason != null) {
            circuit.fail(reason, true);
        }
    }

    /** A cell of that circuit could not be sent. The lock is held. */
    void broke(Circuit circuit, TorException reason) {
        broken = circuit;
        cause = reason;
    }

    Condition newCondition() {
        return lock.newCondition();
    }

    /** Whether anybody waits; the lock is held. */
    boolean hasWaiters(Condition condition) {
        return lock.hasWaiters(condition);
    }
}
