package dev.cepa.directory;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next try, with "decorrelated jitter": a random time between the base and three times the wait
 * before, and no longer than the most. Clients that fail together do not come back together. For one thread.
 */
final class Backoff {
    private final RandomGenerator random;
    private final long base;
    private final long most;
    private long previous;

    Backoff(RandomGenerator random, Duration base, Duration most) {
        this.random = random;
        this.base = Math.max(1, base.toMillis());
        this.most = Math.max(this.base, most.toMillis());
    }

    /** The wait before the next try. */
    Duration next() {
        long high = Math.max(base + 1, previous * 3);
        previous = Math.min(most, random.nextLong(base, high));
        return Duration.ofMillis(previous);
    }

    /** Something worked: the next wait is short again. */
    void reset() {
        previous = 0;
    }
}
