package dev.cepa;

import dev.cepa.channel.ChannelPadding;
import dev.cepa.netdoc.ConsensusInfo;
import org.jspecify.annotations.Nullable;

/** How channels are padded. */
final class PaddingRules {
    private PaddingRules() {}

    /** How channels are padded as the user and the consensus, if there is one, want it. */
    static ChannelPadding of(TorConfig config, @Nullable ConsensusInfo consensus) {
        ChannelPadding padding = ChannelPadding.DEFAULT;
        if (consensus != null) {
            int max = ChannelPadding.MAX_MILLIS;
            padding = new ChannelPadding(
                    padding.mode(),
                    padding.forced(),
                    padding.shortIdle(),
                    consensus.param("nf_pad_before_usage", 1, 0, 1) == 1,
                    consensus.param("nf_ito_low", padding.lowMillis(), 0, max),
                    consensus.param("nf_ito_high", padding.highMillis(), 0, max),
                    consensus.param("nf_ito_low_reduced", padding.reducedLowMillis(), 0, max),
                    consensus.param("nf_ito_high_reduced", padding.reducedHighMillis(), 0, max));
        }
        // A user who has said how long circuits are to be kept ready has said what he wants of channels.
        boolean shortIdle = config.padding == ChannelPadding.Mode.REDUCED && config.pool.portRelevance() == null;
        return padding.in(config.padding, config.forcePadding, shortIdle);
    }
}
