package dev.cepa;

import dev.cepa.cell.EndReason;
import dev.cepa.circuit.TorStream;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.onion.OnionService;
import dev.cepa.onion.ServiceSettings;
import java.io.Closeable;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An onion service of this client: reachable from everywhere, at an address that is its key, and nobody learns where it
 * is. What happens to it is told as {@link dev.cepa.event.TorEvent.OnionDescriptor} and as circuits whose purpose begins
 * with {@code HS_SERVICE}. Thread-safe.
 */
public final class HostedOnionService implements Closeable {
    /** Streams that wait to be accepted; those on top are refused. */
    private static final int BACKLOG = 128;

    private final String address;
    private final BlockingQueue<Waiting> waiting = new ArrayBlockingQueue<>(BACKLOG);
    private final Runnable onClose;
    private volatile boolean closed;
    private OnionService service;

    private record Waiting(TorStream stream, int port) {}

    @SuppressWarnings("NullAway.Init") // set by run, before anybody has this
    HostedOnionService(String address, Runnable onClose) {
        this.address = address;
        this.onClose = onClose;
    }

    void run(OnionService running) {
        service = running;
        running.start();
    }

    void setSettings(ServiceSettings settings) throws TorException {
        service.setSettings(settings);
    }

    /** A stream for {@link #accept}. */
    void offer(TorStream stream, int port) {
        if (closed || !waiting.offer(new Waiting(stream, port))) {
            stream.refuse(EndReason.RESOURCELIMIT);
        }
    }

    /** {@return its address: 56 characters and {@code .onion}} */
    public String address() {
        return address;
    }

    /** {@return whether clients can find it now} */
    public boolean isPublished() {
        return service.isPublished();
    }

    /**
     * Waits until clients can find it: some seconds, once the client is ready.
     *
     * @param timeout how long to wait at most
     * @throws TorException of kind TIMEOUT, or CLOSED if it was closed or the thread interrupted
     */
    public void awaitPublished(Duration timeout) throws TorException {
        service.awaitPublished(Deadline.in(timeout));
    }

    /** {@return how many of its introduction points are established} */
    public int introductionPoints() {
        return service.introPointCount();
    }

    /** {@return how many clients have a circuit to it} */
    public int clients() {
        return service.clientCount();
    }

    /**
     * Takes the next stream to a port that was given no target, and waits for one.
     *
     * @return the stream, whose {@link TorSocket#getPort} is the service's port
     * @throws TorException of kind CLOSED if the service was closed, or the thread interrupted
     */
    public TorSocket accept() throws TorException {
        try {
            while (true) {
                if (closed) {
                    throw new TorException(ErrorKind.CLOSED, "the onion service is closed");
                }
                Waiting next = waiting.poll(500, TimeUnit.MILLISECONDS);
                if (next != null) {
                    TorSocket socket = accepted(next);
                    if (socket != null) {
                        return socket;
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TorException(ErrorKind.CLOSED, "interrupted while waiting for a client", e);
        }
    }

    private @Nullable TorSocket accepted(Waiting next) {
        try {
            next.stream.accept();
            return TorSocket.connected(next.stream, address, next.port);
        } catch (TorException e) {
            // Gone already.
            next.stream.close();
            return null;
        }
    }

    /** Ends the service with all its streams. May be called twice. */
    @Override
    public void close() {
        closed = true;
        onClose.run();
        service.close();
        for (Waiting left = waiting.poll(); left != null; left = waiting.poll()) {
            left.stream.close();
        }
    }
}
