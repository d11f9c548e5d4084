package dev.cepa.circuit;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.EndReason;
import dev.cepa.cell.RelayMessage;
import dev.cepa.channel.CircuitHandler;
import dev.cepa.crypto.RelayCellFormat;
import dev.cepa.error.CircuitException;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent.StreamStatus.Status;
import dev.cepa.event.TorEventListener;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The inbound half of a circuit: removes the layers, finds the hop that a cell is from and gives its message to whom it is
 * for. Whatever is malformed, out of place or too much closes the circuit.
 *
 * <p>Runs on the channel's reader alone, which is therefore the owner of the inbound ciphers and the receiving half of
 * flow control. It never blocks and makes no object for a DATA cell.
 */
final class CircuitReceiver implements CircuitHandler {
    private static final Logger LOG = LoggerFactory.getLogger(CircuitReceiver.class);

    private final Circuit circuit;
    private final Hops hops;
    private final StreamTable streams;
    /** Has got data that its consumer has not been told of. */
    private @Nullable TorStream filled;

    CircuitReceiver(Circuit circuit, Hops hops, StreamTable streams) {
        this.circuit = circuit;
        this.hops = hops;
        this.streams = streams;
    }

    @Override
    public void describe(TorEventListener listener) {
        circuit.describe(listener);
    }

    @Override
    public void onCell(int command, byte[] buf, int offset) {
        if (!circuit.isOpen()) {
            return;
        }
        try {
            switch (command) {
                case Cell.RELAY -> onRelay(buf, offset);
                case Cell.CREATED2, Cell.CREATED_FAST -> onCreated(command, buf, offset);
                case Cell.DESTROY ->
                        circuit.fail(destroyed("a relay destroyed the circuit", buf[offset] & 0xff), false);
                default -> throw new ProtocolException(Cell.name(command) + " cell towards a client");
            }
        } catch (TorException e) {
            circuit.fail(e, true);
        } catch (RuntimeException e) {
            circuit.fail(new TorException(ErrorKind.INTERNAL, "could not handle a cell: " + e, e), true);
        }
    }

    /** A consumer is woken once for all the cells that came together: waking it costs more than decrypting a cell. */
    @Override
    public void onBatchEnd() {
        TorStream stream = filled;
        if (stream != null) {
            filled = null;
            stream.inbox.wakeConsumer();
        }
    }

    @Override
    public void onChannelClosed(TorException cause) {
        circuit.fail(new TorException(cause.kind(), "the channel closed: " + cause.getMessage(), cause), false);
    }

    private void onCreated(int command, byte[] buf, int offset) throws ProtocolException {
        ChannelMessage message = ChannelMessage.read(command, new ByteReader(buf, offset, Cell.BODY));
        byte[] handshake;
        if (message instanceof ChannelMessage.Created2(byte[] data)) {
            handshake = data;
        } else if (message instanceof ChannelMessage.CreatedFast(byte[] y, byte[] key)) {
            handshake = java.util.Arrays.copyOf(y, y.length + key.length);
            System.arraycopy(key, 0, handshake, y.length, key.length);
        } else {
            throw new ProtocolException("unexpected " + Cell.name(command));
        }
        circuit.takePending(command, null).complete(handshake);
    }

    private void onRelay(byte[] buf, int offset) throws TorException {
        Hop[] all = hops.all();
        for (Hop hop : all) {
            if (hop.crypto().decrypt(Cell.RELAY, buf, offset, hop.index() == all.length - 1)) {
                onRecognised(hop, buf, offset);
                return;
            }
        }
        throw new ProtocolException("relay cell from no hop of the circuit");
    }

    private void onRecognised(Hop hop, byte[] buf, int offset) throws TorException {
        RelayCellFormat format = hop.crypto().format();
        int command = RelayCells.command(format, buf, offset);
        int streamId = RelayCells.streamId(format, buf, offset);
        int length = RelayCells.length(format, buf, offset);
        if (length > format.maxData()) {
            throw new ProtocolException("relay message of " + length + " bytes claimed in one cell");
        }
        int at = offset + format.dataHeader();
        if (command == RelayMessage.DATA) {
            onData(hop, streamId, buf, at, length);
        } else {
            onMessage(hop, command, streamId, new ByteReader(buf, at, length));
        }
    }

    private void onData(Hop hop, int streamId, byte[] buf, int at, int length) throws TorException {
        if (hop.flow().dataReceived()) {
            byte[] tag = new byte[hop.crypto().tagLength()];
            hop.crypto().receivedTag(tag);
            hop.flow().sendmeSent();
            circuit.sender().send(hop, Cell.RELAY, 0, new RelayMessage.Sendme(tag));
        }
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof TorStream stream && stream.hop == hop) {
            if (stream != filled) {
                onBatchEnd();
                filled = stream;
            }
            if (stream.inbox.deliver(buf, at, length)) {
                circuit.sender().send(hop, Cell.RELAY, streamId, new RelayMessage.Xoff());
                if (stream.inbox.stopSent()) {
                    circuit.sendGo(stream);
                }
            }
        } else if (entry instanceof HalfStream half) {
            half.dataReceived();
        } else {
            throw unknown("DATA", streamId);
        }
    }

    private void onMessage(Hop hop, int command, int streamId, ByteReader body) throws TorException {
        switch (command) {
            case RelayMessage.SENDME -> onSendme(hop, streamId, (RelayMessage.Sendme) RelayMessage.read(command, body));
            case RelayMessage.CONNECTED ->
                    onConnected(hop, streamId, (RelayMessage.Connected) RelayMessage.read(command, body));
            case RelayMessage.END -> onEnd(hop, streamId, (RelayMessage.End) RelayMessage.read(command, body));
            case RelayMessage.RESOLVED ->
                    onResolved(hop, streamId, (RelayMessage.Resolved) RelayMessage.read(command, body));
            case RelayMessage.EXTENDED2 -> {
                expectNoStream("EXTENDED2", streamId);
                RelayMessage.Extended2 extended = (RelayMessage.Extended2) RelayMessage.read(command, body);
                circuit.takePending(command, hop).complete(extended.handshake());
            }
            case RelayMessage.RENDEZVOUS_ESTABLISHED,
                    RelayMessage.INTRO_ESTABLISHED,
                    RelayMessage.INTRODUCE_ACK,
                    RelayMessage.RENDEZVOUS2 -> {
                expectNoStream("relay command " + command, streamId);
                circuit.takePending(command, hop).complete(body.rest());
            }
            case RelayMessage.INTRODUCE2 -> {
                expectNoStream("INTRODUCE2", streamId);
                circuit.introductionReceived(hop, (RelayMessage.Introduce2) RelayMessage.read(command, body));
            }
            case RelayMessage.XOFF, RelayMessage.XON -> onPace(hop, streamId, RelayMessage.read(command, body));
            case RelayMessage.BEGIN -> onBegin(hop, streamId, body);
            case RelayMessage.TRUNCATED -> {
                RelayMessage.Truncated truncated = (RelayMessage.Truncated) RelayMessage.read(command, body);
                throw destroyed(hop.name() + " truncated the circuit", truncated.reason());
            }
            case RelayMessage.DROP -> {
                // Padding from far.
            }
            case RelayMessage.BEGIN_DIR,
                    RelayMessage.RESOLVE,
                    RelayMessage.EXTEND2,
                    RelayMessage.ESTABLISH_INTRO,
                    RelayMessage.ESTABLISH_RENDEZVOUS,
                    RelayMessage.INTRODUCE1,
                    RelayMessage.RENDEZVOUS1,
                    RelayMessage.TRUNCATE ->
                    throw new ProtocolException("relay command " + command + " towards a client");
            default -> LOG.debug("{} sent a message with unknown relay command {}", hop.name(), command);
        }
    }

    /** An onion service's client opens a stream. */
    private void onBegin(Hop hop, int streamId, ByteReader body) throws TorException {
        StreamAcceptor acceptor = circuit.acceptor(hop);
        if (acceptor == null) {
            throw new ProtocolException("relay command " + RelayMessage.BEGIN + " towards a client");
        }
        RelayMessage.Begin begin = (RelayMessage.Begin) RelayMessage.read(RelayMessage.BEGIN, body);
        TorStream stream = circuit.incoming(hop);
        if (streams.enter(streamId, stream)) {
            acceptor.begin(stream, begin.port());
        } else {
            circuit.sender().send(hop, Cell.RELAY, streamId, new RelayMessage.End(EndReason.RESOURCELIMIT.code()));
        }
    }

    private void onSendme(Hop hop, int streamId, RelayMessage.Sendme sendme) throws ProtocolException {
        if (streamId == 0) {
            circuit.sender().sendmeReceived(hop, sendme.tag());
            return;
        }
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof TorStream stream && stream.hop == hop) {
            circuit.sender().sendmeReceived(stream);
        } else if (entry instanceof HalfStream half) {
            half.sendmeReceived();
        } else {
            throw unknown("SENDME", streamId);
        }
    }

    private void onPace(Hop hop, int streamId, RelayMessage message) throws ProtocolException {
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof TorStream stream && stream.hop == hop) {
            circuit.sender().paceReceived(stream, message);
        } else if (!(entry instanceof HalfStream) || hop.flow().congestion() == null) {
            throw unknown("relay command " + message.command(), streamId);
        }
    }

    private void onConnected(Hop hop, int streamId, RelayMessage.Connected message) throws ProtocolException {
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof TorStream stream && stream.hop == hop) {
            InetAddress address = message.address();
            if (address != null && address.isAnyLocalAddress()) {
                throw new ProtocolException("CONNECTED to an address of zeros");
            }
            if (stream.inbox.isConnected()) {
                throw new ProtocolException("CONNECTED on a stream that is connected");
            }
            // First the event: whoever waits for the stream may look at once for what was said of it.
            circuit.emit(stream, Status.SUCCEEDED, null);
            stream.inbox.connected(address);
        } else if (entry instanceof HalfStream half) {
            half.connectedReceived();
        } else {
            throw unknown("CONNECTED", streamId);
        }
    }

    private void onEnd(Hop hop, int streamId, RelayMessage.End end) throws ProtocolException {
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof TorStream stream && stream.hop == hop) {
            streams.remove(streamId);
            TorException reason = ended(hop, end.reason());
            // A client gives no reasons.
            boolean regular = end.reason() == EndReason.DONE.code() && stream.inbox.isConnected()
                    || stream.incoming && end.reason() == EndReason.MISC.code();
            stream.ended(regular ? null : reason, reason);
        } else if (entry instanceof ResolveStream question && question.hop == hop) {
            streams.remove(streamId);
            question.answers.fail(ended(hop, end.reason()));
        } else if (entry instanceof HalfStream) {
            streams.remove(streamId);
        } else {
            throw unknown("END", streamId);
        }
        circuit.streamGone();
    }

    private void onResolved(Hop hop, int streamId, RelayMessage.Resolved resolved) throws ProtocolException {
        StreamEntry entry = streams.find(streamId);
        if (entry instanceof ResolveStream question && question.hop == hop) {
            question.answers.complete(resolved.answers());
        } else if (entry instanceof HalfStream half) {
            half.resolvedReceived();
        } else {
            throw unknown("RESOLVED", streamId);
        }
        streams.remove(streamId);
        circuit.streamGone();
    }

    private static TorException destroyed(String what, int code) {
        DestroyReason reason = DestroyReason.of(code);
        return new CircuitException(reason.kind(), code, what + ": " + reason);
    }

    private static TorException ended(Hop hop, int code) {
        EndReason reason = EndReason.of(code);
        return new StreamException(reason.kind(), code, hop.name() + " ended the stream: " + reason);
    }

    private static void expectNoStream(String what, int streamId) throws ProtocolException {
        if (streamId != 0) {
            throw new ProtocolException(what + " with a stream id");
        }
    }

    private static ProtocolException unknown(String what, int streamId) {
        return new ProtocolException(streamId == 0 ? what + " without a stream id" : what + " on a stream that is not open");
    }
}
