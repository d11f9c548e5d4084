package dev.cepa.pool;

import dev.cepa.circuit.CongestionSettings;
import dev.cepa.circuit.CongestionSettings.Queue;
import dev.cepa.circuit.CongestionSettings.Streams;
import dev.cepa.netdoc.ConsensusInfo;
import org.jspecify.annotations.Nullable;

/** How the consensus wants congestion to be controlled (proposal 324 section 6.5; C tor's defaults and limits). */
public final class CongestionParams {
    private static final int VEGAS = 2;
    private static final int MANY = Integer.MAX_VALUE;

    private CongestionParams() {}

    /** Where a circuit leads to. */
    public enum Kind {
        /** An exit, or a service that does not hide where it is. */
        EXIT("exit"),
        /** An onion service. */
        ONION("onion");

        private final String word;

        Kind(String word) {
            this.word = word;
        }
    }

    /** For a circuit of that kind; null if the consensus wants fixed windows. */
    public static @Nullable CongestionSettings of(ConsensusInfo c, Kind kind) {
        if (c.param("cc_alg", VEGAS, 0, 3) != VEGAS) {
            return null;
        }
        CongestionSettings usual = CongestionSettings.EXIT;
        return new CongestionSettings(
                c.param("cc_sendme_inc", usual.sendmeIncrement(), 1, 254),
                c.param("cc_cwnd_init", usual.windowInitial(), 31, 10_000),
                c.param("cc_cwnd_min", usual.windowMin(), 31, 1000),
                c.param("cc_cwnd_max", usual.windowMax(), 500, MANY),
                c.param("cc_cwnd_inc", usual.windowIncrement(), 1, 1000),
                c.param("cc_cwnd_inc_rate", usual.incrementRate(), 1, 250),
                c.param("cc_cwnd_inc_pct_ss", usual.slowStartPercent(), 1, 500),
                c.param("cc_ss_max", usual.slowStartMax(), 500, MANY),
                c.param("cc_cwnd_full_gap", usual.fullGap(), 0, 32_767),
                c.param("cc_cwnd_full_minpct", usual.fullMinPercent(), 0, 100),
                c.param("cc_cwnd_full_per_cwnd", 1, 0, 1) == 1,
                c.param("cc_ewma_cwnd_pct", usual.averagePercent(), 1, 255),
                c.param("cc_ewma_max", usual.averageMax(), 2, MANY),
                c.param("cc_ewma_ss", usual.averageSlowStart(), 2, MANY),
                c.param("cc_rtt_reset_pct", usual.resetPercent(), 0, 100),
                queue(c, kind),
                streams(c, kind));
    }

    private static Queue queue(ConsensusInfo c, Kind kind) {
        Queue usual = kind == Kind.EXIT ? Queue.EXIT : Queue.ONION;
        return new Queue(
                c.param("cc_vegas_alpha_" + kind.word, usual.alpha(), 0, 1000),
                c.param("cc_vegas_beta_" + kind.word, usual.beta(), 0, 1000),
                c.param("cc_vegas_gamma_" + kind.word, usual.gamma(), 0, 1000),
                c.param("cc_vegas_delta_" + kind.word, usual.delta(), 0, 1000),
                c.param("cc_sscap_" + kind.word, usual.slowStartCap(), 100, MANY));
    }

    private static Streams streams(ConsensusInfo c, Kind kind) {
        int client = 488 * c.param("cc_xoff_client", 500, 1, 10_000);
        int exit = 488 * c.param("cc_xoff_exit", 500, 1, 10_000);
        return new Streams(client, kind == Kind.EXIT ? exit : client, 498 * c.param("cc_xon_rate", 500, 1, 5000));
    }
}
