package dev.cepa.daemon.control;

import dev.cepa.proxy.LocalSocket;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One controller. One thread reads its commands and carries them out, one writes: replies and events, each whole, in the order
 * in which they were made. Events never wait for it: whoever does not read them is cut off. Thread-safe.
 */
final class ControlConnection {
    private static final Logger LOG = LoggerFactory.getLogger(ControlConnection.class);

    /** So many bytes of events may wait to be read. */
    static final int MOST_WAITING = 4 << 20;
    /** Before a controller is known, its commands are short. */
    private static final int LONGEST_UNKNOWN = 64 << 10;
    /** A person may be asked for the password meanwhile. */
    private static final int AUTHENTICATION_MILLIS = 600_000;
    /** How long a reply waits for a controller that does not read. */
    private static final long REPLY_SECONDS = 300;
    /** How long closing waits for the last words to be read. */
    private static final long CLOSING_SECONDS = 5;

    /** @param weight what it counts for in what waits: a long reply is on its way while events may come */
    private record Outgoing(byte[] bytes, int weight) {}

    private final ControlServer server;
    private final LocalSocket socket;
    private final long number;
    /** The reading thread's. */
    private final ControlAuth.Session session;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private final ArrayDeque<Outgoing> queue = new ArrayDeque<>();
    private long waitingBytes;
    /** Events that came while a command is carried out: they follow its reply, as in C tor. Null while there is none. */
    private @Nullable List<byte[]> held;
    private long heldBytes;
    private boolean ending;
    private boolean allWritten;
    private final List<Runnable> closeActions = new ArrayList<>();

    private volatile long events;
    private volatile boolean owner;
    private volatile boolean closed;

    ControlConnection(ControlServer server, LocalSocket socket, long number) {
        this.server = server;
        this.socket = socket;
        this.number = number;
        session = server.auth().session();
    }

    /** What all connections share. */
    ControlServer server() {
        return server;
    }

    /** Counted from 1, for logs. */
    long number() {
        return number;
    }

    /** How far authentication is; for the reading thread. */
    ControlAuth.Session session() {
        return session;
    }

    /** The bits of the events that it hears. */
    long events() {
        return events;
    }

    void setEvents(long bits) {
        events = bits;
    }

    /** Whether the program ends with this connection. */
    void setOwner(boolean owns) {
        owner = owns;
    }

    boolean isClosed() {
        return closed;
    }

    /** Has something done when it is closed; at once if it is. */
    void onClose(Runnable action) {
        lock.lock();
        try {
            if (!closed) {
                closeActions.add(action);
                return;
            }
        } finally {
            lock.unlock();
        }
        action.run();
    }

    /** Serves it until it ends; returns when it has. */
    void run() {
        Thread writer = Thread.ofVirtual().name("cepa-control-write").start(this::writeAll);
        try {
            socket.setReadTimeout(AUTHENTICATION_MILLIS);
            readAll();
        } catch (CommandReader.TooLongException e) {
            reply(Reply.error(500, "Line too long."));
        } catch (IOException e) {
            LOG.debug("Control connection {} ended: {}", number, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            finish(writer);
        }
    }

    private void readAll() throws IOException, InterruptedException {
        CommandReader reader = new CommandReader(socket.input());
        while (true) {
            boolean known = session.isAuthenticated();
            CommandReader.Raw raw = reader.next(known ? CommandReader.LONGEST : LONGEST_UNKNOWN);
            if (raw == null) {
                return;
            }
            if (!known && HttpRefusal.isHttp(raw.keyword())) {
                LOG.info("Received HTTP request on ControlPort");
                send(HttpRefusal.TEXT.getBytes(StandardCharsets.US_ASCII));
                return;
            }
            holdEvents();
            Reply reply = server.commands()
                    .run(new Request(this, raw.keyword(), raw.line(), raw.rawLine(), raw.body()));
            send(reply.bytes());
            releaseEvents();
            reply.runAfterwards();
            if (reply.isClosing()) {
                return;
            }
            if (!known && session.isAuthenticated()) {
                socket.setReadTimeout(0);
            }
        }
    }

    private void reply(Reply reply) {
        try {
            send(reply.bytes());
        } catch (IOException e) {
            LOG.debug("Control connection {} ended: {}", number, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Queues a reply, when what waits has become little enough; events alone never wait. */
    private void send(byte[] bytes) throws IOException, InterruptedException {
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
            add(new Outgoing(bytes, Math.min(bytes.length, MOST_WAITING / 2)));
        } finally {
            lock.unlock();
        }
    }

    private void holdEvents() {
        lock.lock();
        try {
            held = new ArrayList<>();
        } finally {
            lock.unlock();
        }
    }

    private void releaseEvents() {
        lock.lock();
        try {
            List<byte[]> events = held;
            held = null;
            heldBytes = 0;
            if (events != null && !ending) {
                events.forEach(bytes -> add(new Outgoing(bytes, bytes.length)));
            }
        } finally {
            lock.unlock();
        }
    }

    private void add(Outgoing next) {
        queue.add(next);
        waitingBytes += next.weight;
        changed.signalAll();
    }

    /** Queues an event; cuts off a controller for whom too much waits. */
    void sendEvent(byte[] bytes) {
        lock.lock();
        try {
            if (ending) {
                return;
            }
            List<byte[]> later = held;
            if (waitingBytes + heldBytes + bytes.length > MOST_WAITING) {
                ending = true;
                queue.clear();
                waitingBytes = 0;
                held = null;
                changed.signalAll();
                // Closing wakes both threads; it must not happen here, where the client's locks may be held.
                Thread.ofVirtual().name("cepa-control-cut").start(() -> {
                    LOG.warn("A controller does not read the events that it has asked for. Closing its connection.");
                    closeSocket();
                });
            } else if (later != null) {
                later.add(bytes);
                heldBytes += bytes.length;
            } else {
                add(new Outgoing(bytes, bytes.length));
            }
        } finally {
            lock.unlock();
        }
    }

    private void writeAll() {
        try {
            OutputStream out = socket.output();
            for (Outgoing next = take(); next != null; next = take()) {
                out.write(next.bytes);
                done(next);
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
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** The next to write; null if there is no more. */
    private @Nullable Outgoing take() throws InterruptedException {
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

    private void done(Outgoing written) {
        lock.lock();
        try {
            waitingBytes = Math.max(0, waitingBytes - written.weight);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void finish(Thread writer) {
        server.events().subscribe(this, 0);
        long left = TimeUnit.SECONDS.toNanos(CLOSING_SECONDS);
        lock.lock();
        try {
            ending = true;
            changed.signalAll();
            while (!allWritten && left > 0) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
        closeSocket();
        writer.interrupt();
        List<Runnable> actions;
        lock.lock();
        try {
            closed = true;
            actions = List.copyOf(closeActions);
        } finally {
            lock.unlock();
        }
        // It may have subscribed when it was half closed.
        server.events().subscribe(this, 0);
        actions.forEach(Runnable::run);
        if (owner) {
            server.host().ownerLost();
        }
    }

    /** Ends it: what has been queued may still be read for a moment, what comes is not. */
    void close() {
        lock.lock();
        try {
            ending = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        closeSocket();
    }

    private void closeSocket() {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("closing a control connection failed: {}", e.getMessage());
        }
    }
}
