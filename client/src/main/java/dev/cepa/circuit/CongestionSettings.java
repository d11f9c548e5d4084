package dev.cepa.circuit;

/**
 * How a circuit's window follows the path (proposal 324), as the consensus says for the kind of path. Windows are in DATA
 * cells; the parameters of the consensus that each comes from are in brackets.
 *
 * @param sendmeIncrement cells that one SENDME confirms (cc_sendme_inc)
 * @param windowInitial at first (cc_cwnd_init)
 * @param windowMin at least (cc_cwnd_min)
 * @param windowMax at most (cc_cwnd_max)
 * @param windowIncrement the step of the steady state (cc_cwnd_inc)
 * @param incrementRate steps a window (cc_cwnd_inc_rate)
 * @param slowStartPercent growth in slow start, of {@code sendmeIncrement} (cc_cwnd_inc_pct_ss)
 * @param slowStartMax slow start ends there (cc_ss_max)
 * @param fullGap a window counts as full with so many increments less in flight (cc_cwnd_full_gap)
 * @param fullMinPercent and as not full with less than this in flight (cc_cwnd_full_minpct)
 * @param fullPerWindow whether it is asked anew once a window, or else once an update (cc_cwnd_full_per_cwnd)
 * @param averagePercent how many updates the average of round trips covers, in percent of a window's (cc_ewma_cwnd_pct)
 * @param averageMax but no more than so many (cc_ewma_max)
 * @param averageSlowStart and so many in slow start (cc_ewma_ss)
 * @param resetPercent how far the shortest round trip is given up at the least window (cc_rtt_reset_pct)
 * @param queue what the lengths of the queue mean
 * @param streams how streams are stopped
 */
public record CongestionSettings(
        int sendmeIncrement,
        int windowInitial,
        int windowMin,
        int windowMax,
        int windowIncrement,
        int incrementRate,
        int slowStartPercent,
        int slowStartMax,
        int fullGap,
        int fullMinPercent,
        boolean fullPerWindow,
        int averagePercent,
        int averageMax,
        int averageSlowStart,
        int resetPercent,
        Queue queue,
        Streams streams) {
    /**
     * Lengths of the queue on the path, in cells, for one kind of path (cc_vegas_alpha_exit and so on).
     *
     * @param alpha below, the window grows
     * @param beta above, it shrinks
     * @param gamma above, slow start ends
     * @param delta above, it is cut
     * @param slowStartCap a window from which slow start is limited (cc_sscap_exit)
     */
    public record Queue(int alpha, int beta, int gamma, int delta, int slowStartCap) {
        /** Of circuits to exits, unless the consensus says otherwise. */
        public static final Queue EXIT = new Queue(186, 248, 186, 310, 600);
        /** Of circuits to onion services. */
        public static final Queue ONION = new Queue(186, 372, 248, 434, 475);
    }

    /**
     * When streams are stopped; bytes.
     *
     * @param ownStop unread so much, and we stop the far end (cc_xoff_client)
     * @param farStop the far end does not stop us before so much was sent (cc_xoff_exit; to a service cc_xoff_client)
     * @param rate nor tells us its speed more often than after so much (cc_xon_rate)
     */
    public record Streams(int ownStop, int farStop, int rate) {
        /** Unless the consensus says otherwise. */
        public static final Streams DEFAULT = new Streams(500 * 488, 500 * 488, 500 * 498);
    }

    /** Of circuits to exits, unless the consensus says otherwise. */
    public static final CongestionSettings EXIT = new CongestionSettings(
            31, 124, 124, Integer.MAX_VALUE, 1, 31, 100, 5000, 4, 25, true, 50, 10, 2, 100, Queue.EXIT, Streams.DEFAULT);

    /** The same with another number of cells that one SENDME confirms. */
    public CongestionSettings withSendmeIncrement(int increment) {
        return new CongestionSettings(
                increment, windowInitial, windowMin, windowMax, windowIncrement, incrementRate, slowStartPercent,
                slowStartMax, fullGap, fullMinPercent, fullPerWindow, averagePercent, averageMax, averageSlowStart,
                resetPercent, queue, streams);
    }
}
