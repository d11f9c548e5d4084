package dev.cepa.pool;

/**
 * What a pool has and has done. Immutable.
 *
 * @param open circuits that are open now
 * @param unused how many of them have carried no stream yet
 * @param pending circuits that are being built now
 * @param hits streams that found an open circuit
 * @param waits streams that waited for a circuit that was being built already
 * @param misses streams that a circuit had to be begun for
 * @param built circuits that were built
 * @param failed circuits that could not be built
 * @param slow circuits that took too long to be used
 */
public record PoolStatistics(
        int open, int unused, int pending, long hits, long waits, long misses, long built, long failed, long slow) {}
