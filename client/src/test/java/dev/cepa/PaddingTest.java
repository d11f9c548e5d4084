package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.channel.ChannelPadding;
import dev.cepa.channel.ChannelPadding.Mode;
import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.TestDirectory;
import dev.cepa.pool.PoolSettings;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How a client's channels are padded, of what the user and the consensus say. */
class PaddingTest {
    private final TestDirectory network = new TestDirectory();

    private ConsensusInfo consensus() {
        return network.build().consensus();
    }

    @Test
    void theConsensusSaysWhenAndTheUserWhether() throws Exception {
        TorConfig config = TorConfig.builder().inMemory().channelPadding(Mode.REDUCED, true).build();
        ChannelPadding first = new ChannelPadding(Mode.REDUCED, true, true, true, 1500, 9500, 9000, 14_000);
        assertThat(PaddingRules.of(config, null)).isEqualTo(first);
        assertThat(PaddingRules.of(config, consensus())).isEqualTo(first);
        network.param("nf_ito_low", 1).param("nf_ito_high", 2).param("nf_ito_low_reduced", 3).param("nf_ito_high_reduced", 4);
        network.param("nf_pad_before_usage", 0);
        assertThat(PaddingRules.of(config, consensus()))
                .isEqualTo(new ChannelPadding(Mode.REDUCED, true, true, false, 1, 2, 3, 4));
    }

    @Test
    void idleChannelsAreKeptHalfAsLongWithReducedPaddingUnlessTheUserHasSaidHowLong() throws Exception {
        TorConfigBuilder config = TorConfig.builder().inMemory().channelPadding(Mode.REDUCED, false);
        assertThat(PaddingRules.of(config.build(), null).shortIdle()).isTrue();
        assertThat(config.build().pool.shortRelevance()).isTrue();
        PoolSettings d = PoolSettings.DEFAULT;
        config.pool(new PoolSettings(
                d.streamTimeout(), null, d.maxCircuitDirtiness(), Duration.ofMinutes(5), d.newCircuitPeriod(), true, 32));
        assertThat(PaddingRules.of(config.build(), null).shortIdle()).isFalse();
        config.pool(d).channelPadding(Mode.NORMAL, false);
        assertThat(PaddingRules.of(config.build(), null).shortIdle()).isFalse();
        assertThat(config.build().pool.shortRelevance()).isFalse();
    }
}
