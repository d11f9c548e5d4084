package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ClockWatchTest {
    private Instant wall = Instant.parse("2026-11-24T01:00:00Z");
    private long nanos = 5;
    private final ClockWatch watch = new ClockWatch(() -> wall, () -> nanos);

    private ClockWatch.Jump after(Duration onTheWall, Duration monotonic) {
        wall = wall.plus(onTheWall);
        nanos += monotonic.toNanos();
        return watch.look();
    }

    @Test
    void timeThatPassesEvenlyIsNothing() {
        for (int i = 0; i < 10; i++) {
            assertThat(after(Duration.ofSeconds(5), Duration.ofSeconds(5))).isNull();
        }
        assertThat(after(Duration.ofSeconds(104), Duration.ofSeconds(5))).as("adjusted").isNull();
        assertThat(after(Duration.ofSeconds(1000), Duration.ofSeconds(1000))).as("a busy computer").isNull();
    }

    @Test
    void sleepAndSetClocksAreJumps() {
        assertThat(after(Duration.ofHours(8), Duration.ofSeconds(5)))
                .isEqualTo(new ClockWatch.Jump(Duration.ofHours(8), false));
        assertThat(after(Duration.ofSeconds(5), Duration.ofSeconds(5))).as("once").isNull();
        assertThat(after(Duration.ofSeconds(-95), Duration.ofSeconds(5)))
                .isEqualTo(new ClockWatch.Jump(Duration.ofSeconds(-95), false));
    }

    @Test
    void aProgramThatStoodStillForAnHourHasMissedAsMuch() {
        assertThat(after(Duration.ofHours(1), Duration.ofHours(1)))
                .isEqualTo(new ClockWatch.Jump(Duration.ofHours(1), true));
    }
}
