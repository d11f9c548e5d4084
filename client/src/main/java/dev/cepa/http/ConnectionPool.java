package dev.cepa.http;

import dev.cepa.error.Deadline;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** Connections kept for the next request: at most 32 idle ones, each for at most 30 s. One lock, never held across I/O. */
final class ConnectionPool {
    private static final int MAX_IDLE = 32;
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** Requests may share a connection only with others of the same key. */
    record Key(boolean tls, String host, int port) {}

    private final Connector connector;
    private final Supplier<SSLContext> sslContext;
    private final @Nullable SSLParameters sslParameters;
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<HttpConnection> idle = new ArrayDeque<>(); // oldest first
    private final List<HttpConnection> busy = new ArrayList<>();
    private boolean closed;

    ConnectionPool(Connector connector, Supplier<SSLContext> sslContext, @Nullable SSLParameters sslParameters) {
        this.connector = connector;
        this.sslContext = sslContext;
        this.sslParameters = sslParameters;
    }

    HttpConnection acquire(Key key, Deadline deadline, boolean fresh) throws IOException {
        HttpConnection kept = fresh ? null : take(key);
        if (kept != null) {
            return kept;
        }
        Socket socket = connector.open(key.host, key.port, deadline);
        HttpConnection connection;
        try {
            socket.setSoTimeout(Math.max(1, deadline.millisLeft()));
            connection = key.tls ? secure(key, socket) : new HttpConnection(key, socket);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
        lock.lock();
        try {
            if (!closed) {
                busy.add(connection);
                return connection;
            }
        } finally {
            lock.unlock();
        }
        connection.close();
        throw new IOException("the HTTP client is closed");
    }

    private HttpConnection secure(Key key, Socket socket) throws IOException {
        SSLSocket tls = (SSLSocket) sslContext.get().getSocketFactory().createSocket(socket, key.host, key.port, true);
        if (sslParameters != null) {
            tls.setSSLParameters(sslParameters);
        }
        SSLParameters parameters = tls.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        parameters.setApplicationProtocols(new String[] {"http/1.1"});
        tls.setSSLParameters(parameters);
        tls.startHandshake();
        return new HttpConnection(key, tls);
    }

    private @Nullable HttpConnection take(Key key) {
        List<HttpConnection> stale = new ArrayList<>();
        HttpConnection found = null;
        lock.lock();
        try {
            long now = System.nanoTime();
            for (Iterator<HttpConnection> i = idle.descendingIterator(); i.hasNext() && found == null; ) {
                HttpConnection connection = i.next();
                if (now - connection.idleSince() > IDLE_NANOS) {
                    i.remove();
                    stale.add(connection);
                } else if (connection.key().equals(key)) {
                    i.remove();
                    found = connection;
                    busy.add(connection);
                }
            }
        } finally {
            lock.unlock();
        }
        stale.forEach(HttpConnection::close);
        return found;
    }

    /** Takes a connection back when its response has ended; {@code keep} says whether another may follow on it. */
    void release(HttpConnection connection, boolean keep) {
        HttpConnection evicted = null;
        lock.lock();
        try {
            busy.remove(connection);
            keep &= !closed;
            if (keep) {
                connection.becameIdle();
                idle.addLast(connection);
                evicted = idle.size() > MAX_IDLE ? idle.removeFirst() : null;
            }
        } finally {
            lock.unlock();
        }
        if (!keep) {
            connection.close();
        }
        if (evicted != null) {
            evicted.close();
        }
    }

    /** Closes idle connections and takes no new requests. */
    void close() {
        close(false);
    }

    /** Closes all connections. */
    void closeAll() {
        close(true);
    }

    private void close(boolean all) {
        List<HttpConnection> closing;
        lock.lock();
        try {
            closed = true;
            closing = new ArrayList<>(idle);
            idle.clear();
            if (all) {
                closing.addAll(busy);
            }
        } finally {
            lock.unlock();
        }
        closing.forEach(HttpConnection::close);
    }
}
