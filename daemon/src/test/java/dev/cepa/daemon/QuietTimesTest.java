package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.daemon.QuietTimes.Rest;
import org.junit.jupiter.api.Test;

class QuietTimesTest {
    private static final long SECOND = 1_000_000_000L;

    private final QuietTimes times = new QuietTimes();

    @Test
    void comesToRestOnceAfterTheStart() {
        assertThat(times.tick(SECOND)).isEqualTo(Rest.NONE);
        assertThat(times.tick(SECOND + 1)).isEqualTo(Rest.ALL);
        assertThat(times.tick(SECOND + 2)).isEqualTo(Rest.NONE);
    }

    @Test
    void isNeverAtRestWhileItWorks() {
        for (int i = 1; i < 10; i++) {
            assertThat(times.tick(i * SECOND)).isEqualTo(Rest.NONE);
        }
    }

    @Test
    void givesPagesBackAgainWhenALittleWorkHasAddedUpAndTheHeapWhenMoreHas() {
        assertThat(times.tick(SECOND)).isEqualTo(Rest.NONE);
        long cpu = SECOND;
        int pages = 0;
        int all = 0;
        for (int i = 0; i < 80; i++) {
            cpu += QuietTimes.PAGES_NANOS / 2;
            Rest rest = times.tick(cpu);
            pages += rest == Rest.PAGES ? 1 : 0;
            all += rest == Rest.ALL ? 1 : 0;
        }
        assertThat(all).isEqualTo(4);
        assertThat(pages).isBetween(35, 36);
    }
}
