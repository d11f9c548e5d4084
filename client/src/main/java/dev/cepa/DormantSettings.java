package dev.cepa;

import java.time.Duration;

/**
 * When a client that nobody uses goes to rest: it fetches nothing and builds nothing until a stream is asked for.
 *
 * @param enabled whether it ever does by itself
 * @param timeout after how long without a stream being asked for
 * @param heldByStreams whether a stream that is open keeps it awake, even a silent one
 * @param onFirstStart whether it rests from its first start on until it is used
 * @param endedByStart whether starting it again wakes it
 */
public record DormantSettings(
        boolean enabled, Duration timeout, boolean heldByStreams, boolean onFirstStart, boolean endedByStart) {
    /** C tor's: after a day, unless streams are open. */
    public static final DormantSettings DEFAULT = new DormantSettings(true, Duration.ofDays(1), true, false, false);

    /** Refuses a timeout under 10 minutes, as C tor does. */
    public DormantSettings {
        if (timeout.compareTo(Duration.ofMinutes(10)) < 0) {
            throw new IllegalArgumentException("DormantClientTimeout is too low. It must be at least 10 minutes.");
        }
    }
}
