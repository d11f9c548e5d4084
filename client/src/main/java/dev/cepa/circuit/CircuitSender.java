package dev.cepa.circuit;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage.Destroy;
import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.EndReason;
import dev.cepa.cell.RelayMessage;
import dev.cepa.crypto.PaddingSource;
import dev.cepa.crypto.RelayCellFormat;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The outbound half of a circuit: builds relay cells, encrypts them hop by hop in place, and hands them to the channel.
 *
 * <p>Its one lock, the circuit's send lock, guards the outbound ciphers, the cell under construction, the sending half of
 * all flow control and each stream's send window. Nothing blocks while it is held: whoever must wait for the channel does
 * so before, and waiting for a window releases it. No other lock is taken within it but the stream table's.
 *
 * <p>Streams that want to send take turns: each sends a few cells and then, if others wait, stands behind them.
 */
final class CircuitSender {
    /** Cells that a stream may send in one turn. */
    private static final int TURN = 16;
    /** Zero bytes between a message and its padding. */
    private static final int GAP = 4;
    /** Bytes left free in a cell whose tag the far end must repeat: the gap, and what makes the tag unforeseeable. */
    private static final int UNFORESEEABLE = GAP + 16;
    /** A writer that waits for the channel looks so often whether its stream has ended. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

    private final Circuit circuit;
    private final CircuitLink link;
    private final Hops hops;
    private final StreamTable streams;
    private final PaddingSource paddingSource;
    private final ReentrantLock lock = new ReentrantLock();
    private final byte[] cell = new byte[Cell.BODY];
    private @Nullable TorException closed;
    private @Nullable TorException broken;

    CircuitSender(Circuit circuit, CircuitLink link, Hops hops, StreamTable streams, SecureRandom random) {
        this.circuit = circuit;
        this.link = link;
        this.hops = hops;
        this.streams = streams;
        paddingSource = new PaddingSource(random);
    }

    /** A condition of the send lock, for a new hop. */
    Condition newTurn() {
        return lock.newCondition();
    }

    /**
     * Sends a message to a hop. Never blocks.
     *
     * @param cellCommand RELAY or RELAY_EARLY
     */
    void send(Hop hop, int cellCommand, int streamId, RelayMessage message) throws TorException {
        ByteWriter body = new ByteWriter();
        message.write(body);
        byte[] bytes = body.toByteArray();
        if (bytes.length > hop.crypto().format().maxData()) {
            throw new TorException(ErrorKind.BAD_REQUEST, "a relay message of " + bytes.length + " bytes fits no cell");
        }
        lock.lock();
        try {
            failIfClosed();
            put(hop, cellCommand, message.command(), streamId, bytes, 0, bytes.length);
        } finally {
            unlock();
        }
    }

    /**
     * Sends some of a stream's data, and waits until it may.
     *
     * @return how many bytes were sent, at least one
     * @throws TorException if the stream's output or the circuit has ended
     */
    int sendData(TorStream stream, byte[] from, int offset, int length) throws TorException {
        awaitLink(stream);
        Hop hop = stream.hop;
        FlowControl flow = hop.flow();
        int most = hop.crypto().format().maxData();
        lock.lock();
        try {
            awaitTurn(stream, hop);
            int sent = 0;
            for (int n = TURN; n > 0 && sent < length && stream.nanosToWait() == 0 && flow.maySend(); n--) {
                int size = Math.min(length - sent, flow.nextIsConfirmed() ? most - UNFORESEEABLE : most);
                put(hop, Cell.RELAY, RelayMessage.DATA, stream.streamId(), from, offset + sent, size);
                flow.dataSent(hop.crypto());
                stream.countSent(size);
                sent += size;
            }
            return sent;
        } finally {
            if (flow.maySend()) {
                hop.turn().signal();
            }
            unlock();
        }
    }

    private void awaitLink(TorStream stream) throws TorException {
        while (!link.isWritable()) {
            try {
                link.awaitWritable(Deadline.in(LOOK_AGAIN));
                return;
            } catch (TorException e) {
                TorException end = stream.outputEnd();
                if (e.kind() != ErrorKind.TIMEOUT || end != null) {
                    throw end == null ? e : Failures.again(end);
                }
            }
        }
    }

    private void awaitTurn(TorStream stream, Hop hop) throws TorException {
        boolean arrived = true;
        while (true) {
            TorException end = stream.outputEnd();
            if (end != null) {
                throw Failures.again(end);
            }
            failIfClosed();
            long wait = stream.nanosToWait();
            if (wait > 0) {
                if (!arrived) {
                    hop.turn().signal(); // it was our turn, and is the next one's
                }
                await(sendable(stream), wait);
                arrived = true;
            } else if (!hop.flow().maySend() || arrived && lock.hasWaiters(hop.turn())) {
                await(hop.turn(), StreamPace.STOPPED);
                arrived = false;
            } else {
                return;
            }
        }
    }

    private Condition sendable(TorStream stream) {
        Condition sendable = stream.sendable;
        if (sendable == null) {
            sendable = lock.newCondition();
            stream.sendable = sendable;
        }
        return sendable;
    }

    @SuppressWarnings("WaitNotInLoop") // the loop is the caller's
    private static void await(Condition condition, long nanos) throws TorException {
        try {
            if (nanos == StreamPace.STOPPED) {
                condition.await();
            } else {
                condition.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TorException(ErrorKind.CLOSED, "interrupted while waiting to send", e);
        }
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

    /** A stream-level SENDME has come. */
    void sendmeReceived(TorStream stream) throws ProtocolException {
        lock.lock();
        try {
            stream.openWindow();
            if (stream.sendable != null) {
                stream.sendable.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** XOFF or XON has come for a stream. */
    void paceReceived(TorStream stream, RelayMessage message) throws ProtocolException {
        lock.lock();
        try {
            StreamPace pace = stream.pace;
            if (pace == null) {
                throw new ProtocolException("relay command " + message.command() + " without congestion control");
            }
            if (message instanceof RelayMessage.Xon(long kilobytes)) {
                pace.go(kilobytes, System.nanoTime());
                if (stream.sendable != null) {
                    stream.sendable.signal();
                }
            } else {
                pace.stop();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Tells the far end that we have ended a stream, unless it has ended it before. */
    void end(TorStream stream, HalfStream half) throws TorException {
        lock.lock();
        try {
            half.unacknowledged(stream.unacknowledged());
            if (closed == null && streams.halfClose(stream.streamId(), stream, half)) {
                putEnd(stream.hop, stream.streamId(), stream.endReason());
            }
        } finally {
            unlock();
        }
    }

    /** Gives a question up. */
    void end(ResolveStream question) throws TorException {
        lock.lock();
        try {
            if (closed == null && streams.halfClose(question.streamId(), question, HalfStream.ofResolve())) {
                putEnd(question.hop, question.streamId(), EndReason.MISC);
            }
        } finally {
            unlock();
        }
    }

    private void putEnd(Hop hop, int streamId, EndReason reason) throws TorException {
        put(hop, Cell.RELAY, RelayMessage.END, streamId, new byte[] {(byte) reason.code()}, 0, 1);
    }

    /** Wakes a stream's writer, so that it sees that its output has ended. */
    void wake(TorStream stream) {
        lock.lock();
        try {
            if (stream.sendable != null) {
                stream.sendable.signalAll();
            }
            if (lock.hasWaiters(stream.hop.turn())) {
                stream.hop.turn().signalAll();
            }
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

    /** Builds a relay cell, encrypts it for all hops up to {@code hop} and sends it. */
    private void put(Hop hop, int cellCommand, int command, int streamId, byte[] data, int offset, int length)
            throws TorException {
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
            broken = e;
            throw e;
        }
    }

    private void failIfClosed() throws TorException {
        if (closed != null) {
            throw Failures.again(closed);
        }
    }

    /** A cell that could not be sent leaves the ciphers out of step: that ends the circuit, but not under the lock. */
    private void unlock() {
        TorException cause = broken;
        lock.unlock();
        if (cause != null) {
            circuit.fail(cause, true);
        }
    }
}
