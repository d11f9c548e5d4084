package dev.cepa.proxy;

import java.util.ArrayDeque;

/**
 * A few large buffers for the connections of one listener, which each need one in bursts only. Thread-safe; never blocks
 * for longer than an instant.
 */
final class CopyBuffers {
    /** Bytes in one: as many as one TLS record of a channel carries. */
    static final int SIZE = 16 * 1024;
    /** Most that are kept. */
    static final int KEPT = 8;

    private final ArrayDeque<byte[]> spare = new ArrayDeque<>(KEPT);

    /** One whose bytes are anything. */
    synchronized byte[] take() {
        byte[] buffer = spare.poll();
        return buffer == null ? new byte[SIZE] : buffer;
    }

    /** Takes one back, which the caller must not touch again. */
    synchronized void give(byte[] buffer) {
        if (spare.size() < KEPT) {
            spare.push(buffer);
        }
    }

    /** Lets all go that are not in use. */
    synchronized void clear() {
        spare.clear();
    }
}
