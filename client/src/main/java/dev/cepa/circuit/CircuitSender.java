package dev.cepa.circuit;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage.Destroy;
import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.RelayMessage;
import dev.cepa.crypto.PaddingSource;
import dev.cepa.crypto.RelayCellFormat;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.security.SecureRandom;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The outbound half of a circuit: builds relay cells, encrypts them hop by hop in place, and hands them to the channel.
 * Everything is guarded by the {@link SendLock}.
 */
final class CircuitSender {
    /** Zero bytes between a message and its padding. */
    private static final int GAP = 4;
    /** Bytes left free in a cell whose tag the far end must repeat: the gap, and what makes the tag unforeseeable. */
    static final int UNFORESEEABLE = GAP + 16;

    private final Circuit circuit;
    private final CircuitLink link;
    private final Hops hops;
    private final PaddingSource paddingSource;
    private final SendLock lock;
    private final byte[] cell = new byte[Cell.BODY];
    private @Nullable TorException closed;
    /** Written with the lock; others may see them a moment late. */
    private long cells;

    private long payload;

    CircuitSender(Circuit circuit, CircuitLink link, Hops hops, SendLock lock, SecureRandom random) {
        this.circuit = circuit;
        this.link = link;
        this.hops = hops;
        this.lock = lock;
        paddingSource = new PaddingSource(random);
    }

    /** How many relay cells were sent. */
    long cells() {
        return cells;
    }

    /** How many bytes of messages were in them. */
    long payload() {
        return payload;
    }

    CircuitLink link() {
        return link;
    }

    /**
     * Sends a message that is the circuit's own, not a stream's, to a hop. Never blocks.
     *
     * @param cellCommand RELAY or RELAY_EARLY
     */
    void send(Hop hop, int cellCommand, RelayMessage message) throws TorException {
        byte[] body = body(hop, message);
        lock.lock();
        try {
            failIfClosed();
            put(hop, cellCommand, message.command(), 0, body, 0, body.length);
        } finally {
            lock.unlock();
        }
    }

    /** A message's body, which must fit into a cell. */
    static byte[] body(Hop hop, RelayMessage message) throws TorException {
        ByteWriter body = new ByteWriter();
        message.write(body);
        byte[] bytes = body.toByteArray();
        if (bytes.length > hop.crypto().format().maxData()) {
            throw new TorException(ErrorKind.BAD_REQUEST, "a relay message of " + bytes.length + " bytes fits no cell");
        }
        return bytes;
    }

    /** A circuit-level SENDME has come from a hop. */
    void sendmeReceived(Hop hop, byte @Nullable [] tag) throws ProtocolException {
        lock.lock();
        try {
            hop.flow().sendmeReceived(tag, !link.isWritable());
            hop.turn().signal();
        } finally {
            lock.unlock();
        }
    }

    /** Sends nothing more; wakes those who wait for their turn. */
    void close(TorException reason, boolean tellRelay) {
        lock.lock();
        try {
            if (closed != null) {
                return;
            }
            closed = reason;
            if (tellRelay) {
                // A client's reason is always NONE: it would only tell relays apart from one another (tor-spec 5.4).
                link.send(new Destroy(DestroyReason.NONE.code()));
            }
        } catch (TorException e) {
            // The channel is gone, and the circuit with it.
            reason.addSuppressed(e);
        } finally {
            for (Hop hop : hops.all()) {
                hop.turn().signalAll();
            }
            lock.unlock();
        }
    }

    /** With the lock: builds a relay cell, encrypts it for all hops up to {@code hop} and sends it. */
    void put(Hop hop, int cellCommand, int command, int streamId, byte[] data, int offset, int length)
            throws TorException {
        cells++;
        payload += length;
        RelayCellFormat format = hop.crypto().format();
        int at = format.dataHeader();
        int end = at + length;
        if (end < Cell.BODY) {
            int padding = Math.min(end + GAP, Cell.BODY);
            Arrays.fill(cell, end, padding, (byte) 0);
            paddingSource.fill(cell, padding, Cell.BODY - padding);
        }
        RelayCells.writeHeader(format, cell, command, streamId, length);
        System.arraycopy(data, offset, cell, at, length);
        hop.crypto().originate(cellCommand, cell, 0);
        Hop[] all = hops.all();
        for (int i = hop.index() - 1; i >= 0; i--) {
            all[i].crypto().encrypt(cellCommand, cell, 0);
        }
        try {
            link.send(cellCommand, cell, 0);
        } catch (TorException e) {
            lock.broke(circuit, e);
            throw e;
        }
    }

    /** With the lock: the circuit can't be sent on any more, and ends once the lock is free. */
    void broke(TorException reason) {
        lock.broke(circuit, reason);
    }

    /** With the lock: whether the circuit has not ended. */
    boolean isOpen() {
        return closed == null;
    }

    /** With the lock: throws why the circuit has ended, if it has. */
    void failIfClosed() throws TorException {
        if (closed != null) {
            throw Failures.again(closed);
        }
    }
}
