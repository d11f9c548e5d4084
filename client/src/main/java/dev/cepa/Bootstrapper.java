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
    private static final TorEvent.Bootstrap NOT_BEGUN = new TorEvent.Bootstrap(0, "starting", "Starting", null);
    private static final Duration FOREVER = Duration.ofDays(36_500);

    /** The phases from a usable directory to the first circuit. */
    private enum Phase {
        CONNECTING(80, "ap_conn", "Connecting to a relay to build circuits"),
        CONNECTED(85, "ap_conn_done", "Connected to a relay to build circuits"),
        HANDSHAKE(89, "ap_handshake", "Finishing handshake with a relay to build circuits"),
        HANDSHAKE_DONE(90, "ap_handshake_done", "Handshake finished with a relay to build circuits"),
        CREATING_CIRCUIT(95, "circuit_create", "Establishing a Tor circuit"),
        DONE(100, "done", "Done");

        final int percent;
        final String tag;
        final String summary;

        Phase(int percent, String tag, String summary) {
            this.percent = percent;
            this.tag = tag;
            this.summary = summary;
        }
    }

    private final TorEvents events;
    private final DirectoryManager directory;
    private final CircuitPool pool;
    /** Held while a phase is reported, so that listeners hear them in order; taken before {@link #lock}. */
    private final ReentrantLock reporting = new ReentrantLock();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private TorEvent.Bootstrap status = NOT_BEGUN;
    private boolean done; // after all have heard so
    private @Nullable TorException fatal;
    private @Nullable Thread thread;

    Bootstrapper(TorEvents events, DirectoryManager directory, CircuitPool pool) {
        this.events = events;
        this.directory = directory;
        this.pool = pool;
        events.add(this::note);
    }

    /** Begins, or begins again after {@link #stop}. */
    void start() {
        lock.lock();
        try {
            if (thread == null) {
                thread = Thread.ofVirtual().name("cepa-bootstrap").start(this::run);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Goes back to the start and waits there. */
    void stop() {
        lock.lock();
        try {
            if (thread == null) {
                return;
            }
            thread.interrupt();
            thread = null;
            status = NOT_BEGUN;
            done = false;
        } finally {
            lock.unlock();
        }
        events.emit(NOT_BEGUN);
    }

    private void run() {
        try {
            directory.start();
            directory.awaitUsable(Deadline.in(FOREVER));
            pool.directoryChanged();
            firstCircuit();
            reach(Phase.DONE);
            finish();
        } catch (TorException e) {
            fail(e);
        } catch (InterruptedException e) {
            fail(new TorException(ErrorKind.CLOSED, "the client is closed"));
        }
    }

    private void finish() {
        lock.lock();
        try {
            if (Thread.currentThread() == thread) {
                done = true;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
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
                stuck(String.valueOf(e.getMessage()));
                Thread.sleep(Math.min(5000, 100L << Math.min(failures, 6)));
            }
        }
    }

    private void reach(Phase phase) {
        reporting.lock();
        try {
            if (isRunning() && phase.percent > status().percent()) {
                events.emit(new TorEvent.Bootstrap(phase.percent, phase.tag, phase.summary, null));
            }
        } finally {
            reporting.unlock();
        }
    }

    private void stuck(String problem) {
        reporting.lock();
        try {
            TorEvent.Bootstrap at = status();
            if (isRunning()) {
                events.emit(new TorEvent.Bootstrap(at.percent(), at.tag(), at.summary(), problem));
            }
        } finally {
            reporting.unlock();
        }
    }

    private void note(TorEvent event) {
        switch (event) {
            case TorEvent.Bootstrap b -> note(b);
            case TorEvent.ChannelStatus channel when isBuilding() -> note(channel);
            case TorEvent.CircuitStatus circuit when isBuilding() -> {
                if (circuit.status() == TorEvent.CircuitStatus.Status.LAUNCHED) {
                    reach(Phase.HANDSHAKE_DONE); // if the channel was there already
                    reach(Phase.CREATING_CIRCUIT);
                }
            }
            default -> {}
        }
    }

    /** Whether channels and circuits are for streams, and the first circuit is still to come. */
    private boolean isBuilding() {
        return isRunning() && status().percent() < Phase.DONE.percent && directory.isUsable();
    }

    private boolean isRunning() {
        lock.lock();
        try {
            return thread != null;
        } finally {
            lock.unlock();
        }
    }

    private void note(TorEvent.ChannelStatus channel) {
        switch (channel.status()) {
            case LAUNCHED -> reach(Phase.CONNECTING);
            case REACHED -> reach(Phase.CONNECTED);
            case SECURED -> reach(Phase.HANDSHAKE);
            case CONNECTED -> reach(Phase.HANDSHAKE_DONE);
            case FAILED, CLOSED -> {}
        }
    }

    private void note(TorEvent.Bootstrap b) {
        lock.lock();
        try {
            if (b.percent() >= status.percent()) {
                status = b;
            }
        } finally {
            lock.unlock();
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
            while (true) {
                if (fatal != null) { // also when it was done before
                    throw new TorException(fatal.kind(), String.valueOf(fatal.getMessage()), fatal);
                }
                if (done) {
                    return;
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
            if (Thread.currentThread() == thread) {
                fatal = e;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            fatal = new TorException(ErrorKind.CLOSED, "the client is closed");
            changed.signalAll();
            if (thread != null) {
                thread.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }
}
