package dev.cepa.daemon.control;

import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.proxy.LocalSocket;
import java.io.Closeable;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The control port: its listeners, its connections and what they share. Thread-safe. */
public final class ControlServer implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);
    private static final int MOST_CONNECTIONS = 64;
    private static final long LAST_WORDS_NANOS = 200_000_000L;
    private static final long WARNING_INTERVAL_NANOS = 60_000_000_000L;

    private final ControlHost host;
    private final ControlAuth auth;
    private final PortFile portFile;
    private final Commands commands = new Commands();
    private final Info info = new Info();
    private final Events events = new Events();
    private final Outbox.Total waiting = new Outbox.Total();
    private final Set<ControlConnection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicLong numbers = new AtomicLong();
    private final AtomicLong nextWarning = new AtomicLong(System.nanoTime());

    private final ReentrantLock changing = new ReentrantLock();
    /** Replaced whole, under the lock. */
    private volatile List<ControlListener> listeners = List.of();

    private volatile boolean closed;

    /**
     * One that lets in nobody yet, but hears events.
     *
     * @param host the program
     */
    public ControlServer(ControlHost host) {
        this.host = host;
        auth = new ControlAuth(host);
        portFile = new PortFile(host);
        for (Feature feature : List.of(
                new SessionCommands(), new ConfigCommands(), new ProgramInfo(), new LogEvents(), new NetworkView(), new OnionView())) {
            feature.addTo(this);
        }
    }

    ControlHost host() {
        return host;
    }

    ControlAuth auth() {
        return auth;
    }

    Commands commands() {
        return commands;
    }

    Info info() {
        return info;
    }

    Events events() {
        return events;
    }

    /** What waits for all controllers together. */
    Outbox.Total waiting() {
        return waiting;
    }

    /**
     * Listens there and nowhere else, and writes the files by which controllers find their way in, as the options say now.
     * Connections that are open stay.
     *
     * @param ports where
     * @throws TorException of kind CONFIG if one of them can't be had, or the cookie can't be written; then all is as it was
     */
    public void listen(List<ControlPort> ports) throws TorException {
        changing.lock();
        try {
            if (!ports.isEmpty()) {
                auth.cookie().prepare();
            }
            List<ControlListener> before = listeners;
            List<ControlListener> next = new ArrayList<>();
            List<ControlListener> opened = new ArrayList<>();
            try {
                for (ControlPort port : ports) {
                    ControlListener open = find(before, next, port);
                    if (open == null) {
                        open = ControlListener.open(port, this::admit);
                        opened.add(open);
                    }
                    next.add(open);
                }
            } catch (TorException e) {
                opened.forEach(ControlListener::close);
                throw e;
            }
            for (ControlListener old : before) {
                if (!next.contains(old)) {
                    old.retire();
                }
            }
            listeners = List.copyOf(next);
            opened.forEach(ControlListener::start);
            portFile.write(addresses());
        } finally {
            changing.unlock();
        }
    }

    private static @Nullable ControlListener find(
            List<ControlListener> open, List<ControlListener> taken, ControlPort port) {
        for (ControlListener listener : open) {
            if (listener.port().equals(port) && !taken.contains(listener)) {
                return listener;
            }
        }
        return null;
    }

    /** {@return where it listens, with the ports that it got} */
    public List<SocketAddress> addresses() {
        List<SocketAddress> addresses = new ArrayList<>();
        for (ControlListener listener : listeners) {
            addresses.add(listener.address());
        }
        return addresses;
    }

    private void admit(LocalSocket socket) {
        if (closed || connections.size() >= MOST_CONNECTIONS) {
            warnNowAndThen();
            closeQuietly(socket);
            return;
        }
        ControlConnection connection = new ControlConnection(this, socket, numbers.incrementAndGet());
        connections.add(connection);
        LOG.debug("New control connection {} opened", connection.number());
        Thread.ofVirtual().name("cepa-control").start(() -> {
            try {
                connection.run();
            } finally {
                connections.remove(connection);
            }
        });
        if (closed) {
            connection.close(System.nanoTime());
        }
    }

    private void warnNowAndThen() {
        long now = System.nanoTime();
        long due = nextWarning.get();
        if (!closed && now - due >= 0 && nextWarning.compareAndSet(due, now + WARNING_INTERVAL_NANOS)) {
            LOG.warn("Refusing control connections: {} are open already.", MOST_CONNECTIONS);
        }
    }

    private static void closeQuietly(LocalSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("closing a control connection failed: {}", e.getMessage());
        }
    }

    /**
     * Passes on what happened in the client.
     *
     * @param event what
     */
    public void onEvent(TorEvent event) {
        events.onEvent(event);
    }

    /**
     * Says that a signal has been carried out.
     *
     * @param signal which
     */
    public void signalled(ControlSignal signal) {
        events.send(EventName.SIGNAL, "SIGNAL " + signal.canonical());
    }

    /**
     * Says that options have been changed, in Tor's order: each with its new value, lists with a line each.
     *
     * @param changes values null for options that are not set
     */
    public void configurationChanged(List<ControlOptions.Line> changes) {
        if (changes.isEmpty() || !events.wants(EventName.CONF_CHANGED)) {
            return;
        }
        List<String> lines = new ArrayList<>();
        lines.add("CONF_CHANGED");
        for (ControlOptions.Line change : changes) {
            lines.add(change.value() == null ? change.key() : change.key() + "=" + change.value());
        }
        lines.add("OK");
        events.sendLines(EventName.CONF_CHANGED, lines);
    }

    /** Closes ports and connections. */
    @Override
    public void close() {
        closed = true;
        changing.lock();
        try {
            listeners.forEach(ControlListener::close);
            listeners = List.of();
            auth.cookie().close();
            portFile.close();
        } finally {
            changing.unlock();
        }
        // A reply to the command that ends the program is to arrive.
        connections.forEach(ControlConnection::end);
        long deadline = System.nanoTime() + LAST_WORDS_NANOS;
        connections.forEach(connection -> connection.close(deadline));
        events.close();
    }
}
