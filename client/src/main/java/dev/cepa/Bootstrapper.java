package dev.cepa;

import dev.cepa.directory.DirectoryManager;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.pool.CircuitPool;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sees a client through from its start to its first circuit, and remembers where it stands. The directory reports phases
 * up to 75 %; the rest is here (control-spec section 5.5). Never gives up: only closing, or a network that requires a newer
 * version, ends it.
 */
final class Bootstrapper {
    private static final Duration FOREVER = Duration.ofDays(36_500);

    private final TorEvents events;
    private final DirectoryManager directory;
    private final CircuitPool pool;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private TorEvent.Bootstrap status = new TorEvent.Bootstrap(0, "starting", "Starting", null);
    private @Nullable TorException fatal;
    private @Nullable Thread thread;

    Bootstrapper(TorEvents events, DirectoryManager directory, CircuitPool pool) {
        this.events = events;
        this.directory = directory;
        this.pool = pool;
        events.add(this::note);
    }

    void start() {
        thread = Thread.ofVirtual().name("cepa-bootstrap").start(this::run);
    }

    private void run() {
        try {
            directory.start();
            directory.awaitUsable(Deadline.in(FOREVER));
            pool.directoryChanged();
            report(90, "ap_handshake_done", "Handshake finished with a relay to build circuits", null);
            report(95, "circuit_create", "Establishing a Tor circuit", null);
            firstCircuit();
            report(100, "done", "Done", null);
        } catch (TorException e) {
            fail(e);
        } catch (InterruptedException e) {
            fail(new TorException(ErrorKind.CLOSED, "the client is closed"));
        }
    }

    private void firstCircuit() throws TorException, InterruptedException {
        for (int failures = 0; ; failures++) {
            try {
                pool.prepare(Deadline.in(Duration.ofSeconds(60)));
                return;
            } catch (TorException e) {
                if (e.kind() == ErrorKind.CLOSED) {
                    throw e;
                }
                report(95, "circuit_create", "Establishing a Tor circuit", e.getMessage());
                Thread.sleep(Math.min(5000, 100L << Math.min(failures, 6)));
            }
        }
    }

    private void report(int percent, String tag, String summary, @Nullable String problem) {
        events.emit(new TorEvent.Bootstrap(percent, tag, summary, problem));
    }

    private void note(TorEvent event) {
        if (event instanceof TorEvent.Bootstrap b) {
            lock.lock();
            try {
                if (b.percent() >= status.percent()) {
                    status = b;
                }
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    TorEvent.Bootstrap status() {
        lock.lock();
        try {
            return status;
        } finally {
            lock.unlock();
        }
    }

    void awaitDone(Deadline deadline) throws TorException {
        lock.lock();
        try {
            while (status.percent() < 100) {
                if (fatal != null) {
                    throw new TorException(fatal.kind(), String.valueOf(fatal.getMessage()), fatal);
                }
                if (deadline.passed()) {
                    String why = status.problem() == null ? "" : ": " + status.problem();
                    throw new TorException(
                            ErrorKind.TIMEOUT,
                            "not connected to Tor in time; stopped at " + status.percent() + "% ("
                                    + status.summary() + ")" + why);
                }
                deadline.await(changed, "bootstrapping");
            }
        } finally {
            lock.unlock();
        }
    }

    private void fail(TorException e) {
        lock.lock();
        try {
            fatal = e;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void close() {
        fail(new TorException(ErrorKind.CLOSED, "the client is closed"));
        Thread t = thread;
        if (t != null) {
            t.interrupt();
        }
    }
}
