package dev.cepa.daemon;

import java.util.concurrent.TimeUnit;

/** When a controller's NEWNYM is granted: as in C tor, every ten seconds at most; asked for sooner, it waits. Owned by one thread. */
final class NewIdentities {
    private static final long INTERVAL = TimeUnit.SECONDS.toNanos(10);

    private boolean granted;
    private long last;
    private boolean waiting;

    /**
     * Asks for one.
     *
     * @param now a moment of {@link System#nanoTime}
     * @return 0 if it is granted; else how long it waits, in nanoseconds
     */
    long ask(long now) {
        long left = granted ? last + INTERVAL - now : 0;
        waiting = left > 0;
        if (waiting) {
            return left;
        }
        granted = true;
        last = now;
        return 0;
    }

    /** How long until the one that waits is due; {@link Long#MAX_VALUE} if none does. */
    long nanosLeft(long now) {
        return waiting ? last + INTERVAL - now : Long.MAX_VALUE;
    }
}
