package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.pool.StreamOpener;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A SOCKS port: accepts connections and serves each on virtual threads, until closed. Thread-safe. Owns its server
 * socket and its connections.
 */
public final class SocksListener implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(SocksListener.class);

    private static final long WARNING_INTERVAL_NANOS = 60_000_000_000L;
    private static final int BACKLOG = 1024;
    private static final long ACCEPT_RETRY_MILLIS = 100;
    private static final Duration FREE_WAIT = Duration.ofMillis(200);

    private final ServerSocket server;
    private final InetSocketAddress address;
    /** For connections that come from now on. */
    private volatile SocksSettings settings;
    private final StreamOpener opener;
    private final Set<SocksConnection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger handshakes = new AtomicInteger();
    private final AtomicLong nextWarning = new AtomicLong(System.nanoTime());
    private final SafeSocksWarning safeSocksWarning = new SafeSocksWarning();
    private final CopyBuffers buffers = new CopyBuffers();
    private final TorEvents events;

    private volatile boolean closed;
    private volatile @Nullable Thread acceptor;

    private SocksListener(ServerSocket server, SocksSettings settings, StreamOpener opener, TorEvents events) {
        this.events = events;
        this.server = server;
        this.address = (InetSocketAddress) server.getLocalSocketAddress();
        this.settings = settings;
        this.opener = opener;
    }

    /**
     * Listens on that address; port 0 lets the system choose one.
     *
     * @throws TorException of kind CONFIG if the address can't be had
     */
    public static SocksListener open(
            InetSocketAddress address, SocksSettings settings, StreamOpener opener, TorEvents events)
            throws TorException {
        String text = HostText.format(address.getAddress().getAddress(), address.getPort());
        LOG.info("Opening Socks listener on {}", text);
        ServerSocket server;
        try {
            server = new ServerSocket();
        } catch (IOException e) {
            throw new TorException(ErrorKind.RESOURCE_LIMIT, "no socket for listening on " + text, e);
        }
        try {
            server.setReuseAddress(true);
            server.bind(address, BACKLOG);
        } catch (IOException e) {
            closeQuietly(server);
            String hint = address.getPort() == 0 ? "" : " Is Tor already running?";
            throw new TorException(
                    ErrorKind.CONFIG, "Could not bind to " + text + ": " + e.getMessage() + "." + hint, e);
        }
        SocksListener listener = new SocksListener(server, settings, opener, events);
        listener.acceptor = Thread.ofVirtual().name("socks-accept").start(listener::acceptAll);
        InetSocketAddress bound = listener.address();
        events.emit(new TorEvent.ListenerOpened(
                "Socks", HostText.format(bound.getAddress().getAddress(), bound.getPort())));
        return listener;
    }

    /** Where it listens, or did, with the port that it got. */
    public InetSocketAddress address() {
        return address;
    }

    /** Takes over other settings, for connections that come from now on. */
    public void reconfigure(SocksSettings changed) {
        settings = changed;
    }

    /** How many connections are open now. */
    public int connectionCount() {
        return open.get();
    }

    private void acceptAll() {
        while (!server.isClosed()) {
            Socket socket;
            try {
                socket = server.accept();
            } catch (IOException e) {
                if (!server.isClosed()) {
                    warnNowAndThen("Could not accept a connection to the SOCKS port: " + e.getMessage());
                    pause();
                }
                continue;
            }
            admit(socket);
        }
    }

    private void admit(Socket socket) {
        SocksSettings now = settings;
        if (open.incrementAndGet() > now.maxConnections()) {
            open.decrementAndGet();
            warnNowAndThen("Refusing connections to the SOCKS port: " + now.maxConnections()
                    + " are open already. More open files (ulimit -n) and a larger heap allow more.");
            closeQuietly(socket);
        } else if (handshakes.incrementAndGet() > now.maxHandshakes()) {
            handshakes.decrementAndGet();
            open.decrementAndGet();
            warnNowAndThen("Refusing connections to the SOCKS port: " + now.maxHandshakes()
                    + " have been opened that do not make a request.");
            closeQuietly(socket);
        } else {
            SocksConnection connection = new SocksConnection(socket, now, opener, safeSocksWarning, buffers, events);
            connections.add(connection);
            if (closed) {
                connection.close();
            }
            Thread.ofVirtual().name("socks").start(() -> {
                try {
                    connection.run(handshakes::decrementAndGet);
                } finally {
                    connections.remove(connection);
                    if (open.decrementAndGet() == 0) {
                        buffers.clear();
                    }
                }
            });
        }
    }

    private void warnNowAndThen(String message) {
        long now = System.nanoTime();
        long due = nextWarning.get();
        if (now - due >= 0 && nextWarning.compareAndSet(due, now + WARNING_INTERVAL_NANOS)) {
            LOG.warn(message);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(ACCEPT_RETRY_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static void closeQuietly(Closeable closeable) {
        try {
            closeable.close();
        } catch (IOException e) {
            LOG.debug("closing failed", e);
        }
    }

    /** Stops listening and closes all connections. */
    @Override
    public void close() {
        closed = true;
        stopListening();
        for (SocksConnection connection : connections) {
            connection.close();
        }
    }

    /** Stops listening, so that the port is free; connections that are open stay until they end by themselves. */
    public void stopListening() {
        closeQuietly(server);
        Thread accepting = acceptor;
        if (accepting != null) {
            try {
                // The system has the port back when this thread has left the accept call.
                accepting.join(FREE_WAIT);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
