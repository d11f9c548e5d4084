package dev.cepa.circuit;

import org.jspecify.annotations.Nullable;

/** A few spare blocks for the stream buffers of one circuit. Thread-safe; never blocks for longer than an instant. */
final class BlockPool {
    /** Most spare blocks kept. */
    static final int KEPT = 8;

    private @Nullable Block free;
    private int count;

    /** A piece of a stream's buffer; holds the data of eight full cells. */
    static final class Block {
        static final int SIZE = 8 * 498;

        final byte[] bytes = new byte[SIZE];
        @Nullable Block next;
    }

    synchronized Block take() {
        Block block = free;
        if (block == null) {
            return new Block();
        }
        free = block.next;
        block.next = null;
        count--;
        return block;
    }

    /** Takes a block back, which the caller must not touch again. */
    synchronized void give(Block block) {
        if (count < KEPT) {
            block.next = free;
            free = block;
            count++;
        }
    }

    /** Lets all spare blocks go. */
    synchronized void clear() {
        free = null;
        count = 0;
    }
}
