package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.netdoc.TestDirectory;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class TimePeriodTest {
    private static TimePeriod at(String validAfter) {
        return TimePeriod.of(new TestDirectory().validAfter(Instant.parse(validAfter)).build().consensus(), false);
    }

    /** The specification's example. */
    @Test
    void periodsChangeAtNoon() {
        assertThat(at("2016-04-13T11:00:00Z").number()).isEqualTo(16903);
        assertThat(at("2016-04-13T11:59:59Z").number()).isEqualTo(16903);
        assertThat(at("2016-04-13T12:00:00Z").number()).isEqualTo(16904);
        assertThat(at("2016-04-13T12:00:00Z").start()).isEqualTo("2016-04-13T12:00:00Z");
        assertThat(at("2016-04-13T12:00:00Z").end()).isEqualTo("2016-04-14T12:00:00Z");
        assertThat(at("2016-04-13T12:00:00Z").previous()).isEqualTo(at("2016-04-13T11:00:00Z"));
    }

    @Test
    void lengthIsTheConsensus() {
        TestDirectory network = new TestDirectory().validAfter(Instant.parse("2016-04-13T12:00:00Z"));
        network.param("hsdir_interval", 60);
        assertThat(TimePeriod.of(network.build().consensus(), false).lengthMinutes()).isEqualTo(60);
        network.param("hsdir_interval", 1);
        assertThat(TimePeriod.of(network.build().consensus(), false).lengthMinutes()).isEqualTo(5);
        // A test network's is as long as 24 votes.
        assertThat(TimePeriod.of(network.build().consensus(), true).lengthMinutes()).isEqualTo(1440);
    }

    @Test
    void sharedRandomValuesChangeAtMidnightAndPeriodsAtNoon() {
        assertThat(beforeSharedRandom("2016-04-13T00:00:00Z")).isFalse();
        assertThat(beforeSharedRandom("2016-04-13T11:00:00Z")).isFalse();
        assertThat(beforeSharedRandom("2016-04-13T12:00:00Z")).isTrue();
        assertThat(beforeSharedRandom("2016-04-13T23:00:00Z")).isTrue();
    }

    private static boolean beforeSharedRandom(String validAfter) {
        return HsDirRing.isBeforeSharedRandom(
                new TestDirectory().validAfter(Instant.parse(validAfter)).build().consensus(), at(validAfter));
    }
}
