package dev.cepa.daemon;

/**
 * Decides, from the processor time that the process has used, when it does little after it has done something: the moment to
 * give memory back. Owned by one thread.
 */
final class QuietTimes {
    /** What to do at a moment. */
    enum Rest {
        /** Nothing: there is work, or there has not been any. */
        NONE,
        /** Give back the pages of files that the work has touched. */
        PAGES,
        /** The same, and shrink the heap to what is live. */
        ALL
    }

    /** How often to ask, in seconds. */
    static final int TICK_SECONDS = 2;

    /** A tick with less work than this is quiet: 4% of one processor, more than a small request a second costs. */
    static final long QUIET_NANOS = 80_000_000L;
    /** What a reader of the metrics makes has touched megabytes of pages; to give them back costs a third of this. */
    static final long PAGES_NANOS = 10_000_000L;
    /** A collection costs more than giving pages back, and there is less to gain. */
    static final long ALL_NANOS = 100_000_000L;

    private long lastTick;
    private long lastPages;
    private long lastAll;

    /** What is due now; {@code cpuNanos} is the process's processor time so far. */
    Rest tick(long cpuNanos) {
        boolean quiet = cpuNanos - lastTick < QUIET_NANOS;
        lastTick = cpuNanos;
        if (!quiet || cpuNanos - lastPages < PAGES_NANOS) {
            return Rest.NONE;
        }
        lastPages = cpuNanos;
        if (cpuNanos - lastAll < ALL_NANOS) {
            return Rest.PAGES;
        }
        lastAll = cpuNanos;
        return Rest.ALL;
    }
}
