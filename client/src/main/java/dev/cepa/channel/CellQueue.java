package dev.cepa.channel;

import dev.cepa.cell.Cell;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Cells between those who send and the channel's writer. There are two arrays: senders fill one while the writer writes the
 * other, then they are swapped; so a cell is copied once, and all that has gathered meanwhile goes out as one batch.
 *
 * <p>A sender may also take on the writer's work while the writer has nothing to do: {@link #takeOver}.
 *
 * <p>Thread-safe. Everything is guarded by {@link #lock}, but the array handed out by {@link #take}, which is the writer's
 * until it calls {@code take} again, or by {@link #takeOver}, which is the sender's until {@link #handBack}.
 */
final class CellQueue implements QueueMemory.Queue {
    /** Above so many bytes those who can wait should. */
    static final int SOFT_BOUND = 64 * 1024;
    /** Above so many bytes the far end counts as stuck. */
    static final int HARD_BOUND = 4 * 1024 * 1024;

    private static final int SMALL = 8 * Cell.LENGTH;
    private static final int LARGEST_KEPT = 256 * 1024;
    private static final long SHRINK_AFTER_NANOS = 2_000_000_000L;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition filled = lock.newCondition();
    private final Condition drained = lock.newCondition();
    private final QueueMemory memory;
    private final Consumer<TorException> ending;
    private byte[] filling = new byte[SMALL];
    private byte[] writing = new byte[SMALL];
    private int size;
    private boolean writerWaits;
    /** A sender writes what is in {@link #writing}; the writer keeps out. */
    private boolean takenOver;
    /** The writer has things to do that can't wait for cells, as soon as it may. */
    private boolean writerOverdue;
    private int sendersWaiting;
    private @Nullable TorException closed;
    /** When the writer came last: what is in the queue, or is being written, is not much older. */
    private long takenAt = System.nanoTime();

    /** @param ending called without a lock held when the queue is given up, to close the channel */
    CellQueue(QueueMemory memory, Consumer<TorException> ending) {
        this.memory = memory;
        this.ending = ending;
        memory.resized(filling.length + writing.length);
        memory.add(this);
    }

    /**
     * Appends a cell, padded with zeros to the length of a fixed cell. Never blocks.
     *
     * @param wake false if the caller promises a {@link #takeOver} in a moment, so that nobody has to be woken
     * @return false if the queue is full, and the cell was not taken
     * @throws TorException if the queue is closed
     */
    boolean add(int circuitId, int command, byte[] body, int offset, int length, boolean wake) throws TorException {
        lock.lock();
        try {
            failIfClosed();
            int at = size;
            int end = at + Cell.LENGTH;
            if (end > HARD_BOUND) {
                return false;
            }
            if (end > filling.length) {
                byte[] larger = new byte[Math.min(HARD_BOUND, 2 * filling.length)];
                System.arraycopy(filling, 0, larger, 0, at);
                memory.resized(larger.length - filling.length);
                filling = larger;
            }
            byte[] buf = filling;
            buf[at] = (byte) (circuitId >>> 24);
            buf[at + 1] = (byte) (circuitId >>> 16);
            buf[at + 2] = (byte) (circuitId >>> 8);
            buf[at + 3] = (byte) circuitId;
            buf[at + 4] = (byte) command;
            System.arraycopy(body, offset, buf, at + Cell.HEADER, length);
            Arrays.fill(buf, at + Cell.HEADER + length, end, (byte) 0);
            size = end;
            if (wake) {
                wakeWriter();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void wakeWriter() {
        if (writerWaits && !takenOver) {
            writerWaits = false;
            filled.signal();
        }
    }

    /**
     * For a sender that would rather write a few cells itself than wake the writer for them. To be followed by
     * {@link #handBack} when {@link #batch} is written.
     *
     * @param most bytes to write; for more, or if somebody writes already, the writer is woken
     * @return how many bytes of {@link #batch} to write; 0 for none
     */
    int takeOver(int most) {
        lock.lock();
        try {
            if (size == 0 || takenOver || !writerWaits || closed != null) {
                return 0;
            }
            if (size > most) {
                wakeWriter();
                return 0;
            }
            takenOver = true;
            return swap();
        } finally {
            lock.unlock();
        }
    }

    /** After {@link #takeOver}: the batch is written, or never will be. */
    void handBack() {
        lock.lock();
        try {
            takenOver = false;
            if (size > 0 || writerOverdue) {
                wakeWriter();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether the queue is below its soft bound, so that {@link #awaitRoom} would not wait. */
    boolean hasRoom() {
        lock.lock();
        try {
            return size < SOFT_BOUND && closed == null;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the queue is below its soft bound. */
    void awaitRoom(Deadline deadline, String what) throws TorException {
        lock.lock();
        try {
            sendersWaiting++;
            while (size >= SOFT_BOUND && closed == null) {
                deadline.await(drained, what);
            }
            failIfClosed();
        } finally {
            sendersWaiting--;
            lock.unlock();
        }
    }

    /**
     * Waits for cells, for the writer.
     *
     * @return how many bytes of {@link #batch} to write; 0 when the time is over, -1 when the queue is closed
     */
    int take(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (closed == null && (takenOver || size == 0 && left > 0)) {
                long wait = isLarge() || memory.spares() > 0 ? Math.min(left, SHRINK_AFTER_NANOS) : left;
                writerWaits = true;
                writerOverdue = left <= 0;
                long rest = 0;
                if (writerOverdue) {
                    filled.await();
                } else {
                    rest = filled.awaitNanos(wait);
                }
                writerWaits = false;
                writerOverdue = false;
                left -= wait - Math.max(rest, 0);
                if (rest <= 0 && size == 0 && closed == null && !takenOver) {
                    shrink();
                    memory.trim();
                }
            }
            return closed != null ? -1 : swap();
        } finally {
            lock.unlock();
        }
    }

    private int swap() {
        byte[] batch = filling;
        int n = size;
        filling = smaller(writing, LARGEST_KEPT);
        writing = batch;
        size = 0;
        takenAt = System.nanoTime();
        if (sendersWaiting > 0) {
            drained.signalAll();
        }
        return n;
    }

    /** What {@link #take} or {@link #takeOver} took; for who took it alone. */
    @SuppressWarnings("GuardedBy")
    byte[] batch() {
        return writing;
    }

    /** Ends everything: the cells in the queue are dropped, whoever waits wakes up. */
    void close(TorException cause) {
        lock.lock();
        try {
            if (closed == null) {
                closed = cause;
                size = 0;
                memory.resized(-filling.length - writing.length);
                memory.remove(this);
                filled.signalAll();
                drained.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean isLarge() {
        return filling.length > SMALL || writing.length > SMALL;
    }

    private void shrink() {
        filling = smaller(filling, SMALL);
        writing = smaller(writing, SMALL);
    }

    /** The array, or a small one in its place if it has more bytes than that. */
    private byte[] smaller(byte[] array, int most) {
        if (array.length <= most) {
            return array;
        }
        memory.resized(SMALL - array.length);
        return new byte[SMALL];
    }

    @Override
    public @Nullable Long waitingSince() {
        lock.lock();
        try {
            return size == 0 || closed != null ? null : takenAt;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void giveUp(TorException reason) {
        ending.accept(reason);
    }

    private void failIfClosed() throws TorException {
        if (closed != null) {
            throw Channel.again(closed);
        }
    }
}
