package dev.cepa.error;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

class DeadlineTest {
    @Test
    void countsDown() {
        Deadline deadline = Deadline.in(Duration.ofHours(1));
        assertThat(deadline.passed()).isFalse();
        assertThat(deadline.nanosLeft()).isBetween(Duration.ofMinutes(59).toNanos(), Duration.ofHours(1).toNanos());
        assertThat(deadline.millisLeft()).isBetween(59 * 60_000, 3_600_000);
    }

    @Test
    void passes() {
        Deadline deadline = Deadline.in(Duration.ofSeconds(-1));
        assertThat(deadline.passed()).isTrue();
        assertThat(deadline.millisLeft()).isZero();
        assertThat(deadline.nanosLeft()).isNegative();
    }

    @Test
    void neverRoundsALittleTimeDownToNone() {
        // A socket timeout of zero would mean none at all.
        Deadline deadline = Deadline.in(Duration.ofHours(1));
        assertThat((long) deadline.millisLeft() * 1_000_000).isGreaterThanOrEqualTo(deadline.nanosLeft());
    }

    @Test
    void endlessDurationsCountAsACentury() {
        Deadline deadline = Deadline.in(Duration.ofSeconds(Long.MAX_VALUE));
        assertThat(deadline.passed()).isFalse();
        assertThat(deadline.millisLeft()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void atMostTakesTheEarlier() {
        Deadline hour = Deadline.in(Duration.ofHours(1));
        assertThat(hour.atMost(Duration.ofHours(2))).isSameAs(hour);
        assertThat(hour.atMost(Duration.ofMinutes(1)).nanosLeft()).isLessThanOrEqualTo(Duration.ofMinutes(1).toNanos());
    }

    @Test
    void awaitingGivesUpOnceItHasPassedOrTheThreadIsInterrupted() {
        ReentrantLock lock = new ReentrantLock();
        Condition never = lock.newCondition();
        lock.lock();
        try {
            assertThatExceptionOfType(TorException.class)
                    .isThrownBy(() -> Deadline.in(Duration.ZERO).await(never, "the test"))
                    .withMessageContaining("waiting for the test")
                    .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT))
                    .satisfies(e -> assertThat(e.remedy()).isEqualTo(ErrorKind.TIMEOUT.remedy()));

            Thread.currentThread().interrupt();
            assertThatExceptionOfType(TorException.class)
                    .isThrownBy(() -> Deadline.in(Duration.ofHours(1)).await(never, "the test"))
                    .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLOSED));
            assertThat(Thread.interrupted()).as("the interrupt is still there").isTrue();
        } finally {
            lock.unlock();
        }
    }

    @Test
    void everyKindOfErrorHasARemedy() {
        for (ErrorKind kind : ErrorKind.values()) {
            assertThat(kind.remedy()).as(kind.name()).endsWith(".");
        }
    }
}
