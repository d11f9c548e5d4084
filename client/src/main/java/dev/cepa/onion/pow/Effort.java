package dev.cepa.onion.pow;

/**
 * How much work a client does, as C tor's does: what the service suggests, and more after each attempt that failed. An
 * effort of n is n solutions of Equi-X on average.
 */
public final class Effort {
    /** More than this is not worked for a service; some minutes on an ordinary computer. */
    public static final long MAX = 10_000;

    /** A second attempt works at least so much, even if the service suggests nothing. */
    private static final long LEAST_AFTER_FAILURE = 8;
    /** Up to here each failure doubles the effort; from here on it adds one half. */
    private static final long DOUBLED_BELOW = 1000;

    private Effort() {}

    /**
     * The effort of the next attempt.
     *
     * @param suggested what the service's descriptor suggests
     * @param failures how often its introduction point could not be reached before
     * @return the effort, at most {@link #MAX}; 0 if the attempt is made without proof of work
     */
    public static long next(long suggested, int failures) {
        long effort = Math.min(suggested, MAX);
        for (int i = 0; i < failures && effort < MAX; i++) {
            long more = effort < DOUBLED_BELOW ? 2 * effort : effort + effort / 2;
            effort = Math.clamp(more, LEAST_AFTER_FAILURE, MAX);
        }
        return effort;
    }
}
