package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port whose programs come one connection each: accepts them and serves each on virtual threads, until closed.
 * Thread-safe. Owns its server socket and its connections.
 */
final class StreamListener implements Listener {
    private static final Logger LOG = LoggerFactory.getLogger(StreamListener.class);

    private static final long WARNING_INTERVAL_NANOS = 60_000_000_000L;
    private static final long ACCEPT_RETRY_MILLIS = 100;
    private static final Duration FREE_WAIT = Duration.ofMillis(200);

    private final ListenerKind kind;
    private final LocalServer server;
    private final SocketAddress address;
    /** For connections that come from now on. */
    private volatile PortSettings settings;
    private final ProgramRequests requests;
    private final Set<ProgramConnection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger handshakes = new AtomicInteger();
    private final AtomicLong nextWarning = new AtomicLong(System.nanoTime());
    private final CopyBuffers buffers = new CopyBuffers();

    private volatile boolean closed;
    private volatile @Nullable Thread acceptor;

    private StreamListener(ListenerKind kind, LocalServer server, PortSettings settings, ProgramRequests requests) {
        this.kind = kind;
        this.server = server;
        this.address = server.address();
        this.settings = settings;
        this.requests = requests;
    }

    /**
     * Listens on that address; port 0 lets the system choose one.
     *
     * @throws TorException of kind CONFIG if the address can't be had
     */
    static StreamListener open(
            ListenerKind kind, SocketAddress address, PortSettings settings, ProgramRequests requests, TorEvents events)
            throws TorException {
        LOG.info("Opening {} listener on {}", kind.title(), text(address));
        LocalServer server = LocalServer.open(address, settings.socketFile());
        StreamListener listener = new StreamListener(kind, server, settings, requests);
        listener.acceptor = Thread.ofVirtual().name("cepa-accept").start(listener::acceptAll);
        events.emit(new TorEvent.ListenerOpened(kind.title(), text(listener.address)));
        return listener;
    }

    /** An address as it stands in logs. */
    static String text(SocketAddress address) {
        return address instanceof InetSocketAddress inet
                ? HostText.format(inet.getAddress().getAddress(), inet.getPort())
                : address.toString();
    }

    @Override
    public ListenerKind kind() {
        return kind;
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public void reconfigure(PortSettings changed) {
        settings = changed;
    }

    @Override
    public int connectionCount() {
        return open.get();
    }

    private void acceptAll() {
        while (!server.isClosed()) {
            LocalSocket socket;
            try {
                socket = server.accept();
            } catch (IOException e) {
                if (!server.isClosed()) {
                    warnNowAndThen("Could not accept a connection to the " + kind.title() + " port: " + e.getMessage());
                    pause();
                }
                continue;
            }
            admit(socket);
        }
    }

    private void admit(LocalSocket socket) {
        PortSettings now = settings;
        InetAddress client = socket.client();
        if (client != null && !now.clients().test(client)) {
            warnNowAndThen("Refusing connections to the " + kind.title()
                    + " port: SocksPolicy does not let programs in from where one came from.");
            closeQuietly(socket);
        } else if (open.incrementAndGet() > now.maxConnections()) {
            open.decrementAndGet();
            warnNowAndThen("Refusing connections to the " + kind.title() + " port: " + now.maxConnections()
                    + " are open already. More open files (ulimit -n) and a larger heap allow more.");
            closeQuietly(socket);
        } else if (handshakes.incrementAndGet() > now.maxHandshakes()) {
            handshakes.decrementAndGet();
            open.decrementAndGet();
            warnNowAndThen("Refusing connections to the " + kind.title() + " port: " + now.maxHandshakes()
                    + " have been opened that do not make a request.");
            closeQuietly(socket);
        } else {
            constrain(socket, now.socketBuffer());
            serve(connection(socket, now));
        }
    }

    private static void constrain(LocalSocket socket, int bytes) {
        if (bytes > 0) {
            try {
                socket.setBuffers(bytes);
            } catch (IOException e) {
                LOG.debug("A connection keeps the system's buffers: {}", e.getMessage());
            }
        }
    }

    private ProgramConnection connection(LocalSocket socket, PortSettings now) {
        return switch (kind) {
            case SOCKS -> new SocksConnection(socket, now, requests, buffers);
            case HTTP_TUNNEL -> HttpTunnelConnection.of(socket, now, requests, buffers);
            case TRANSPARENT -> TransparentConnection.of(socket, now, requests, buffers);
            case DNS -> DnsConnection.of(socket, now, requests, buffers);
        };
    }

    private void serve(ProgramConnection connection) {
        connections.add(connection);
        if (closed) {
            connection.close();
        }
        Thread.ofVirtual().name("cepa-program").start(() -> {
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

    @Override
    public void close() {
        closed = true;
        stopListening();
        for (ProgramConnection connection : connections) {
            connection.close();
        }
    }

    @Override
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
