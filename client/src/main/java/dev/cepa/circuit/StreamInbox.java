package dev.cepa.circuit;

import dev.cepa.channel.QueueMemory;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The receiving side of one stream: filled by the channel's reader, emptied by one consumer at a time. It holds at most a
 * window's worth of bytes: the window is opened again, by a SENDME for 50 cells, only as far as there is room for them.
 * Where congestion is controlled there is no window: the far end is told to stop when too much waits, and to go on when all
 * of it was read; what comes meanwhile is bounded by the circuit's own window at the far end, and by the queues' memory.
 *
 * <p>Everything is guarded by {@link #lock}, which is held for moments only and within which no other lock of the circuit
 * is taken but the memory's.
 */
final class StreamInbox {
    private static final int CELL_DATA = 498;
    private static final int CAPACITY = TorStream.WINDOW * CELL_DATA;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final QueueMemory memory;
    private final QueueMemory.Queue owner;
    private final StreamBuffer buffer;
    /** Bytes that may wait until the far end is told to stop; 0 where there is a window. */
    private final int stopAt;

    private int window = TorStream.WINDOW;
    private int waiting;
    private boolean connected;
    private @Nullable InetAddress remoteAddress;
    /** No more bytes will come; what is in the buffer can still be read. */
    private boolean ended;
    /** Why it ended, unless it ended well. */
    private @Nullable TorException failure;
    private Pace pace = Pace.GOING;
    /** How many SENDMEs the last read made due; touched by the consumer alone. */
    private int sendmesDue;
    /** Whether the last read made an XON due; touched by the consumer alone. */
    private boolean goDue;

    /** What the far end was told. While one message is being sent nobody begins with the other: they would be mixed up. */
    private enum Pace {
        GOING,
        STOPPING,
        STOPPED,
        STARTING
    }

    /**
     * Puts an empty one together.
     *
     * @param owner known to {@code memory} from when it may get data until it has none and never will
     * @param stopAt bytes that may wait until the far end is told to stop; 0: there is a window
     */
    StreamInbox(QueueMemory memory, QueueMemory.Queue owner, int stopAt) {
        this.memory = memory;
        this.owner = owner;
        buffer = new StreamBuffer(memory);
        this.stopAt = stopAt;
    }

    /** Of a stream that the far end has opened. */
    static StreamInbox connected(QueueMemory memory, QueueMemory.Queue owner, int stopAt) {
        StreamInbox inbox = new StreamInbox(memory, owner, stopAt);
        inbox.connected = true;
        return inbox;
    }

    /** The reader: the first CONNECTED has come. */
    void connected(@Nullable InetAddress address) {
        lock.lock();
        try {
            connected = true;
            remoteAddress = address;
            wake();
        } finally {
            lock.unlock();
        }
    }

    /**
     * The reader: DATA has come. Wakes nobody: {@link #wakeConsumer} follows when more of it has.
     *
     * @return whether the far end must be told to stop now, and then {@link #stopSent}
     */
    boolean deliver(byte[] from, int offset, int length) throws ProtocolException {
        lock.lock();
        try {
            if (ended) {
                return false; // closed by us a moment ago
            }
            if (!connected) {
                throw new ProtocolException("DATA before CONNECTED");
            }
            if (stopAt == 0 && window-- <= 0) {
                throw new ProtocolException("more DATA than the stream's window allows");
            }
            buffer.append(from, offset, length);
            if (stopAt == 0 || pace != Pace.GOING || buffer.size() <= stopAt) {
                return false;
            }
            pace = Pace.STOPPING;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The reader: wakes whoever waits for what {@link #deliver} brought. */
    void wakeConsumer() {
        lock.lock();
        try {
            wake();
        } finally {
            lock.unlock();
        }
    }

    /** No more bytes will come; {@code reason} is null at a regular end. False if it had ended already. */
    boolean end(@Nullable TorException reason) {
        lock.lock();
        try {
            if (ended) {
                return false;
            }
            ended = true;
            failure = reason;
            forgetIfDone();
            wake();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * We have closed the stream: drops what was not read.
     *
     * @return what may still come; null if the stream had ended already
     */
    @Nullable HalfStream close(TorException reason) {
        lock.lock();
        try {
            boolean first = !ended;
            ended = true;
            failure = reason;
            discard();
            return first ? HalfStream.ofStream(stopAt == 0 ? window : Integer.MAX_VALUE, !connected) : null;
        } finally {
            lock.unlock();
        }
    }

    /** There is no memory for what was not read. */
    void giveUp(TorException reason) {
        lock.lock();
        try {
            ended = true;
            failure = reason;
            discard();
        } finally {
            lock.unlock();
        }
    }

    private void discard() {
        buffer.clear();
        forgetIfDone();
        changed.signalAll();
    }

    private void forgetIfDone() {
        if (ended && buffer.size() == 0) {
            memory.remove(owner);
        }
    }

    /** Since when the oldest data has waited to be read, as of {@link System#nanoTime}; null while there is none. */
    @Nullable Long waitingSince() {
        lock.lock();
        try {
            return buffer.waitingSince();
        } finally {
            lock.unlock();
        }
    }

    boolean isConnected() {
        lock.lock();
        try {
            return connected;
        } finally {
            lock.unlock();
        }
    }

    @Nullable InetAddress remoteAddress() {
        lock.lock();
        try {
            return remoteAddress;
        } finally {
            lock.unlock();
        }
    }

    int available() {
        lock.lock();
        try {
            return buffer.size();
        } finally {
            lock.unlock();
        }
    }

    void awaitConnected(Deadline deadline) throws TorException {
        lock.lock();
        try {
            waiting++;
            while (!connected) {
                if (ended) {
                    throw failure == null
                            ? new TorException(ErrorKind.STREAM_CLOSED, "the stream ended before it was connected")
                            : Failures.again(failure);
                }
                deadline.await(changed, "the exit to connect");
            }
        } finally {
            waiting--;
            lock.unlock();
        }
    }

    /**
     * Reads at least one byte, and waits for it. One consumer at a time.
     *
     * @param timeoutMillis 0 waits for ever
     * @return how many, or -1 at the end
     */
    int read(byte[] to, int offset, int length, int timeoutMillis) throws IOException {
        int n = awaitBytes(length, timeoutMillis);
        if (n < 0) {
            return n;
        }
        buffer.copy(to, offset, n);
        lock.lock();
        try {
            if (buffer.size() < n) { // cleared meanwhile
                throw Failures.again(java.util.Objects.requireNonNull(failure));
            }
            buffer.drop(n);
            forgetIfDone();
            if (stopAt == 0 && !ended) {
                openWindow();
            } else if (pace == Pace.STOPPED && !ended && buffer.size() == 0) {
                pace = Pace.STARTING;
                goDue = true;
            }
            return n;
        } finally {
            lock.unlock();
        }
    }

    /** After {@link #read}, by the same thread: how many stream-level SENDMEs to send now. */
    int takeSendmesDue() {
        int due = sendmesDue;
        sendmesDue = 0;
        return due;
    }

    /**
     * The reader: the far end was told to stop.
     *
     * @return whether it must be told to go on now, as all was read meanwhile, and then {@link #goSent}
     */
    boolean stopSent() {
        lock.lock();
        try {
            boolean empty = buffer.size() == 0;
            pace = empty ? Pace.STARTING : Pace.STOPPED;
            return empty;
        } finally {
            lock.unlock();
        }
    }

    /** The far end was told to go on. */
    void goSent() {
        lock.lock();
        try {
            pace = Pace.GOING;
        } finally {
            lock.unlock();
        }
    }

    /** After {@link #read}, by the same thread: whether to tell the far end to go on, and then {@link #goSent}. */
    boolean takeGoDue() {
        boolean due = goDue;
        goDue = false;
        return due;
    }

    private void openWindow() {
        int room = CAPACITY - buffer.size();
        while (window <= TorStream.WINDOW - TorStream.INCREMENT && (window + TorStream.INCREMENT) * CELL_DATA <= room) {
            window += TorStream.INCREMENT;
            sendmesDue++;
        }
    }

    private int awaitBytes(int atMost, int timeoutMillis) throws IOException {
        lock.lock();
        try {
            waiting++;
            long left = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
            while (buffer.size() == 0) {
                if (ended) {
                    if (failure == null) {
                        return -1;
                    }
                    throw Failures.again(failure);
                }
                if (timeoutMillis == 0) {
                    changed.await();
                } else if (left > 0) {
                    left = changed.awaitNanos(left);
                } else {
                    throw new SocketTimeoutException("no data came within " + timeoutMillis + " ms");
                }
            }
            return Math.min(atMost, buffer.size());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted while waiting for data");
            interrupted.initCause(e);
            throw interrupted;
        } finally {
            waiting--;
            lock.unlock();
        }
    }

    private void wake() {
        if (waiting > 0) {
            changed.signalAll();
        }
    }
}
