package dev.cepa.daemon.control;

import dev.cepa.proxy.LocalSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One controller. One thread reads its commands and carries them out, the {@link Outbox}'s writes what it is told.
 * Thread-safe.
 */
final class ControlConnection {
    private static final Logger LOG = LoggerFactory.getLogger(ControlConnection.class);

    /** Before a controller is known, its commands are short. */
    private static final int LONGEST_UNKNOWN = 64 << 10;
    /** A person may be asked for the password meanwhile. */
    private static final Duration AUTHENTICATION = Duration.ofMinutes(10);
    /** How long closing waits for the last words to be read. */
    private static final long CLOSING_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final ControlServer server;
    private final LocalSocket socket;
    private final long number;
    private final Outbox outbox;
    /** The reading thread's. */
    private final ControlAuth.Session session;

    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by lock. */
    private final List<Runnable> closeActions = new ArrayList<>();

    private volatile long events;
    private volatile boolean owner;
    /** Written under lock. */
    private volatile boolean closed;

    ControlConnection(ControlServer server, LocalSocket socket, long number) {
        this.server = server;
        this.socket = socket;
        this.number = number;
        outbox = new Outbox(socket, number, server.waiting());
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
        Thread writer = outbox.start();
        Thread limit = Thread.ofVirtual().name("cepa-control-limit").start(this::closeUnlessKnownInTime);
        try {
            readAll(limit);
        } catch (IOException e) {
            LOG.debug("Control connection {} ended: {}", number, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            limit.interrupt();
            finish(writer);
        }
    }

    private void closeUnlessKnownInTime() {
        try {
            Thread.sleep(AUTHENTICATION);
            if (!session.isAuthenticated()) {
                LOG.debug("Control connection {} has not authenticated in time", number);
                outbox.closeSocket();
            }
        } catch (InterruptedException e) {
            // it has, or has ended
        }
    }

    private void readAll(Thread limit) throws IOException, InterruptedException {
        CommandReader reader = new CommandReader(socket.input());
        while (true) {
            boolean known = session.isAuthenticated();
            CommandReader.Raw raw;
            try {
                raw = reader.next(known ? CommandReader.LONGEST : LONGEST_UNKNOWN);
            } catch (CommandReader.TooLongException e) {
                outbox.reply(Reply.error(500, "Line too long.").bytes());
                return;
            }
            if (raw == null) {
                return;
            }
            if (!known && HttpRefusal.isHttp(raw.keyword())) {
                LOG.info("Received HTTP request on ControlPort");
                outbox.reply(HttpRefusal.TEXT.getBytes(StandardCharsets.US_ASCII));
                return;
            }
            outbox.hold();
            Reply reply = server.commands()
                    .run(new Request(this, raw.keyword(), raw.line(), raw.rawLine(), raw.body()), raw.typed());
            outbox.reply(reply.bytes());
            outbox.release();
            reply.runAfterwards();
            if (reply.isClosing()) {
                return;
            }
            if (!known && session.isAuthenticated()) {
                limit.interrupt();
            }
        }
    }

    /** Queues an event, without waiting. */
    void sendEvent(byte[] bytes) {
        outbox.event(bytes);
    }

    private void finish(Thread writer) {
        server.events().subscribe(this, 0);
        outbox.close(System.nanoTime() + CLOSING_NANOS);
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

    /** Begins to end it: what has been queued is still sent, what comes is not. */
    void end() {
        outbox.end();
    }

    /**
     * Ends it.
     *
     * @param deadline a moment of {@link System#nanoTime}: so long what has been queued may still be sent
     */
    void close(long deadline) {
        outbox.close(deadline);
    }
}
