package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.channel.ChannelPadding.Mode;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PaddingTimerTest {
    private static final long MILLI = 1_000_000;
    private static final long LOW = 1500 * MILLI;
    private static final long MOST_MORE = 8000 * MILLI;

    private ChannelPadding padding = ChannelPadding.DEFAULT;
    private final PaddingTimer timer = new PaddingTimer(() -> padding, new Random(1));

    @Test
    void waitsForTheLeastSilenceAndThenForATimeThatIsChosenOnce() {
        assertThat(timer.nanosLeft(100, 100)).isEqualTo(LOW);
        assertThat(timer.nanosLeft(600, 100)).isEqualTo(LOW - 500);
        long now = 100 + LOW;
        long left = timer.nanosLeft(now, 100);
        assertThat(left).isBetween(0L, MOST_MORE);
        assertThat(timer.nanosLeft(now + left / 2, 100)).isEqualTo(left - left / 2);
        assertThat(timer.nanosLeft(now + left, 100)).isZero();
        assertThat(timer.nanosLeft(now + left + 5, 100)).as("what is overdue").isEqualTo(-5);
    }

    @Test
    void countsAnewFromEachTransfer() {
        long due = LOW + timer.nanosLeft(LOW, 0);
        assertThat(timer.nanosLeft(due, due)).isEqualTo(LOW);
        assertThat(timer.nanosLeft(due + LOW, due)).isBetween(0L, MOST_MORE);
    }

    /** Of max(X, X), uniform from 0 to R, the mean is 2R/3. */
    @ParameterizedTest
    @EnumSource(value = Mode.class, names = {"NORMAL", "REDUCED"})
    void choosesTheGreaterOfTwo(Mode mode) {
        padding = padding.in(mode);
        PaddingTimer timer = new PaddingTimer(() -> padding, new Random(1));
        double sum = 0;
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int i = 0; i < 20_000; i++) {
            long more = timer.nanosLeft(i + MILLI * padding.low(mode), i) / MILLI;
            sum += more;
            least = Math.min(least, more);
            most = Math.max(most, more);
        }
        int range = padding.high(mode) - padding.low(mode);
        assertThat(sum / 20_000).isBetween(range * 0.65, range * 0.68);
        assertThat(least).isBetween(0L, range / 10L);
        assertThat(most).isBetween(range - range / 100L, range - 1L);
    }

    @Test
    void takesNewTimesAtOnce() {
        timer.nanosLeft(LOW, 0);
        padding = new ChannelPadding(Mode.NORMAL, 20_000, 20_000, 0, 0);
        assertThat(timer.nanosLeft(LOW, 0)).isEqualTo(20_000 * MILLI - LOW);
        assertThat(timer.nanosLeft(20_000 * MILLI, 0)).isZero();
        padding = new ChannelPadding(Mode.NORMAL, 30_000, 10_000, 0, 0);
        assertThat(timer.nanosLeft(30_000 * MILLI, 0)).as("a most below the least").isZero();
    }

    @Test
    void asksForNothingWherePaddingIsOff() {
        padding = ChannelPadding.DEFAULT.in(Mode.OFF);
        assertThat(new PaddingTimer(() -> padding, new Random(1)).nanosLeft(LOW, 0)).isEqualTo(Long.MAX_VALUE);
        padding = new ChannelPadding(Mode.NORMAL, 0, 0, 9000, 14_000);
        assertThat(timer.nanosLeft(LOW, 0)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void refusesTimesThatNoConsensusMayAskFor() {
        assertThatThrownBy(() -> new ChannelPadding(Mode.NORMAL, 0, 60_001, 0, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ChannelPadding(Mode.NORMAL, -1, 5, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
