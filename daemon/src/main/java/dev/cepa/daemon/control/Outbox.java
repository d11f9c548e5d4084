package dev.cepa.daemon.control;

import dev.cepa.proxy.LocalSocket;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a controller is told: replies and events, each whole, in the order in which they were made, written by a thread of its
 * own. Events never wait: whoever does not read them is cut off. Thread-safe.
 */
final class Outbox {
    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

    /** So many bytes of events may wait to be read. */
    static final int MOST_WAITING = 4 << 20;
    /** When all connections together hold too much, those are cut off that hold more than this. */
    private static final int LITTLE = 64 << 10;

    /** What all connections hold together, in bytes. Thread-safe. */
    static final class Total {
        private final long most = Math.max(MOST_WAITING, Runtime.getRuntime().maxMemory() / 6);
        private final AtomicLong held = new AtomicLong();

        private boolean isTooMuch() {
            return held.get() > most;
        }
    }

    /** How long a reply waits for a controller that does not read. */
    private static final long REPLY_SECONDS = 300;

    /** @param weight what it counts for in what waits: a long reply is on its way while events may come */
    private record Message(byte[] bytes, int weight) {}

    private final LocalSocket socket;
    private final long number;
    private final Total total;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by lock:
    private final ArrayDeque<Message> queue = new ArrayDeque<>();
    private long waitingBytes;
    /** Events that came while a command is carried out: they follow its reply, as in C tor. Null while there is none. */
    private @Nullable List<byte[]> held;

    private long heldBytes;
    private boolean ending;
    private boolean allWritten;

    /**
     * For one connection.
     *
     * @param number the connection's, for logs
     * @param total what it counts for as well
     */
    Outbox(LocalSocket socket, long number, Total total) {
        this.socket = socket;
        this.number = number;
        this.total = total;
    }

    /** Begins to write. */
    Thread start() {
        return Thread.ofVirtual().name("cepa-control-write").start(this::writeAll);
    }

    /** Keeps events back until {@link #release}. */
    void hold() {
        lock.lock();
        try {
            held = new ArrayList<>();
        } finally {
            lock.unlock();
        }
    }

    /** Has the events follow that were kept back. */
    void release() {
        lock.lock();
        try {
            queueHeld();
        } finally {
            lock.unlock();
        }
    }

    /** Called with the lock held. */
    private void queueHeld() {
        List<byte[]> events = held;
        held = null;
        total.held.addAndGet(-heldBytes);
        heldBytes = 0;
        if (events != null && !ending) {
            events.forEach(bytes -> add(new Message(bytes, bytes.length)));
        }
    }

    /**
     * Queues a reply, when what waits has become little enough; events alone never wait.
     *
     * @throws IOException if the controller does not read, or the connection is closed
     */
    void reply(byte[] bytes) throws IOException, InterruptedException {
        long left = TimeUnit.SECONDS.toNanos(REPLY_SECONDS);
        lock.lock();
        try {
            while (!ending && waitingBytes > 0 && waitingBytes + bytes.length > MOST_WAITING) {
                if (left <= 0) {
                    throw new IOException("the controller does not read");
                }
                left = changed.awaitNanos(left);
            }
            if (ending) {
                throw new IOException("closed");
            }
            add(new Message(bytes, Math.min(bytes.length, MOST_WAITING / 2)));
        } finally {
            lock.unlock();
        }
    }

    /** Queues an event, without waiting; cuts off a controller for whom too much waits. */
    void event(byte[] bytes) {
        lock.lock();
        try {
            if (ending) {
                return;
            }
            List<byte[]> later = held;
            long mine = waitingBytes + heldBytes + bytes.length;
            if (mine > MOST_WAITING || mine > LITTLE && total.isTooMuch()) {
                cutOff();
            } else if (later != null) {
                later.add(bytes);
                heldBytes += bytes.length;
                total.held.addAndGet(bytes.length);
            } else {
                add(new Message(bytes, bytes.length));
            }
        } finally {
            lock.unlock();
        }
    }

    private void cutOff() {
        ending = true;
        forget();
        changed.signalAll();
        // Closing and logging must not happen here, where locks of the client and the log may be held.
        Thread.ofVirtual().name("cepa-control-cut").start(() -> {
            LOG.warn("A controller does not read the events that it has asked for. Closing its connection.");
            closeSocket();
        });
    }

    /** Lets go of what will not be sent. Called with the lock held. */
    private void forget() {
        long bytes = heldBytes;
        for (Message message : queue) {
            bytes += message.bytes.length;
        }
        queue.clear();
        held = null;
        heldBytes = 0;
        total.held.addAndGet(-bytes);
    }

    private void add(Message next) {
        queue.add(next);
        waitingBytes += next.weight;
        total.held.addAndGet(next.bytes.length);
        changed.signalAll();
    }

    private void writeAll() {
        try {
            OutputStream out = socket.output();
            for (Message next = take(); next != null; next = take()) {
                try {
                    out.write(next.bytes);
                } finally {
                    done(next);
                }
            }
        } catch (IOException e) {
            LOG.debug("Control connection {} can't be written to: {}", number, e.getMessage());
            closeSocket();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.lock();
            try {
                allWritten = true;
                ending = true;
                forget();
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** The next to write; null if there is no more. */
    private @Nullable Message take() throws InterruptedException {
        lock.lock();
        try {
            while (queue.isEmpty() && !ending) {
                changed.await();
            }
            return queue.poll();
        } finally {
            lock.unlock();
        }
    }

    private void done(Message written) {
        lock.lock();
        try {
            waitingBytes -= written.weight;
            total.held.addAndGet(-written.bytes.length);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more; what has been queued is still sent, and the events that a command has kept back. */
    void end() {
        lock.lock();
        try {
            queueHeld();
            ending = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more, waits until all has been sent or that moment of {@link System#nanoTime} has come, and hangs up. */
    void close(long deadline) {
        end();
        lock.lock();
        try {
            long left = deadline - System.nanoTime();
            while (!allWritten && left > 0) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
        closeSocket();
    }

    /** Hangs up at once. */
    void closeSocket() {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("closing a control connection failed: {}", e.getMessage());
        }
    }
}
