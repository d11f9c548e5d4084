package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class QuietTimesTest {
    private static final long SECOND = 1_000_000_000L;

    private final QuietTimes times = new QuietTimes();

    @Test
    void comesToRestOnceAfterTheStart() {
        assertThat(times.tick(SECOND)).isFalse();
        assertThat(times.tick(SECOND + 1)).isTrue();
        assertThat(times.tick(SECOND + 2)).isFalse();
    }

    @Test
    void isNeverAtRestWhileItWorks() {
        for (int i = 1; i < 10; i++) {
            assertThat(times.tick(i * SECOND)).isFalse();
        }
    }

    @Test
    void comesToRestAgainWhenALittleWorkHasAddedUp() {
        assertThat(times.tick(SECOND)).isFalse();
        long cpu = SECOND;
        int rests = 0;
        for (int i = 0; i < 50; i++) {
            cpu += QuietTimes.WORTH_NANOS / 4;
            rests += times.tick(cpu) ? 1 : 0;
        }
        assertThat(rests).isBetween(12, 13);
    }
}
