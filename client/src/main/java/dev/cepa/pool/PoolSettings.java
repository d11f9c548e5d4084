package dev.cepa.pool;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.time.Duration;

/**
 * How circuits are kept for streams.
 *
 * @param buildTimeout how long one circuit may take to build before another is tried
 * @param streamTimeout how long a stream may take in all, over every circuit tried for it
 * @param maxCircuitDirtiness how long after its first stream a circuit takes new ones
 * @param idleTimeout how long a clean circuit is kept unused
 * @param spareCircuits how many clean circuits are kept ready
 * @param maxPendingCircuits how many circuits may be under construction at once
 */
public record PoolSettings(
        Duration buildTimeout,
        Duration streamTimeout,
        Duration maxCircuitDirtiness,
        Duration idleTimeout,
        int spareCircuits,
        int maxPendingCircuits) {
    /** C tor's values: 60 s, 2 minutes, 10 minutes, 30 minutes, 2 and 32. */
    public static final PoolSettings DEFAULT = new PoolSettings(
            Duration.ofSeconds(60), Duration.ofMinutes(2), Duration.ofMinutes(10), Duration.ofMinutes(30), 2, 32);

    public PoolSettings {
        if (spareCircuits < 0 || spareCircuits > 14) {
            throw new IllegalArgumentException("spare circuits must be 0 to 14, not " + spareCircuits);
        }
        if (maxPendingCircuits < 1 || maxPendingCircuits > 1024) {
            throw new IllegalArgumentException("pending circuits must be 1 to 1024, not " + maxPendingCircuits);
        }
    }

    /** With another limit for one stream. */
    public PoolSettings withStreamTimeout(Duration timeout) throws TorException {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new TorException(ErrorKind.CONFIG, "a stream's time limit must be positive, not " + timeout);
        }
        return new PoolSettings(
                buildTimeout, timeout, maxCircuitDirtiness, idleTimeout, spareCircuits, maxPendingCircuits);
    }

    /** With another age at which used circuits take no more streams. */
    public PoolSettings withMaxCircuitDirtiness(Duration age) {
        return new PoolSettings(buildTimeout, streamTimeout, age, idleTimeout, spareCircuits, maxPendingCircuits);
    }

    /** With another number of clean circuits kept ready. */
    public PoolSettings withSpareCircuits(int spares) {
        return new PoolSettings(
                buildTimeout, streamTimeout, maxCircuitDirtiness, idleTimeout, spares, maxPendingCircuits);
    }
}
