package dev.cepa.circuit;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.EndReason;
import dev.cepa.cell.RelayMessage;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent.StreamStatus.Status;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Gives what has come for streams, in order, to the stream that it is for. Whatever is malformed, out of place or too much
 * is an error, which ends the circuit or set.
 *
 * <p>One for each circuit, a leg too, and its reader's alone; the readers of a set's legs take turns, by the set's lock. It
 * never blocks and makes no object for DATA.
 */
final class StreamReceiver {
    private final Streams streams;
    private final BeginHandler beginHandler;
    /** Has got data that its consumer has not been told of. */
    private @Nullable TorStream filled;

    /** Told of streams that the far end opens. */
    @FunctionalInterface
    interface BeginHandler {
        void begun(Outlet from, int streamId, ByteReader body) throws TorException;
    }

    StreamReceiver(Streams streams, BeginHandler beginHandler) {
        this.streams = streams;
        this.beginHandler = beginHandler;
    }

    void received(Outlet from, int command, int streamId, byte[] buf, int at, int length) throws TorException {
        if (command == RelayMessage.DATA) {
            onData(from, streamId, buf, at, length);
            return;
        }
        ByteReader body = new ByteReader(buf, at, length);
        switch (command) {
            case RelayMessage.CONNECTED ->
                    onConnected(from, streamId, (RelayMessage.Connected) RelayMessage.read(command, body));
            case RelayMessage.END -> onEnd(from, streamId, (RelayMessage.End) RelayMessage.read(command, body));
            case RelayMessage.RESOLVED ->
                    onResolved(from, streamId, (RelayMessage.Resolved) RelayMessage.read(command, body));
            case RelayMessage.XOFF, RelayMessage.XON -> onPace(from, streamId, RelayMessage.read(command, body));
            case RelayMessage.BEGIN -> beginHandler.begun(from, streamId, body);
            default -> throw new ProtocolException("relay command " + command + " towards a client");
        }
    }

    /** A consumer is woken once for all the cells that came together: waking it costs more than decrypting a cell. */
    void batchEnded() {
        TorStream stream = filled;
        if (stream != null) {
            filled = null;
            stream.inbox.wakeConsumer();
        }
    }

    private void onData(Outlet from, int streamId, byte[] buf, int at, int length) throws TorException {
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof TorStream stream && stream.outlet == from) {
            if (stream != filled) {
                batchEnded();
                filled = stream;
            }
            stream.countReceived(length);
            if (stream.inbox.deliver(buf, at, length)) {
                streams.sender().send(from, streamId, new RelayMessage.Xoff());
                if (stream.inbox.stopSent()) {
                    streams.sendGo(stream);
                }
            }
        } else if (entry instanceof HalfStream half) {
            half.dataReceived();
        } else {
            throw unknown("DATA", streamId);
        }
    }

    void sendmeReceived(Outlet from, int streamId) throws ProtocolException {
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof TorStream stream && stream.outlet == from) {
            streams.sender().sendmeReceived(stream);
        } else if (entry instanceof HalfStream half) {
            half.sendmeReceived();
        } else {
            throw unknown("SENDME", streamId);
        }
    }

    private void onPace(Outlet from, int streamId, RelayMessage message) throws ProtocolException {
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof TorStream stream && stream.outlet == from) {
            streams.sender().paceReceived(stream, message);
        } else if (!(entry instanceof HalfStream) || from.congestion() == null) {
            throw unknown("relay command " + message.command(), streamId);
        }
    }

    private void onConnected(Outlet from, int streamId, RelayMessage.Connected message) throws ProtocolException {
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof TorStream stream && stream.outlet == from) {
            InetAddress address = message.address();
            if (address != null && address.isAnyLocalAddress()) {
                throw new ProtocolException("CONNECTED to an address of zeros");
            }
            if (stream.inbox.isConnected()) {
                throw new ProtocolException("CONNECTED on a stream that is connected");
            }
            // First the event: whoever waits for the stream may look at once for what was said of it.
            streams.emit(stream, Status.SUCCEEDED, null);
            stream.inbox.connected(address);
        } else if (entry instanceof HalfStream half) {
            half.connectedReceived();
        } else {
            throw unknown("CONNECTED", streamId);
        }
    }

    private void onEnd(Outlet from, int streamId, RelayMessage.End end) throws ProtocolException {
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof TorStream stream && stream.outlet == from) {
            streams.remove(streamId);
            TorException reason = ended(from, end.reason());
            // A client gives no reasons.
            boolean regular = end.reason() == EndReason.DONE.code() && stream.inbox.isConnected()
                    || stream.incoming && end.reason() == EndReason.MISC.code();
            stream.ended(regular ? null : reason, reason);
        } else if (entry instanceof ResolveStream question && question.outlet == from) {
            streams.remove(streamId);
            question.answers.fail(ended(from, end.reason()));
        } else if (entry instanceof HalfStream) {
            streams.remove(streamId);
        } else {
            throw unknown("END", streamId);
        }
        streams.streamGone();
    }

    private void onResolved(Outlet from, int streamId, RelayMessage.Resolved resolved) throws ProtocolException {
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof ResolveStream question && question.outlet == from) {
            question.answers.complete(resolved.answers());
        } else if (entry instanceof HalfStream half) {
            half.resolvedReceived();
        } else {
            throw unknown("RESOLVED", streamId);
        }
        streams.remove(streamId);
        streams.streamGone();
    }

    private static TorException ended(Outlet from, int code) {
        EndReason reason = EndReason.of(code);
        return new StreamException(reason.kind(), code, from.name() + " ended the stream: " + reason);
    }

    private static ProtocolException unknown(String what, int streamId) {
        return new ProtocolException(streamId == 0 ? what + " without a stream id" : what + " on a stream that is not open");
    }
}
