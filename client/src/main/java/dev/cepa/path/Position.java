package dev.cepa.path;

import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.RelayFlags;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A place in a path, with the bandwidth weights that go with it (dir-spec section 3.8.3, path-spec section 2.2). */
enum Position {
    GUARD("Wgg", "Wgm", null, "Wgd"),
    MIDDLE("Wmg", "Wmm", "Wme", "Wmd"),
    EXIT("Weg", "Wem", "Wee", "Wed"),
    /** A hop of an onion-service circuit behind its guard: no family, and no subnet, keeps it from being with others. */
    VANGUARD("Wmg", "Wmm", "Wme", "Wmd"),
    /** The one relay of a directory fetch without a guard. */
    DIRECTORY("Wbg", "Wbm", "Wbe", "Wbd");

    private final String guard;
    private final String middle;
    private final @Nullable String exit;
    private final String both;

    Position(String guard, String middle, @Nullable String exit, String both) {
        this.guard = guard;
        this.middle = middle;
        this.exit = exit;
        this.both = both;
    }

    /**
     * Factors by which a relay's bandwidth counts here, each with and without being a directory cache.
     *
     * @return eight factors of at least 0: index 1 is set for guards, 2 for exits, 4 for directory caches
     */
    double[] factors(ConsensusInfo consensus) {
        double scale = consensus.param("bwweightscale", 10_000, 1, Integer.MAX_VALUE);
        double[] base = {
            consensus.bandwidthWeight(middle),
            consensus.bandwidthWeight(guard),
            exit == null ? 0 : consensus.bandwidthWeight(exit),
            consensus.bandwidthWeight(both),
        };
        double[] directory = {scale, scale, scale, scale};
        if (this != DIRECTORY) {
            directory[0] = consensus.bandwidthWeight("Wmb");
            directory[1] = consensus.bandwidthWeight("Wgb");
            directory[2] = consensus.bandwidthWeight("Web");
            directory[3] = consensus.bandwidthWeight("Wdb");
        }
        double[] factors = new double[8];
        for (int i = 0; i < 4; i++) {
            if (base[i] < 0 || directory[i] < 0) {
                // A consensus without (all) weights: every relay counts by its bandwidth alone.
                Arrays.fill(factors, 1);
                return factors;
            }
            factors[i] = base[i] / scale;
            factors[i + 4] = base[i] / scale * (directory[i] / scale);
        }
        return factors;
    }

    /** Index into {@link #factors} for a relay with those flags. */
    static int kind(int flags) {
        boolean exit = (flags & (RelayFlags.EXIT | RelayFlags.BAD_EXIT)) == RelayFlags.EXIT;
        return ((flags & RelayFlags.GUARD) != 0 ? 1 : 0) | (exit ? 2 : 0) | ((flags & RelayFlags.V2_DIR) != 0 ? 4 : 0);
    }
}
