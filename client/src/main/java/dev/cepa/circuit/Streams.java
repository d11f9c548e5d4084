package dev.cepa.circuit;

import dev.cepa.cell.EndReason;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.channel.QueueMemory;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.StreamOrigin;
import dev.cepa.event.TorEvent.StreamStatus;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TorEvents;
import dev.cepa.event.TrafficListener;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The streams of one circuit, or of one set of circuits: opened, found by their ids, and ended with it. Thread-safe. */
final class Streams {
    private final LongSupplier id;
    private final TorEvents events;
    private final StreamTable table;
    private final StreamSender sender;
    /** Ends the circuit or set. */
    private final Consumer<TorException> fail;

    private volatile long lastUsedNanos = System.nanoTime();

    /**
     * None so far.
     *
     * @param id of the circuit or set, in events
     * @param fail ends the circuit or set, and so these streams
     */
    Streams(LongSupplier id, StreamTable table, SendLock lock, TorEvents events, Consumer<TorException> fail) {
        this.id = id;
        this.table = table;
        this.events = events;
        this.fail = fail;
        sender = new StreamSender(lock, table);
    }

    long id() {
        return id.getAsLong();
    }

    StreamSender sender() {
        return sender;
    }

    /**
     * Opens a stream to a host, through an exit, and does not wait.
     *
     * @param origin whom it is for, for events only
     */
    TorStream begin(
            Outlet outlet, QueueMemory memory, String host, int port, int beginFlags, @Nullable StreamOrigin origin)
            throws TorException {
        checkHost(host);
        if (port < 1 || port > 65_535) {
            throw new TorException(ErrorKind.BAD_REQUEST, "there is no port " + port);
        }
        return begin(outlet, memory, new RelayMessage.Begin(host, port, beginFlags), host + ":" + port, origin);
    }

    /** @param target for events only; the origin too */
    TorStream begin(
            Outlet outlet, QueueMemory memory, RelayMessage message, String target, @Nullable StreamOrigin origin)
            throws TorException {
        TorStream stream = new TorStream(this, outlet, memory, target, origin);
        table.add(stream);
        lastUsedNanos = System.nanoTime();
        if (!stream.isAnnounced()) {
            emit(stream, StreamStatus.Status.NEW, null);
        }
        // Before it is sent: the answer may be here before this thread goes on.
        emit(stream, StreamStatus.Status.SENT_CONNECT, null);
        try {
            sender.send(outlet, stream.streamId(), message);
        } catch (TorException e) {
            table.remove(stream.streamId());
            stream.ended(e, e);
            throw e;
        }
        return stream;
    }

    /** Asks for a name's addresses, or an address's name; at least one answer. */
    List<Resolved.Answer> resolve(Outlet outlet, String name, Deadline deadline) throws TorException {
        checkHost(name);
        ResolveStream question = new ResolveStream(outlet);
        table.add(question);
        lastUsedNanos = System.nanoTime();
        List<Resolved.Answer> answers;
        try {
            sender.send(outlet, question.streamId(), new RelayMessage.Resolve(name));
            answers = question.answers.await(deadline, "the exit to resolve a name");
        } catch (TorException e) {
            sender.end(question); // does nothing if it was answered
            throw e;
        }
        if (answers.isEmpty()) {
            throw new TorException(ErrorKind.NAME_NOT_FOUND, outlet.name() + " has no answer about the name");
        }
        return answers;
    }

    /**
     * The far end opens a stream.
     *
     * @return null if there are too many; it has been told
     */
    @Nullable TorStream enter(Outlet outlet, QueueMemory memory, int streamId) throws TorException {
        lastUsedNanos = System.nanoTime();
        TorStream stream = new TorStream(this, outlet, memory);
        if (table.enter(streamId, stream)) {
            return stream;
        }
        sender.send(outlet, streamId, new RelayMessage.End(EndReason.RESOURCELIMIT.code()));
        return null;
    }

    @Nullable StreamEntry find(int streamId) {
        return table.find(streamId);
    }

    void remove(int streamId) {
        table.remove(streamId);
    }

    /** Streams open or being opened, and names being resolved. */
    int open() {
        return table.open();
    }

    /** When a stream was last opened or ended, by {@link System#nanoTime}; when these were made if there was none. */
    long lastUsedNanos() {
        return lastUsedNanos;
    }

    /** An incoming stream is connected. */
    void accepted(TorStream stream) throws TorException {
        sender.send(stream.outlet, stream.streamId(), new RelayMessage.Connected(null, 0));
    }

    /** A stream's user has closed it. */
    void streamClosed(TorStream stream, HalfStream half) {
        try {
            sender.end(stream, half);
        } catch (TorException e) {
            fail.accept(e);
        }
        emit(stream, StreamStatus.Status.CLOSED, null);
        streamGone();
    }

    /** A stream has ended. */
    void streamGone() {
        lastUsedNanos = System.nanoTime();
    }

    /** A stream's user has read so much that its window opens. */
    void sendSendmes(TorStream stream, int count) {
        try {
            for (int i = 0; i < count; i++) {
                sender.send(stream.outlet, stream.streamId(), new RelayMessage.Sendme(null));
            }
        } catch (TorException e) {
            // The circuit has ended; the next read says so, after what is left in the buffer.
        }
    }

    /** Tells a stream's far end to go on, as fast as it can. */
    void sendGo(TorStream stream) {
        try {
            sender.send(stream.outlet, stream.streamId(), new RelayMessage.Xon(0));
            stream.inbox.goSent();
        } catch (TorException e) {
            // The circuit has ended; the next read says so.
        }
    }

    /** Ends the circuit or set, and lets go of what the streams have received and nobody has read. */
    void giveUp(TorException reason) {
        List<StreamEntry> all = table.all();
        fail.accept(reason);
        for (StreamEntry entry : all) {
            if (entry instanceof TorStream stream) {
                stream.inbox.giveUp(reason);
            }
        }
    }

    /** The circuit or set has ended. */
    void close(TorException reason) {
        for (StreamEntry stream : table.close(reason)) {
            stream.circuitClosed(reason);
        }
    }

    void emit(TorStream stream, StreamStatus.Status status, @Nullable TorException reason) {
        if (events.hasListeners() && !stream.incoming) {
            events.emit(new StreamStatus(stream.id(), status, id(), stream.target, reason, stream));
        }
    }

    /** Tells how each is; that one has ended, if it has meanwhile. */
    void describe(TorEventListener listener) {
        for (StreamEntry entry : table.all()) {
            if (entry instanceof TorStream stream && !stream.incoming) {
                boolean open = stream.inbox.isConnected();
                StreamStatus.Status status = open ? StreamStatus.Status.SUCCEEDED : StreamStatus.Status.SENT_CONNECT;
                listener.onEvent(new StreamStatus(stream.id(), status, id(), stream.target, null, stream));
                if (table.find(stream.streamId()) != stream) {
                    listener.onEvent(new StreamStatus(stream.id(), StreamStatus.Status.CLOSED, id(), stream.target, null));
                }
            }
        }
    }

    /** Shows the streams that events tell of. */
    void showTraffic(TrafficListener listener) {
        for (StreamEntry entry : table.all()) {
            if (entry instanceof TorStream stream && !stream.incoming) {
                listener.stream(stream.id(), stream);
            }
        }
    }

    /** The stream of that id in events; null if there is none. */
    @Nullable TorStream findById(long streamId) {
        for (StreamEntry entry : table.all()) {
            if (entry instanceof TorStream stream && !stream.incoming && stream.id() == streamId) {
                return stream;
            }
        }
        return null;
    }

    /** What can stand in a BEGIN or RESOLVE message; it is up to the exit whether it names anything. */
    private static void checkHost(String host) throws TorException {
        boolean good = !host.isEmpty() && host.length() <= 255;
        for (int i = 0; good && i < host.length(); i++) {
            char c = host.charAt(i);
            good = c > ' ' && c < 0x7f;
        }
        if (!good) {
            throw new TorException(ErrorKind.BAD_REQUEST, "not a host name");
        }
    }
}
