package dev.cepa.channel;

import java.util.concurrent.locks.ReentrantLock;

/**
 * A token bucket: so many bytes a second on average, and so many at once. What is taken may go below zero, and is made up for
 * before the next may begin. Has no clock: whoever asks tells the time. Thread-safe.
 */
final class RateLimit {
    private static final double NANOS = 1e9;

    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean on;
    /** Guarded by the lock, as all below; in bytes a second. */
    private long rate;

    private long burst;
    private double tokens;
    private long filledAt;

    /**
     * Takes over another rate; 0 for none. A bucket that is new is full.
     *
     * @param now as of {@link System#nanoTime}
     */
    void set(long newRate, long newBurst, long now) {
        lock.lock();
        try {
            if (on) {
                fill(now);
                tokens = Math.min(tokens, newBurst);
            } else {
                tokens = newBurst;
            }
            rate = newRate;
            burst = newBurst;
            filledAt = now;
            on = newRate > 0;
        } finally {
            lock.unlock();
        }
    }

    boolean isOn() {
        return on;
    }

    /** How many bytes may pass now; at least 1 once {@link #nanosLeft} is 0. */
    long available(long now) {
        lock.lock();
        try {
            fill(now);
            return on ? (long) tokens : Long.MAX_VALUE;
        } finally {
            lock.unlock();
        }
    }

    /** After how many nanoseconds at least one byte may pass; 0 or less: at once. */
    long nanosLeft(long now) {
        lock.lock();
        try {
            fill(now);
            return !on || tokens >= 1 ? 0 : (long) Math.ceil((1 - tokens) * NANOS / rate);
        } finally {
            lock.unlock();
        }
    }

    /** So many bytes have passed. */
    void take(long bytes, long now) {
        lock.lock();
        try {
            fill(now);
            tokens -= bytes;
        } finally {
            lock.unlock();
        }
    }

    private void fill(long now) {
        tokens = Math.min(burst, tokens + (now - filledAt) * (rate / NANOS));
        filledAt = now;
    }
}
