package dev.cepa.circuit;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.ConfluxMessage;
import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.OnionMessage;
import dev.cepa.cell.RelayMessage;
import dev.cepa.channel.CircuitHandler;
import dev.cepa.crypto.RelayCellFormat;
import dev.cepa.error.CircuitException;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TrafficListener;
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
    private final CircuitUse use;
    /** Written by the reader alone; others may see them a moment late. */
    private long cells;

    private long payload;

    CircuitReceiver(Circuit circuit, Hops hops, CircuitUse use) {
        this.circuit = circuit;
        this.hops = hops;
        this.use = use;
    }

    @Override
    public void describe(TorEventListener listener) {
        circuit.describe(listener);
    }

    @Override
    public void showTraffic(TrafficListener listener) {
        circuit.showTraffic(listener);
    }

    Circuit circuit() {
        return circuit;
    }

    /** How many relay cells have come. */
    long cells() {
        return cells;
    }

    /** How many bytes of messages were in them. */
    long payload() {
        return payload;
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

    @Override
    public void onBatchEnd() {
        use.batchEnded();
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
        cells++;
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
        payload += length;
        int at = offset + format.dataHeader();
        if (command == RelayMessage.DATA) {
            countData(hop);
        }
        if (RelayCells.isOfStream(command)) {
            use.received(hop, command, streamId, buf, at, length);
        } else {
            onMessage(hop, command, streamId, new ByteReader(buf, at, length));
        }
    }

    private void countData(Hop hop) throws TorException {
        if (hop.flow().dataReceived()) {
            byte[] tag = new byte[hop.crypto().tagLength()];
            hop.crypto().receivedTag(tag);
            hop.flow().sendmeSent();
            circuit.sender().send(hop, Cell.RELAY, new RelayMessage.Sendme(tag));
        }
    }

    private void onMessage(Hop hop, int command, int streamId, ByteReader body) throws TorException {
        switch (command) {
            case RelayMessage.SENDME -> onSendme(hop, streamId, (RelayMessage.Sendme) RelayMessage.read(command, body));
            case RelayMessage.EXTENDED2 -> {
                expectNoStream("EXTENDED2", streamId);
                RelayMessage.Extended2 extended = (RelayMessage.Extended2) RelayMessage.read(command, body);
                circuit.takePending(command, hop).complete(extended.handshake());
            }
            case OnionMessage.RENDEZVOUS_ESTABLISHED,
                    OnionMessage.INTRO_ESTABLISHED,
                    OnionMessage.INTRODUCE_ACK,
                    OnionMessage.RENDEZVOUS2 -> {
                expectNoStream("relay command " + command, streamId);
                circuit.takePending(command, hop).complete(body.rest());
            }
            case OnionMessage.INTRODUCE2 -> {
                expectNoStream("INTRODUCE2", streamId);
                circuit.introductionReceived(hop, (OnionMessage.Introduce2) RelayMessage.read(command, body));
            }
            case ConfluxMessage.LINK, ConfluxMessage.LINKED, ConfluxMessage.LINKED_ACK, ConfluxMessage.SWITCH -> {
                expectNoStream("relay command " + command, streamId);
                use.confluxReceived(hop, ConfluxMessage.read(command, body));
            }
            case RelayMessage.TRUNCATED -> {
                RelayMessage.Truncated truncated = (RelayMessage.Truncated) RelayMessage.read(command, body);
                throw destroyed(hop.name() + " truncated the circuit", truncated.reason());
            }
            case RelayMessage.DROP -> {
                // Padding from far.
            }
            case RelayMessage.BEGIN_DIR,
                    RelayMessage.EXTEND2,
                    OnionMessage.ESTABLISH_INTRO,
                    OnionMessage.ESTABLISH_RENDEZVOUS,
                    OnionMessage.INTRODUCE1,
                    OnionMessage.RENDEZVOUS1,
                    RelayMessage.TRUNCATE ->
                    throw new ProtocolException("relay command " + command + " towards a client");
            default -> LOG.debug("{} sent a message with unknown relay command {}", hop.name(), command);
        }
    }

    private void onSendme(Hop hop, int streamId, RelayMessage.Sendme sendme) throws ProtocolException {
        if (streamId == 0) {
            circuit.sender().sendmeReceived(hop, sendme.tag());
        } else {
            use.sendmeReceived(hop, streamId);
        }
    }

    private static TorException destroyed(String what, int code) {
        DestroyReason reason = DestroyReason.of(code);
        return new CircuitException(reason.kind(), code, what + ": " + reason);
    }

    private static void expectNoStream(String what, int streamId) throws ProtocolException {
        if (streamId != 0) {
            throw new ProtocolException(what + " with a stream id");
        }
    }
}
