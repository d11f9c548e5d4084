package dev.cepa.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class LatencyTrackerTest {
    /** The definition, word for word: the smallest value such that at least so many thousandths are not above it. */
    private static long exact(List<Long> values, int thousandths) {
        List<Long> sorted = values.stream().sorted().toList();
        for (int i = 0; i < sorted.size(); i++) {
            if ((i + 1) * 1000L >= (long) thousandths * sorted.size()) {
                return sorted.get(i);
            }
        }
        throw new AssertionError("all values are not above the largest");
    }

    @Property(tries = 500)
    void percentilesAreThoseOfTheSortedValues(
            @ForAll @Size(min = 1, max = 300) List<@LongRange(min = 0, max = 100_000_000_000L) Long> values,
            @ForAll @IntRange(min = 0, max = 1000) int thousandths) {
        LatencyTracker tracker = new LatencyTracker();
        values.forEach(tracker::recordNanos);
        long exact = exact(values, thousandths);
        long told = tracker.percentile(thousandths / 10.0).toNanos();
        assertThat(told).isBetween(exact, exact + exact / 1000);
        assertThat(told).isLessThanOrEqualTo(tracker.max().toNanos());
        assertThat(tracker.max().toNanos()).isEqualTo(values.stream().mapToLong(Long::longValue).max().orElseThrow());
        assertThat(tracker.count()).isEqualTo(values.size());
    }

    @Test
    void ofAHundredValuesTheNinetyFifthPercentileIsTheNinetyFifth() {
        LatencyTracker tracker = new LatencyTracker();
        for (int i = 100; i >= 1; i--) {
            tracker.recordNanos(i);
        }
        assertThat(tracker.percentile(95)).isEqualTo(Duration.ofNanos(95));
        Latencies all = tracker.summary();
        assertThat(all.p50()).isEqualTo(Duration.ofNanos(50));
        assertThat(all.p99()).isEqualTo(Duration.ofNanos(99));
        assertThat(all.max()).isEqualTo(Duration.ofNanos(100));
        assertThat(all.distribution()).isSortedAccordingTo((a, b) -> a.value().compareTo(b.value()));
    }

    @Test
    void ofFewValuesTheHighPercentilesAreTheLargest() {
        LatencyTracker tracker = new LatencyTracker();
        tracker.record(Duration.ofMillis(3));
        tracker.record(Duration.ofMillis(8));
        assertThat(tracker.percentile(50).toMillis()).isEqualTo(3);
        assertThat(tracker.percentile(99)).isEqualTo(Duration.ofMillis(8));
    }

    @Test
    void nothingRecordedIsZeroAndNonsenseIsRefused() {
        LatencyTracker tracker = new LatencyTracker();
        assertThat(tracker.summary().p99()).isZero();
        assertThatThrownBy(() -> tracker.recordNanos(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> tracker.percentile(100.1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> tracker.percentile(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
        tracker.record(Duration.ofDays(400));
        assertThat(tracker.max()).isEqualTo(Duration.ofDays(1));
    }

    @Test
    void addsWhatAnotherHasRecorded() {
        LatencyTracker all = new LatencyTracker();
        all.recordNanos(1_000_000);
        LatencyTracker other = new LatencyTracker();
        other.recordNanos(3_000_001);
        other.recordNanos(2_000_000);
        all.addAll(other);
        assertThat(all.count()).isEqualTo(3);
        assertThat(all.max().toNanos()).isEqualTo(3_000_001);
        assertThat(all.percentile(0).toNanos()).isCloseTo(1_000_000, within(1000L));
    }
}
