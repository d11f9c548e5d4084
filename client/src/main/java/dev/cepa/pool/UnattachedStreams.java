package dev.cepa.pool;

import dev.cepa.circuit.Tunnel;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.StreamFacts;
import dev.cepa.event.StreamOrigin;
import dev.cepa.event.TorEvent.StreamStatus;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TorEvents;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Programs' streams that wait until a controller says which circuit they go on ({@code __LeaveStreamsUnattached}). Thread-safe:
 * one lock, held for moments.
 */
public final class UnattachedStreams {
    /** So many wait at most; more are refused. */
    private static final int MOST = 4096;

    private final TorEvents events;
    private final LongSupplier circuitIds;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Guarded by lock. */
    private final Map<Long, Waiting> waiting = new LinkedHashMap<>();

    private volatile boolean on;

    /** One that waits, as events have it. Guarded by the lock, but for what never changes. */
    private static final class Waiting implements StreamFacts {
        final long id;
        final StreamOrigin program;
        StreamRequest request;
        boolean decided;
        boolean closed;
        @Nullable Tunnel circuit;

        Waiting(long id, StreamOrigin program, StreamRequest request) {
            this.id = id;
            this.program = program;
            this.request = request;
        }

        @Override
        public StreamOrigin origin() {
            return program;
        }

        @Override
        public long bytesReceived() {
            return 0;
        }

        @Override
        public long bytesWritten() {
            return 0;
        }
    }

    /** A program whose stream events have told of under a number that it keeps. */
    private record Announced(StreamOrigin program, long streamId) implements StreamOrigin {
        @Override
        public String protocol() {
            return program.protocol();
        }

        @Override
        public String source() {
            return program.source();
        }

        @Override
        public String user() {
            return program.user();
        }

        @Override
        public String password() {
            return program.password();
        }
    }

    /**
     * What a controller has said.
     *
     * @param request which may be to another host now
     * @param circuit null for any that will do
     */
    record Decision(StreamRequest request, @Nullable Tunnel circuit) {}

    /** @param circuitIds gives numbers that are unique within the client */
    public UnattachedStreams(TorEvents events, LongSupplier circuitIds) {
        this.events = events;
        this.circuitIds = circuitIds;
    }

    /** Whether streams wait from now on; those that do go on by themselves when they need not any more. */
    public void setOn(boolean wait) {
        lock.lock();
        try {
            on = wait;
            if (!wait) {
                waiting.values().forEach(stream -> stream.decided = true);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether that stream has to wait. */
    boolean isFor(StreamRequest request) {
        return on && request.origin() != null;
    }

    /**
     * Waits for a controller's word.
     *
     * @throws TorException of kind TIMEOUT if none comes by then, CLOSED if it closes the stream, RESOURCE_LIMIT
     */
    Decision await(StreamRequest request, Deadline deadline) throws TorException {
        StreamOrigin program = request.origin();
        if (program == null) {
            return new Decision(request, null);
        }
        // A number that no circuit has, so that no stream of one has it either.
        Waiting stream = new Waiting(circuitIds.getAsLong() << 16, program, request);
        lock.lock();
        try {
            if (waiting.size() >= MOST) {
                throw new TorException(ErrorKind.RESOURCE_LIMIT, MOST + " streams wait for a controller already");
            }
            stream.decided = !on; // it may have been turned off meanwhile
            waiting.put(stream.id, stream);
        } finally {
            lock.unlock();
        }
        try {
            tell(stream, StreamStatus.Status.NEW, null);
            return decided(stream, deadline);
        } catch (TorException e) {
            tell(stream, StreamStatus.Status.FAILED, e);
            throw e;
        }
    }

    private Decision decided(Waiting stream, Deadline deadline) throws TorException {
        lock.lock();
        try {
            while (!stream.decided && !stream.closed) {
                deadline.await(changed, "a controller to attach a stream");
            }
            if (stream.closed) {
                throw new TorException(ErrorKind.CLOSED, "a controller has closed the stream");
            }
            return new Decision(stream.request.from(new Announced(stream.program, stream.id)), stream.circuit);
        } finally {
            waiting.remove(stream.id);
            lock.unlock();
        }
    }

    private void tell(Waiting stream, StreamStatus.Status status, @Nullable TorException reason) {
        events.emit(new StreamStatus(stream.id, status, 0, target(stream.request), reason, stream));
    }

    private static String target(StreamRequest request) {
        return request.host() + ":" + request.port();
    }

    /** Whether a stream of that number waits. */
    public boolean has(long streamId) {
        lock.lock();
        try {
            return waiting.containsKey(streamId);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Has one go on.
     *
     * @param circuit the one for it; null for any that will do
     * @return whether it waited
     */
    public boolean attach(long streamId, @Nullable Tunnel circuit) {
        return decide(streamId, stream -> {
            stream.circuit = circuit;
            stream.decided = true;
        });
    }

    /** Has one go elsewhere, once it is attached; returns whether it waits. */
    public boolean redirect(long streamId, String host, int port) {
        return decide(streamId, stream -> stream.request = stream.request.to(host, port == 0 ? stream.request.port() : port));
    }

    /** Ends one; returns whether it waited. */
    public boolean close(long streamId) {
        return decide(streamId, stream -> stream.closed = true);
    }

    private interface Change {
        void of(Waiting stream);
    }

    private boolean decide(long streamId, Change change) {
        lock.lock();
        try {
            Waiting stream = waiting.get(streamId);
            if (stream == null || stream.decided || stream.closed) {
                return false;
            }
            change.of(stream);
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Tells of those that wait. */
    public void describe(TorEventListener listener) {
        List<Waiting> all;
        lock.lock();
        try {
            all = List.copyOf(waiting.values());
        } finally {
            lock.unlock();
        }
        for (Waiting stream : all) {
            listener.onEvent(new StreamStatus(stream.id, StreamStatus.Status.NEW, 0, target(stream.request), null, stream));
        }
    }
}
