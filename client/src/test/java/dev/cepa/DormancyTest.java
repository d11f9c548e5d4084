package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.path.StateFile;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class DormancyTest {
    private Instant now = Instant.parse("2026-11-24T01:00:00Z");
    private final StateFile state = StateFile.inMemory("1", () -> now);
    private final DormantSettings settings = DormantSettings.DEFAULT;

    private Dormancy dormancy(DormantSettings by) {
        return new Dormancy(state, by, () -> now);
    }

    private static DormantSettings with(boolean onFirstStart, boolean endedByStart) {
        return new DormantSettings(true, Duration.ofDays(1), true, onFirstStart, endedByStart);
    }

    @Test
    void aClientRestsAfterADayWithoutUseAndWakesWhenItIsUsed() {
        Dormancy dormancy = dormancy(settings);
        now = now.plus(Duration.ofHours(23));
        assertThat(dormancy.check(settings, 0)).isFalse();
        dormancy.used();
        now = now.plus(Duration.ofHours(24)).minusMillis(1);
        assertThat(dormancy.check(settings, 0)).isFalse();
        now = now.plusMillis(1);
        assertThat(dormancy.check(settings, 0)).isTrue();
        assertThat(dormancy.check(settings, 0)).as("already").isFalse();
        assertThat(dormancy.isDormant()).isTrue();
        assertThat(dormancy.used()).isTrue();
        assertThat(dormancy.used()).isFalse();
        assertThat(dormancy.isDormant()).isFalse();
    }

    @Test
    void openStreamsHoldItAwakeUnlessTheUserSaysNo() {
        Dormancy dormancy = dormancy(settings);
        now = now.plus(Duration.ofDays(3));
        assertThat(dormancy.check(settings, 1)).isFalse();
        now = now.plus(Duration.ofHours(23));
        assertThat(dormancy.check(settings, 0)).as("since the stream was last seen").isFalse();
        now = now.plus(Duration.ofHours(1));
        assertThat(dormancy.check(new DormantSettings(true, Duration.ofDays(1), false, false, false), 1)).isTrue();
    }

    @Test
    void itCanBeToldNeverToRestByItself() {
        Dormancy dormancy = dormancy(settings);
        now = now.plus(Duration.ofDays(30));
        assertThat(dormancy.check(new DormantSettings(false, Duration.ofDays(1), true, false, false), 0)).isFalse();
        assertThat(dormancy.rest()).isTrue();
    }

    @Test
    void aClockThatIsPutBackDoesNotKeepItAwakeForEver() {
        Dormancy dormancy = dormancy(settings);
        now = now.minus(Duration.ofDays(365));
        assertThat(dormancy.check(settings, 0)).isFalse();
        now = now.plus(Duration.ofDays(1));
        assertThat(dormancy.check(settings, 0)).isTrue();
    }

    @Test
    void restAndTheTimeSinceUseSurviveInTheStateFile() throws Exception {
        Dormancy first = dormancy(settings);
        now = now.plus(Duration.ofHours(20));
        state.markDirty();
        state.save();
        assertThat(state.value("Dormant")).isEqualTo("0");
        assertThat(state.value("MinutesSinceUserActivity")).isEqualTo("1200");
        now = now.plus(Duration.ofDays(100));
        Dormancy second = dormancy(settings);
        now = now.plus(Duration.ofHours(4));
        assertThat(second.check(settings, 0)).as("twenty hours of before, and four").isTrue();
        second.rest();
        state.replace("Dormant", List.of("1"));
        assertThat(dormancy(settings).isDormant()).isTrue();
        assertThat(dormancy(with(false, true)).isDormant()).isFalse();
        assertThat(first.isDormant()).isFalse();
    }

    @Test
    void theFirstStartMayBeARest() {
        assertThat(dormancy(settings).isDormant()).isFalse();
        assertThat(dormancy(with(true, false)).isDormant()).isTrue();
        assertThat(dormancy(with(true, true)).isDormant()).as("which is a start, and that ends it").isFalse();
        assertThat(dormancy(with(false, true)).isDormant()).isFalse();
    }

    @Test
    void aStartThatEndsRestCountsAsUse() {
        state.replace("Dormant", List.of("0"));
        state.replace("MinutesSinceUserActivity", List.of("1439"));
        Dormancy going = dormancy(with(false, false));
        Dormancy begun = dormancy(with(false, true));
        now = now.plus(Duration.ofMinutes(1));
        assertThat(begun.check(with(false, true), 0)).isFalse();
        assertThat(going.check(with(false, false), 0)).as("a day since it was used").isTrue();
    }

    @Test
    void aClientThatNeverRestsByItselfDoesNotStartAtRest() {
        DormantSettings never = new DormantSettings(false, Duration.ofDays(1), true, true, false);
        assertThat(dormancy(never).isDormant()).as("its first start").isFalse();
        state.replace("Dormant", List.of("1"));
        assertThat(dormancy(never).isDormant()).as("when it rested before").isFalse();
        assertThat(dormancy(settings).isDormant()).isTrue();
    }

    @Test
    void tenMinutesIsTheLeast() {
        assertThatThrownBy(() -> new DormantSettings(true, Duration.ofMinutes(9), true, false, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("DormantClientTimeout");
    }
}
