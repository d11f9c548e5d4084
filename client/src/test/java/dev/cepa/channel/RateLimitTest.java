package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    private static final long SECOND = 1_000_000_000L;

    private final RateLimit limit = new RateLimit();

    @Test
    void letsEverythingPassUntilThereIsARate() {
        assertThat(limit.isOn()).isFalse();
        assertThat(limit.nanosLeft(0)).isZero();
        assertThat(limit.available(0)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void letsABurstPassAndThenTheRate() {
        limit.set(1000, 5000, 0);
        assertThat(limit.available(0)).isEqualTo(5000);
        limit.take(5000, 0);
        assertThat(limit.nanosLeft(0)).isEqualTo(SECOND / 1000);
        assertThat(limit.available(SECOND)).isEqualTo(1000);
        assertThat(limit.available(100 * SECOND)).as("no more than a burst").isEqualTo(5000);
    }

    @Test
    void hasWhatWasTakenTooMuchMadeUpFor() {
        limit.set(1000, 1000, 0);
        limit.take(3000, 0);
        assertThat(limit.nanosLeft(0)).isEqualTo(2 * SECOND + SECOND / 1000);
        assertThat(limit.nanosLeft(2 * SECOND + SECOND / 1000)).isZero();
    }

    @Test
    void goesOnWithAnotherRate() {
        limit.set(1000, 1000, 0);
        limit.take(1000, 0);
        limit.set(2000, 4000, 0);
        assertThat(limit.available(SECOND)).as("not filled by the change").isEqualTo(2000);
        limit.set(0, 0, SECOND);
        assertThat(limit.isOn()).isFalse();
        assertThat(limit.nanosLeft(SECOND)).isZero();
    }

    @Test
    void aLinkToALocalAddressCountsOnlyIfTold() throws Exception {
        LinkLimits limits = new LinkLimits();
        limits.set(new LinkSettings(Duration.ofMinutes(5), 1000, 1000, false, 0));
        for (int i = 0; i < 100; i++) {
            assertThat(limits.awaitWrite(true, 100_000, () -> true)).isEqualTo(100_000);
        }
        assertThat(limits.awaitWrite(false, 100_000, () -> true)).isEqualTo(1024);
        assertThat(limits.awaitWrite(false, 100_000, () -> false)).as("closed while it waits").isZero();
        limits.set(new LinkSettings(Duration.ofMinutes(5), 1000, 1000, true, 0));
        assertThat(limits.awaitWrite(true, 100_000, () -> false)).isZero();
    }
}
