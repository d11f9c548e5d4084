package dev.cepa.circuit;

import dev.cepa.cell.EndReason;
import dev.cepa.channel.QueueMemory;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.StreamFacts;
import dev.cepa.event.StreamOrigin;
import dev.cepa.event.TorEvent.StreamStatus.Status;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A stream over a circuit (tor-spec section 6). One thread may read while another writes; closing wakes both.
 *
 * <p>Bytes are sent when they are written: nothing is kept back, so that many small writes make many small cells.
 */
public final class TorStream implements StreamEntry, QueueMemory.Queue, StreamFacts, Closeable {
    /** Cells of a stream's window in each direction, and how far one SENDME opens it (tor-spec section 7.4). */
    static final int WINDOW = 500;

    static final int INCREMENT = 50;

    final Outlet outlet;
    final StreamInbox inbox;
    /** The destination, for events only. */
    final String target;

    /** Whether the far end, an onion service's client, has opened it. */
    final boolean incoming;

    private final @Nullable StreamOrigin origin;
    private final Streams streams;
    private final QueueMemory memory;
    /** Written by the channel's reader; others may see it a moment late. */
    private long bytesReceived;
    /** Written with the lock of whoever writes. */
    private long bytesWritten;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Input input = new Input();
    private final Output output = new Output();
    private int streamId;
    private volatile int readTimeoutMillis;
    private volatile @Nullable TorException outputEnd;
    /** What the far end is told when we end the stream. */
    private volatile EndReason endReason;

    private volatile @Nullable StreamBytes counter;

    // All three are the stream sender's, guarded by its lock.
    private int sendWindow = WINDOW;
    /** In place of a window, where congestion is controlled. */
    final @Nullable StreamPace pace;

    @Nullable Condition sendable;

    TorStream(Streams streams, Outlet outlet, QueueMemory memory, String target, @Nullable StreamOrigin origin) {
        this.origin = origin;
        this.streams = streams;
        this.outlet = outlet;
        this.target = target;
        this.incoming = false;
        // A client's reason is always MISC, even for a regular end: the exit need not know more (tor-spec section 6.3).
        endReason = EndReason.MISC;
        this.memory = memory;
        CongestionSettings congestion = outlet.congestion();
        pace = congestion == null ? null : new StreamPace(congestion.streams());
        inbox = new StreamInbox(memory, this, congestion == null ? 0 : congestion.streams().ownStop());
    }

    /** One that the far end has opened; it may send at once, before we {@link #accept}. */
    TorStream(Streams streams, Outlet outlet, QueueMemory memory) {
        this.origin = null;
        this.streams = streams;
        this.outlet = outlet;
        this.memory = memory;
        this.target = "";
        this.incoming = true;
        endReason = EndReason.DONE;
        CongestionSettings congestion = outlet.congestion();
        pace = congestion == null ? null : new StreamPace(congestion.streams());
        inbox = StreamInbox.connected(memory, this, congestion == null ? 0 : congestion.streams().ownStop());
    }

    /** How long from now until a cell may be sent; {@link StreamPace#STOPPED} until the far end says so. */
    long nanosToWait() {
        if (pace != null) {
            return pace.isFree() ? 0 : pace.nanosToWait(System.nanoTime());
        }
        return sendWindow > 0 ? 0 : StreamPace.STOPPED;
    }

    /** A DATA cell of so many bytes was sent. */
    void countSent(int bytes) {
        if (pace != null) {
            pace.sent(bytes);
        } else {
            sendWindow--;
        }
    }

    /** A stream-level SENDME has come. */
    void openWindow() throws ProtocolException {
        if (pace != null || sendWindow > WINDOW - INCREMENT) {
            throw new ProtocolException("stream-level SENDME for cells that were not sent");
        }
        sendWindow += INCREMENT;
    }

    /** Cells that no stream-level SENDME has confirmed. */
    int unacknowledged() {
        return WINDOW - sendWindow;
    }

    /**
     * Takes a stream that the far end has opened: it is told that it is connected. To be called once, before anything is
     * written.
     *
     * @throws TorException if the stream has ended
     */
    public void accept() throws TorException {
        TorException end = outputEnd;
        if (end != null) {
            throw Failures.again(end);
        }
        streams.accepted(this);
    }

    /** Has what is read and written from now on counted there, chunk by chunk. */
    public void countBytes(StreamBytes counts) {
        counter = counts;
    }

    /** Data has come. */
    void countReceived(int bytes) {
        bytesReceived += bytes;
    }

    /** With the lock of whoever writes. */
    private void countWritten(int bytes) {
        bytesWritten += bytes;
        StreamBytes counts = counter;
        if (counts != null) {
            counts.addFromProgram(bytes);
        }
    }

    @Override
    public @Nullable StreamOrigin origin() {
        return origin;
    }

    @Override
    public long bytesReceived() {
        return bytesReceived;
    }

    @Override
    public long bytesWritten() {
        return bytesWritten;
    }

    /** Ends a stream that the far end has opened, and tells it why. */
    public void refuse(EndReason reason) {
        endReason = reason;
        close();
    }

    EndReason endReason() {
        return endReason;
    }

    /**
     * Unique within one client: the one that events have told of it under before it had a circuit, or else the id of the
     * circuit or set times 65,536, plus the stream's id on it.
     */
    public long id() {
        return isAnnounced() && origin != null ? origin.streamId() : streams.id() << 16 | streamId;
    }

    /** Whether events have told of it before it had a circuit. */
    boolean isAnnounced() {
        return origin != null && origin.streamId() != 0;
    }

    /** What the far end sends; ends when the far end does, with a {@link TorException} if it ended badly. */
    public InputStream input() {
        return input;
    }

    /** To the far end; a write waits for flow control and returns when all its bytes are on their way. */
    public OutputStream output() {
        return output;
    }

    /**
     * Waits until the exit has connected; returns at once if it has.
     *
     * @throws TorException if it could not, of the kind that its reason means; of kind TIMEOUT when the deadline passed,
     *     which leaves the stream as it was
     */
    public void awaitConnected(Deadline deadline) throws TorException {
        inbox.awaitConnected(deadline);
    }

    /** The address that the exit connected to; null before it has, and when it didn't say. */
    public @Nullable InetAddress remoteAddress() {
        return inbox.remoteAddress();
    }

    /** After so many milliseconds a read throws {@link java.net.SocketTimeoutException}; 0, as at first, is never. */
    public void setReadTimeout(int millis) {
        if (millis < 0) {
            throw new IllegalArgumentException("negative timeout " + millis);
        }
        readTimeoutMillis = millis;
    }

    /**
     * Writes no more; reading goes on until the far end is done. Tor can't tell the far end: an END message closes both
     * directions, so none is sent before {@link #close}.
     */
    public void shutdownOutput() {
        stopOutput(new TorException(ErrorKind.CLOSED, "the stream's output was shut down"));
    }

    /**
     * Ends the stream. The far end is told, unless it has ended the stream itself; what was received and not read is
     * dropped. Bytes written before are still sent. Never blocks; may be called twice.
     */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            TorException reason = new TorException(ErrorKind.CLOSED, "the stream was closed");
            HalfStream half = inbox.close(reason);
            stopOutput(reason);
            if (half != null) {
                streams.streamClosed(this, half);
            }
        }
    }

    /** Names no destination, so that a log line with a stream in it gives nothing away. */
    @Override
    public String toString() {
        return "stream " + id();
    }

    int streamId() {
        return streamId;
    }

    /** Why nothing more may be written; null while it may. */
    @Nullable TorException outputEnd() {
        return outputEnd;
    }

    @Override
    public void entered(int id) {
        streamId = id;
        memory.add(this);
    }

    @Override
    public @Nullable Long waitingSince() {
        return inbox.waitingSince();
    }

    /** C tor gives up whole circuits: streams of one are one user's, and the far ends go on sending. */
    @Override
    public void giveUp(TorException reason) {
        streams.giveUp(reason);
        inbox.giveUp(reason); // it may have ended before, and not be the circuit's any more
    }

    @Override
    public void circuitClosed(TorException reason) {
        ended(reason, reason);
    }

    /**
     * The far end, or the circuit, has ended the stream.
     *
     * @param inputReason what readers get when they have read everything; null for a regular end
     * @param outputReason what writers get
     */
    void ended(@Nullable TorException inputReason, TorException outputReason) {
        boolean wasConnected = inbox.isConnected();
        boolean first = inbox.end(inputReason);
        stopOutput(outputReason);
        if (first) {
            streams.emit(this, wasConnected ? Status.CLOSED : Status.FAILED, inputReason);
        }
    }

    private void stopOutput(TorException reason) {
        if (outputEnd == null) {
            outputEnd = reason;
        }
        streams.sender().wake(this);
    }

    private final class Input extends InputStream {
        private final ReentrantLock reading = new ReentrantLock();
        private final byte[] one = new byte[1]; // guarded by reading

        @Override
        public int read() throws IOException {
            reading.lock();
            try {
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            } finally {
                reading.unlock();
            }
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, to.length);
            if (length == 0) {
                return 0;
            }
            reading.lock();
            try {
                int n = inbox.read(to, offset, length, readTimeoutMillis);
                StreamBytes counts = counter;
                if (counts != null && n > 0) {
                    counts.addToProgram(n);
                }
                int due = inbox.takeSendmesDue();
                if (due > 0) {
                    streams.sendSendmes(TorStream.this, due);
                }
                if (inbox.takeGoDue()) {
                    streams.sendGo(TorStream.this);
                }
                return n;
            } finally {
                reading.unlock();
            }
        }

        @Override
        public int available() {
            return inbox.available();
        }

        @Override
        public void close() {
            TorStream.this.close();
        }
    }

    private final class Output extends OutputStream {
        private final ReentrantLock writing = new ReentrantLock();
        private final byte[] one = new byte[1]; // guarded by writing

        @Override
        public void write(int b) throws IOException {
            writing.lock();
            try {
                one[0] = (byte) b;
                write(one, 0, 1);
            } finally {
                writing.unlock();
            }
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, from.length);
            writing.lock();
            try {
                int done = 0;
                while (done < length) {
                    done += streams.sender().sendData(TorStream.this, from, offset + done, length - done);
                }
                countWritten(length);
            } finally {
                writing.unlock();
            }
        }

        @Override
        public void close() {
            TorStream.this.close();
        }
    }
}
