package dev.cepa.onion;

import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.pool.InternalCircuits;
import java.io.Closeable;
import java.security.SecureRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A rendezvous point that is made ready on a thread of its own, while the caller fetches a descriptor and builds the way to
 * an introduction point. One that nobody took is closed.
 */
final class Preparation implements Closeable {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition done = lock.newCondition();
    /** Guarded by the lock, as all below. */
    private @Nullable RendezvousPoint point;

    private @Nullable TorException failure;
    private boolean closed;
    private final Thread thread;

    private Preparation(InternalCircuits circuits, SecureRandom random, Patience patience, Deadline deadline) {
        thread = Thread.ofVirtual().name("cepa-rendezvous").unstarted(() -> prepare(circuits, random, patience, deadline));
    }

    static Preparation begin(InternalCircuits circuits, SecureRandom random, Patience patience, Deadline deadline) {
        Preparation preparation = new Preparation(circuits, random, patience, deadline);
        preparation.thread.start();
        return preparation;
    }

    private void prepare(InternalCircuits circuits, SecureRandom random, Patience patience, Deadline deadline) {
        RendezvousPoint made = null;
        TorException failed = null;
        try {
            made = RendezvousPoint.establish(circuits, random, patience, deadline);
        } catch (TorException e) {
            failed = e;
        } catch (RuntimeException e) {
            failed = new TorException(ErrorKind.INTERNAL, "preparing a rendezvous failed: " + e, e);
        }
        lock.lock();
        try {
            if (!closed) {
                point = made;
                failure = failed;
                done.signalAll();
                return;
            }
        } finally {
            lock.unlock();
        }
        if (made != null) {
            made.close();
        }
    }

    /** Waits for it; the caller closes it. */
    RendezvousPoint take(Deadline deadline) throws TorException {
        lock.lock();
        try {
            while (true) {
                RendezvousPoint made = point;
                if (made != null) {
                    point = null;
                    closed = true;
                    return made;
                }
                if (failure != null) {
                    throw failure;
                }
                deadline.await(done, "a rendezvous point");
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        RendezvousPoint unused;
        lock.lock();
        try {
            closed = true;
            unused = point;
            point = null;
        } finally {
            lock.unlock();
        }
        thread.interrupt();
        if (unused != null) {
            unused.close();
        }
    }
}
