package dev.cepa;

import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.proxy.Listener;
import dev.cepa.proxy.ListenerKind;
import dev.cepa.proxy.ProgramRequests;
import java.io.Closeable;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client's ports for programs, opened and closed as the configuration says. Thread-safe; owns its listeners. */
final class Listeners implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

    private final ProgramRequests requests;
    private final TorEvents events;
    private final ReentrantLock lock = new ReentrantLock();
    private List<Open> ports = List.of();
    /** Listeners that take no more connections, as long as they have some. */
    private final List<Listener> leaving = new ArrayList<>();

    private boolean closed;

    /** A port that is open, and what was asked for: there the port number may be 0, for any. */
    private record Open(TorConfig.ListenPort port, Listener listener) {}

    Listeners(ProgramRequests requests, TorEvents events) {
        this.requests = requests;
        this.events = events;
    }

    /**
     * Opens and closes ports until exactly these are open. A port that stays listens on, and has its new settings for new
     * connections; one that goes keeps its connections until they end by themselves.
     *
     * @throws TorException of kind CONFIG if one can't be opened; then all is as it was
     */
    void open(List<TorConfig.ListenPort> wanted) throws TorException {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            List<Open> going = new ArrayList<>(ports);
            @Nullable Listener[] listeners = new Listener[wanted.size()];
            for (int i = 0; i < listeners.length; i++) {
                listeners[i] = take(going, wanted.get(i));
            }
            openMissing(wanted, listeners, going);
            List<Open> next = new ArrayList<>();
            for (int i = 0; i < listeners.length; i++) {
                Listener listener = listeners[i];
                if (listener != null) {
                    listener.reconfigure(wanted.get(i).settings());
                    next.add(new Open(wanted.get(i), listener));
                }
            }
            ports = next;
            for (Open port : going) {
                retire(port.listener);
            }
        } finally {
            lock.unlock();
        }
    }

    private void openMissing(List<TorConfig.ListenPort> wanted, @Nullable Listener[] listeners, List<Open> going)
            throws TorException {
        @Nullable Listener[] kept = Arrays.copyOf(listeners, listeners.length);
        List<Open> unbound = new ArrayList<>();
        try {
            for (int i = 0; i < listeners.length; i++) {
                if (listeners[i] == null) {
                    listeners[i] = open(wanted.get(i), going, unbound);
                }
            }
        } catch (TorException e) {
            for (int i = 0; i < listeners.length; i++) {
                Listener listener = listeners[i];
                if (listener != null && kept[i] == null) {
                    listener.close();
                }
            }
            unbound.forEach(this::bindAgain);
            throw e;
        }
    }

    private Listener open(TorConfig.ListenPort port, List<Open> going, List<Open> unbound) throws TorException {
        try {
            return port.kind().open(port.address(), port.settings(), requests, events);
        } catch (TorException e) {
            // The same port of another address, or of all addresses, may be in the way.
            boolean madeRoom = false;
            for (Open other : going) {
                if (number(other.listener.address()) == number(port.address()) && !unbound.contains(other)) {
                    other.listener.stopListening();
                    unbound.add(other);
                    madeRoom = true;
                }
            }
            if (!madeRoom) {
                throw e;
            }
            return port.kind().open(port.address(), port.settings(), requests, events);
        }
    }

    /** A port's number; -1 for a socket in the file system. */
    private static int number(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? inet.getPort() : -1;
    }

    /** Opens a port anew that had to make room for one that could not be opened after all. */
    private void bindAgain(Open port) {
        List<Open> next = new ArrayList<>(ports);
        next.remove(port);
        try {
            Listener again =
                    port.port.kind().open(port.listener.address(), port.port.settings(), requests, events);
            next.add(new Open(port.port, again));
        } catch (TorException e) {
            events.emit(new TorEvent.Warning("A port for programs is lost: " + e.getMessage(), e));
        }
        ports = next;
        retire(port.listener);
    }

    private static @Nullable Listener take(List<Open> from, TorConfig.ListenPort asked) {
        for (Open port : from) {
            boolean sameFile = port.port.settings().socketFile().equals(asked.settings().socketFile());
            if (port.port.kind() == asked.kind() && port.port.address().equals(asked.address()) && sameFile) {
                from.remove(port);
                return port.listener;
            }
        }
        return null;
    }

    private void retire(Listener listener) {
        LOG.info("Closing no-longer-configured {} listener on {}", listener.kind().title(), listener.address());
        listener.stopListening();
        leaving.removeIf(other -> other.connectionCount() == 0);
        leaving.add(listener);
    }

    /** Where those of a kind listen, in the order of the configuration. */
    List<SocketAddress> addresses(ListenerKind kind) {
        lock.lock();
        try {
            List<SocketAddress> addresses = new ArrayList<>();
            for (Open port : ports) {
                if (port.port.kind() == kind) {
                    addresses.add(port.listener.address());
                }
            }
            return addresses;
        } finally {
            lock.unlock();
        }
    }

    /** Closes the ports and their connections. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            for (Open port : ports) {
                port.listener.close();
            }
            leaving.forEach(Listener::close);
        } finally {
            lock.unlock();
        }
    }
}
