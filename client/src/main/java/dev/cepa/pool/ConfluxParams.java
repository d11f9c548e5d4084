package dev.cepa.pool;

import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.Protocols;
import dev.cepa.netdoc.RelayFlags;

/**
 * How the consensus wants sets of circuits (proposal 329; C tor's defaults and limits).
 *
 * @param legs circuits in a set (cfx_num_legs_set)
 * @param maxSets sets at once (cfx_max_linked_set)
 * @param prebuilt sets that are kept ready (cfx_max_prebuilt_set): one while few exits take them, none while none does or the
 *     user or the consensus wants none
 * @param retries how often a leg is tried again before the set is given up (cfx_max_unlinked_leg_retry)
 * @param maxQueuedBytes what may wait to be put in order (cfx_max_oooq_bytes)
 */
record ConfluxParams(int legs, int maxSets, int prebuilt, int retries, int maxQueuedBytes) {
    private static final int MANY = 255;

    /** For that network and that choice of the user. */
    static ConfluxParams of(NetDir dir, ConfluxChoice.Mode mode) {
        ConsensusInfo c = dir.consensus();
        boolean wanted = mode != ConfluxChoice.Mode.OFF
                && (mode == ConfluxChoice.Mode.ON || c.param("cfx_enabled", 1, 0, 1) == 1)
                && CongestionParams.of(c, CongestionParams.Kind.EXIT) != null;
        int most = c.param("cfx_max_legs_set", 8, 3, MANY);
        return new ConfluxParams(
                Math.min(c.param("cfx_num_legs_set", 2, 0, MANY), most),
                c.param("cfx_max_linked_set", 10, 0, MANY),
                wanted ? prebuilt(dir) : 0,
                c.param("cfx_max_unlinked_leg_retry", 3, 0, MANY),
                c.param("cfx_max_oooq_bytes", Integer.MAX_VALUE, 0, Integer.MAX_VALUE));
    }

    private static int prebuilt(NetDir dir) {
        ConsensusInfo c = dir.consensus();
        int exits = 0;
        int able = 0;
        for (int relay = 0; relay < dir.size(); relay++) {
            int flags = dir.flags(relay);
            if ((flags & RelayFlags.EXIT) != 0 && (flags & RelayFlags.BAD_EXIT) == 0) {
                exits++;
                able += isAble(dir, relay) ? 1 : 0;
            }
        }
        int most = c.param("cfx_max_prebuilt_set", 3, 0, MANY);
        if (able == 0 || most == 0) {
            return 0;
        }
        int threshold = c.param("cfx_low_exit_threshold", 6000, 0, 10_000);
        return 10_000L * able < (long) threshold * exits ? 1 : most;
    }

    private static boolean isAble(NetDir dir, int relay) {
        return dir.supports(relay, Protocols.Name.CONFLUX, 1) && dir.supports(relay, Protocols.Name.FLOW_CTRL, 2);
    }

    /** Whether a set is of any use. */
    boolean wantsSets() {
        return prebuilt > 0 && legs > 1;
    }
}
