package dev.cepa;

import dev.cepa.cell.HostText;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.pool.StreamOpener;
import dev.cepa.proxy.SocksListener;
import java.io.Closeable;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client's SOCKS ports, opened and closed as the configuration says. Thread-safe; owns its listeners. */
final class SocksPorts implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(SocksPorts.class);

    private final StreamOpener opener;
    private final TorEvents events;
    private final ReentrantLock lock = new ReentrantLock();
    private List<Open> ports = List.of();
    /** Listeners that take no more connections, as long as they have some. */
    private final List<SocksListener> leaving = new ArrayList<>();

    private boolean closed;

    /** A port that is open, and what was asked for: there the port number may be 0, for any. */
    private record Open(TorConfig.SocksPort port, SocksListener listener) {}

    SocksPorts(StreamOpener opener, TorEvents events) {
        this.opener = opener;
        this.events = events;
    }

    /**
     * Opens and closes ports until exactly these are open. A port that stays listens on, and has its new settings for new
     * connections; one that goes keeps its connections until they end by themselves.
     *
     * @throws TorException of kind CONFIG if one can't be opened; then all is as it was
     */
    void open(List<TorConfig.SocksPort> wanted) throws TorException {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            List<Open> going = new ArrayList<>(ports);
            @Nullable SocksListener[] listeners = new SocksListener[wanted.size()];
            for (int i = 0; i < listeners.length; i++) {
                listeners[i] = take(going, wanted.get(i).address());
            }
            openMissing(wanted, listeners, going);
            List<Open> next = new ArrayList<>();
            for (int i = 0; i < listeners.length; i++) {
                SocksListener listener = listeners[i];
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

    private void openMissing(List<TorConfig.SocksPort> wanted, @Nullable SocksListener[] listeners, List<Open> going)
            throws TorException {
        @Nullable SocksListener[] kept = Arrays.copyOf(listeners, listeners.length);
        List<Open> unbound = new ArrayList<>();
        try {
            for (int i = 0; i < listeners.length; i++) {
                if (listeners[i] == null) {
                    listeners[i] = open(wanted.get(i), going, unbound);
                }
            }
        } catch (TorException e) {
            for (int i = 0; i < listeners.length; i++) {
                SocksListener listener = listeners[i];
                if (listener != null && kept[i] == null) {
                    listener.close();
                }
            }
            unbound.forEach(this::bindAgain);
            throw e;
        }
    }

    private SocksListener open(TorConfig.SocksPort port, List<Open> going, List<Open> unbound) throws TorException {
        try {
            return SocksListener.open(port.address(), port.settings(), opener, events);
        } catch (TorException e) {
            // The same port of another address, or of all addresses, may be in the way.
            boolean madeRoom = false;
            for (Open other : going) {
                if (other.listener.address().getPort() == port.address().getPort() && !unbound.contains(other)) {
                    other.listener.stopListening();
                    unbound.add(other);
                    madeRoom = true;
                }
            }
            if (!madeRoom) {
                throw e;
            }
            return SocksListener.open(port.address(), port.settings(), opener, events);
        }
    }

    /** Opens a port anew that had to make room for one that could not be opened after all. */
    private void bindAgain(Open port) {
        List<Open> next = new ArrayList<>(ports);
        next.remove(port);
        try {
            SocksListener again =
                    SocksListener.open(port.listener.address(), port.port.settings(), opener, events);
            next.add(new Open(port.port, again));
        } catch (TorException e) {
            events.emit(new TorEvent.Warning("A SOCKS port is lost: " + e.getMessage(), e));
        }
        ports = next;
        retire(port.listener);
    }

    private static @Nullable SocksListener take(List<Open> from, InetSocketAddress asked) {
        for (Open port : from) {
            if (port.port.address().equals(asked)) {
                from.remove(port);
                return port.listener;
            }
        }
        return null;
    }

    private void retire(SocksListener listener) {
        InetSocketAddress address = listener.address();
        LOG.info(
                "Closing no-longer-configured Socks listener on {}",
                HostText.format(address.getAddress().getAddress(), address.getPort()));
        listener.stopListening();
        leaving.removeIf(other -> other.connectionCount() == 0);
        leaving.add(listener);
    }

    /** Where they listen, in the order of the configuration. */
    List<InetSocketAddress> addresses() {
        lock.lock();
        try {
            List<InetSocketAddress> addresses = new ArrayList<>();
            for (Open port : ports) {
                addresses.add(port.listener.address());
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
            leaving.forEach(SocksListener::close);
        } finally {
            lock.unlock();
        }
    }
}
