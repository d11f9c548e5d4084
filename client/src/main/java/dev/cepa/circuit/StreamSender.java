package dev.cepa.circuit;

import dev.cepa.cell.Cell;
import dev.cepa.cell.EndReason;
import dev.cepa.cell.RelayMessage;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * What the streams of one circuit, or one set, send. Each goes out by its {@link Outlet}; everything is guarded by the one
 * {@link SendLock}. Whoever must wait for the channel does so before taking it, and waiting for a window releases it.
 *
 * <p>Streams that want to send take turns: each sends a few cells and then, if others wait, stands behind them.
 */
final class StreamSender {
    /** Cells that a stream may send in one turn. */
    private static final int TURN = 16;
    /** A writer that waits for the channel looks so often whether its stream has ended. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

    private final SendLock lock;
    private final StreamTable streams;

    StreamSender(SendLock lock, StreamTable streams) {
        this.lock = lock;
        this.streams = streams;
    }

    /** Sends a stream's message. Never blocks. */
    void send(Outlet outlet, int streamId, RelayMessage message) throws TorException {
        lock.lock();
        try {
            outlet.checkOpen();
            Hop hop = outlet.next();
            byte[] body = CircuitSender.body(hop, message);
            hop.sender().put(hop, Cell.RELAY, message.command(), streamId, body, 0, body.length);
            outlet.sent();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends some of a stream's data, and waits until it may.
     *
     * @return how many bytes were sent, at least one
     * @throws TorException if the stream's output or the circuit has ended
     */
    int sendData(TorStream stream, byte[] from, int offset, int length) throws TorException {
        Outlet outlet = stream.outlet;
        awaitLink(stream, outlet.link());
        lock.lock();
        try {
            awaitTurn(stream, outlet);
            Hop hop = outlet.next();
            FlowControl flow = hop.flow();
            int most = hop.crypto().format().maxData();
            int sent = 0;
            for (int n = TURN; n > 0 && sent < length && stream.nanosToWait() == 0 && flow.maySend(); n--) {
                int size = Math.min(length - sent, flow.nextIsConfirmed() ? most - CircuitSender.UNFORESEEABLE : most);
                hop.sender().put(hop, Cell.RELAY, RelayMessage.DATA, stream.streamId(), from, offset + sent, size);
                flow.dataSent(hop.crypto());
                outlet.sent();
                stream.countSent(size);
                sent += size;
            }
            return sent;
        } finally {
            if (outlet.maySend()) {
                outlet.turn().signal();
            }
            lock.unlock();
        }
    }

    private static void awaitLink(TorStream stream, CircuitLink link) throws TorException {
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

    private void awaitTurn(TorStream stream, Outlet outlet) throws TorException {
        boolean arrived = true;
        while (true) {
            TorException end = stream.outputEnd();
            if (end != null) {
                throw Failures.again(end);
            }
            outlet.checkOpen();
            long wait = stream.nanosToWait();
            if (wait > 0) {
                if (!arrived) {
                    outlet.turn().signal(); // it was our turn, and is the next one's
                }
                await(sendable(stream), wait);
                arrived = true;
            } else if (!outlet.maySend() || arrived && lock.hasWaiters(outlet.turn())) {
                await(outlet.turn(), StreamPace.STOPPED);
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
            if (streams.halfClose(stream.streamId(), stream, half)) {
                putEnd(stream.outlet, stream.streamId(), stream.endReason());
            }
        } finally {
            lock.unlock();
        }
    }

    /** Gives a question up. */
    void end(ResolveStream question) throws TorException {
        lock.lock();
        try {
            if (streams.halfClose(question.streamId(), question, HalfStream.ofResolve())) {
                putEnd(question.outlet, question.streamId(), EndReason.MISC);
            }
        } finally {
            lock.unlock();
        }
    }

    private static void putEnd(Outlet outlet, int streamId, EndReason reason) throws TorException {
        if (outlet.isOpen()) {
            Hop hop = outlet.next();
            hop.sender().put(
                    hop, Cell.RELAY, RelayMessage.END, streamId, new byte[] {(byte) reason.code()}, 0, 1);
            outlet.sent();
        }
    }

    /** Wakes a stream's writer, so that it sees that its output has ended. */
    void wake(TorStream stream) {
        lock.lock();
        try {
            if (stream.sendable != null) {
                stream.sendable.signalAll();
            }
            Condition turn = stream.outlet.turn();
            if (lock.hasWaiters(turn)) {
                turn.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }
}
