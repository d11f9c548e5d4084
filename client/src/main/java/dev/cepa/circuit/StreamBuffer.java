package dev.cepa.circuit;

import dev.cepa.channel.QueueMemory;
import dev.cepa.channel.QueueMemory.Block;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that were received and not read yet: a chain of small blocks that holds nothing when it is empty. What bounds it
 * is the stream's window.
 *
 * <p>Guarded by its owner's lock, except that the one consumer may {@link #copy} without it, so that the channel's
 * reader never waits for a long copy: bytes that were counted by {@link #size} do not move until {@link #drop}.
 */
final class StreamBuffer {
    private final QueueMemory memory;
    private @Nullable Block head;
    private @Nullable Block tail;
    private int headAt;
    private int tailAt;
    private int size;

    StreamBuffer(QueueMemory memory) {
        this.memory = memory;
    }

    int size() {
        return size;
    }

    /** When the oldest bytes came, or a little before, as of {@link System#nanoTime}; null if there are none. */
    @Nullable Long waitingSince() {
        return head == null ? null : head.since;
    }

    void append(byte[] from, int offset, int length) {
        int at = offset;
        int left = length;
        while (left > 0) {
            Block block = tail;
            if (block == null || tailAt == Block.SIZE) {
                block = grow(block);
            }
            int n = Math.min(left, Block.SIZE - tailAt);
            System.arraycopy(from, at, block.bytes, tailAt, n);
            tailAt += n;
            at += n;
            left -= n;
        }
        size += length;
    }

    private Block grow(@Nullable Block last) {
        Block block = memory.take();
        if (last == null) {
            head = block;
            headAt = 0;
        } else {
            last.next = block;
        }
        tail = block;
        tailAt = 0;
        return block;
    }

    /** Copies the first {@code length} bytes, of which there must be so many, and leaves them where they are. */
    void copy(byte[] to, int offset, int length) {
        Block block = head;
        int at = headAt;
        int done = 0;
        while (done < length) {
            if (at == Block.SIZE) {
                block = Objects.requireNonNull(block).next;
                at = 0;
            }
            int n = Math.min(length - done, Block.SIZE - at);
            System.arraycopy(Objects.requireNonNull(block).bytes, at, to, offset + done, n);
            at += n;
            done += n;
        }
    }

    /** The first eight bytes, of which there must be so many, as a number. */
    long firstLong() {
        Block block = head;
        int at = headAt;
        long number = 0;
        for (int i = 0; i < 8; i++) {
            if (at == Block.SIZE) {
                block = Objects.requireNonNull(block).next;
                at = 0;
            }
            number = number << 8 | Objects.requireNonNull(block).bytes[at++] & 0xff;
        }
        return number;
    }

    /** Removes the first {@code length} bytes, of which there must be so many. */
    void drop(int length) {
        int left = length;
        while (left > 0) {
            int n = Math.min(left, Block.SIZE - headAt);
            headAt += n;
            left -= n;
            if (headAt == Block.SIZE) {
                Block used = Objects.requireNonNull(head);
                head = used.next;
                headAt = 0;
                used.next = null;
                memory.give(used);
            }
        }
        size -= length;
        if (size == 0) {
            if (head != null) {
                memory.give(head);
            }
            head = null;
            tail = null;
            headAt = 0;
        }
    }

    /** Drops everything. The blocks are not used again, because a reader may be copying from them. */
    void clear() {
        int blocks = 0;
        for (Block block = head; block != null; block = block.next) {
            blocks++;
        }
        memory.lost(blocks);
        head = null;
        tail = null;
        headAt = 0;
        size = 0;
    }
}
