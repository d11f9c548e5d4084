package dev.cepa.daemon;

/**
 * Decides, from the processor time that the process has used, when it does little after it has done something: the moment to
 * give memory back. Owned by one thread.
 */
final class QuietTimes {
    /** How often to ask, in seconds. */
    static final int TICK_SECONDS = 5;

    /** A tick with less work than this is quiet: 4% of one processor, more than a small request a second costs. */
    static final long QUIET_NANOS = 200_000_000L;
    /** Less work than this since the last time has not made enough to give back; to give back costs a tenth of it. */
    static final long WORTH_NANOS = 50_000_000L;

    private long lastTick;
    private long lastTrim;

    /** Whether now is such a moment; {@code cpuNanos} is the process's processor time so far. */
    boolean tick(long cpuNanos) {
        boolean quiet = cpuNanos - lastTick < QUIET_NANOS;
        lastTick = cpuNanos;
        if (!quiet || cpuNanos - lastTrim < WORTH_NANOS) {
            return false;
        }
        lastTrim = cpuNanos;
        return true;
    }
}
