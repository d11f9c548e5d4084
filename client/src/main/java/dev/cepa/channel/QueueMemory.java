package dev.cepa.channel;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The memory of all of one client's queues: blocks for what streams have received, and the arrays of cells to be sent.
 * Blocks are used again, and let go when they were too many for a while; when all queues together take more than a bound,
 * whatever holds the oldest data is given up, as C tor does it ({@code MaxMemInQueues}).
 *
 * <p>It is asked once for the data of eight cells and never a cell. Thread-safe; its own state is guarded by itself, for
 * moments only and with no other lock taken within. Relief takes the queues' own locks, one thread at a time, and holds
 * none of this object's meanwhile.
 */
public final class QueueMemory {
    /** The least bound: two streams that nobody reads, and what is under way. */
    public static final long LEAST_BOUND = 1024 * 1024;

    /** Most spare blocks. */
    static final int MOST_SPARE = 128;
    /** After so many blocks were given back, those that were never needed meanwhile are let go. */
    private static final int TRIM_EVERY = 1024;
    /** What is left when memory has been freed, in percent of the bound. */
    private static final int RETAINED_PERCENT = 90;

    private final TorEvents events;
    private final ReentrantLock relieving = new ReentrantLock();
    private final Set<Queue> queues = new LinkedHashSet<>(); // guarded by this
    private volatile long bound = defaultBound();
    private volatile long used; // written under this
    private @Nullable Block spare;
    private volatile int spares; // written under this
    private int leastSpares; // since the last trim
    private int given; // since the last trim

    /** A piece of a stream's buffer; holds the data of eight full cells. */
    public static final class Block {
        /** Bytes in it. */
        public static final int SIZE = 8 * 498;

        public final byte[] bytes = new byte[SIZE];
        /** When it was taken, as of {@link System#nanoTime}. */
        public long since;

        public @Nullable Block next;
    }

    /** Something that holds data until somebody takes it. */
    public interface Queue {
        /** Since when its oldest data has waited, as of {@link System#nanoTime}; null while there is none. */
        @Nullable Long waitingSince();

        /** Lets all its data go at once, and ends what it belongs to. May be called from any thread. */
        void giveUp(TorException reason);
    }

    /** @param events told when memory is freed */
    public QueueMemory(TorEvents events) {
        this.events = events;
    }

    /** A quarter of the most that the Java heap may grow to. */
    public static long defaultBound() {
        return Math.max(LEAST_BOUND, Runtime.getRuntime().maxMemory() / 4);
    }

    /** Another bound, in bytes; at least {@link #LEAST_BOUND} is used. */
    public void setBound(long bytes) {
        bound = Math.max(LEAST_BOUND, bytes);
    }

    /** How many bytes queues may take. */
    public long bound() {
        return bound;
    }

    /** Bytes that queues take now; without spare blocks. */
    public long used() {
        return used;
    }

    // ---- blocks ----

    /** A block whose bytes are anything. */
    public Block take() {
        long now = System.nanoTime();
        Block block;
        synchronized (this) {
            used += Block.SIZE;
            block = spare;
            if (block != null) {
                spare = block.next;
                spares--;
                leastSpares = Math.min(leastSpares, spares);
            }
        }
        if (block == null) {
            block = new Block();
        }
        block.next = null;
        block.since = now;
        return block;
    }

    /** Takes a block back, which the caller must not touch again. */
    public synchronized void give(Block block) {
        used -= Block.SIZE;
        if (spares < MOST_SPARE) {
            block.next = spare;
            spare = block;
            spares++;
        }
        if (++given >= TRIM_EVERY) {
            trim();
        }
    }

    /** So many blocks are gone: they were taken and can't be used again. */
    public synchronized void lost(int blocks) {
        used -= (long) Block.SIZE * blocks;
    }

    /** Lets the spare blocks go that were not needed since this was last called. */
    synchronized void trim() {
        for (int i = leastSpares; i > 0 && spare != null; i--) {
            spare = spare.next;
            spares--;
        }
        leastSpares = spares;
        given = 0;
    }

    int spares() {
        return spares;
    }

    // ---- the bound ----

    /** An array of a queue has so many bytes more than before, or fewer. */
    synchronized void resized(long bytes) {
        used += bytes;
    }

    /** From now on this queue may be given up. */
    public synchronized void add(Queue queue) {
        queues.add(queue);
    }

    /** The queue holds nothing and never will; does nothing if it is unknown. */
    public synchronized void remove(Queue queue) {
        queues.remove(queue);
    }

    /** Frees memory if the queues take too much. To be called without any lock held. */
    void relieveIfOver() {
        if (used > bound && relieving.tryLock()) {
            try {
                relieve();
            } finally {
                relieving.unlock();
            }
        }
    }

    private record Waiting(Queue queue, long nanos) {}

    private void relieve() {
        long limit = bound;
        long before = used;
        TorException reason = new TorException(
                ErrorKind.RESOURCE_LIMIT,
                "given up, as the one with the oldest data, because all queues together took more than " + limit
                        + " bytes (MaxMemInQueues)");
        int ended = 0;
        for (Waiting oldest : oldestFirst()) {
            if (used <= limit / 100 * RETAINED_PERCENT) {
                break;
            }
            // Giving one up may have ended others.
            if (oldest.queue.waitingSince() != null) {
                oldest.queue.giveUp(reason);
                ended++;
            }
        }
        if (ended > 0) {
            events.emit(new TorEvent.LowMemory(limit, before, Math.max(0, before - used), ended));
        }
    }

    private List<Waiting> oldestFirst() {
        List<Queue> all;
        synchronized (this) {
            all = List.copyOf(queues);
        }
        long now = System.nanoTime();
        List<Waiting> waiting = new ArrayList<>(all.size());
        for (Queue queue : all) {
            Long since = queue.waitingSince();
            if (since != null) {
                waiting.add(new Waiting(queue, now - since));
            }
        }
        waiting.sort((a, b) -> Long.compare(b.nanos, a.nanos));
        return waiting;
    }
}
