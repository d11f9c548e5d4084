package dev.cepa.onion.pow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EffortQueueTest {
    private static final int NONE = 0;

    private long now = -5;

    private EffortQueue<String> queue(int rate, int burst) {
        return new EffortQueue<>(rate, burst, now);
    }

    private void pass(long millis) {
        now += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private List<String> takeAll(EffortQueue<String> queue) {
        List<String> taken = new ArrayList<>();
        for (String one = queue.poll(NONE, now); one != null; one = queue.poll(NONE, now)) {
            taken.add(one);
        }
        return taken;
    }

    @Test
    void whoHasWorkedMostComesFirstAndAmongEqualsWhoCameFirst() {
        EffortQueue<String> queue = queue(0, 0);
        queue.add("idle", 0, now);
        queue.add("first", 7, now);
        queue.add("second", 7, now);
        queue.add("most", 1L << 31, now);
        assertThat(takeAll(queue)).containsExactly("most", "first", "second", "idle");
        assertThat(queue.size()).isZero();
    }

    @Test
    void handlesABurstAndThenNoMoreThanTheRate() {
        EffortQueue<String> queue = queue(2, 5);
        for (int i = 0; i < 20; i++) {
            queue.add("" + i, 0, now);
        }
        assertThat(takeAll(queue)).hasSize(5);
        pass(1000);
        assertThat(takeAll(queue)).hasSize(2);
        pass(250);
        assertThat(takeAll(queue)).isEmpty();
        pass(250);
        assertThat(takeAll(queue)).hasSize(1);
        pass(2000);
        assertThat(takeAll(queue)).hasSize(4);
        assertThat(queue.size()).isEqualTo(8);
    }

    @Test
    void whoHasWaitedTooLongIsLeftOut() {
        EffortQueue<String> queue = queue(0, 0);
        queue.add("old", 9, now);
        pass(EffortQueue.PATIENCE.toMillis() + 1);
        queue.add("new", 0, now);
        assertThat(takeAll(queue)).containsExactly("new");
    }

    @Test
    void whoDoesNotWorkWaitsWhileManyAreInProgress() {
        EffortQueue<String> queue = crowded();
        queue.endPeriod();
        assertThat(queue.suggested()).isEqualTo(1);
        takeAll(queue);
        queue.add("idle", 0, now);
        assertThat(queue.poll(EffortQueue.CHEAP_AT_ONCE, now)).isNull();
        queue.add("worked", 1, now);
        assertThat(queue.poll(EffortQueue.CHEAP_AT_ONCE, now)).isEqualTo("worked");
        assertThat(queue.poll(EffortQueue.CHEAP_AT_ONCE, now)).isNull();
        assertThat(queue.poll(EffortQueue.CHEAP_AT_ONCE - 1, now)).isEqualTo("idle");
    }

    /** One request has been handled, of effort 0, and more than the low mark wait. */
    private EffortQueue<String> crowded() {
        EffortQueue<String> queue = queue(0, 0);
        for (int i = 0; i < 20; i++) {
            queue.add("" + i, 0, now);
        }
        queue.poll(NONE, now);
        return queue;
    }

    @Test
    void suggestsTheAverageEffortOfWhatWasHandledWhileThereIsAQueue() {
        EffortQueue<String> queue = queue(1, 2);
        for (int i = 0; i < 20; i++) {
            queue.add("" + i, 10, now);
        }
        takeAll(queue);
        queue.endPeriod();
        // 20 requests' effort was more than enough to have 2 handled.
        assertThat(queue.suggested()).isEqualTo(100);
        queue.add("little", 10, now);
        pass(1000);
        takeAll(queue);
        queue.endPeriod();
        // Those that wait are not worth it.
        assertThat(queue.suggested()).isEqualTo(100);
    }

    @Test
    void suggestsLessWhenThereIsNoQueueAndNothingInTheEnd() {
        EffortQueue<String> queue = crowded();
        queue.endPeriod();
        queue.endPeriod();
        assertThat(queue.suggested()).as("a queue that stands, as nothing was handled").isEqualTo(1);
        takeAll(queue);
        queue.endPeriod();
        queue.endPeriod();
        assertThat(queue.suggested()).isZero();
    }

    @Test
    void ofTooManyTheHalfWithLessWorkIsDiscardedAndMoreIsSuggested() {
        EffortQueue<String> queue = queue(1, 4);
        for (int i = 1; i <= 63; i++) {
            queue.add("" + i, i, now);
        }
        assertThat(queue.size()).isEqualTo(63);
        queue.add("64", 64, now);
        assertThat(queue.size()).isEqualTo(32);
        assertThat(takeAll(queue)).containsExactly("64", "63", "62", "61");
        queue.endPeriod();
        assertThat(queue.suggested()).isEqualTo(64 * 65 / 2 / 4);
    }

    @Test
    void neverHoldsMoreThanItsBoundWhateverTheRate() {
        EffortQueue<String> queue = queue(1_000_000, 2_000_000_000);
        for (int i = 0; i < 3 * EffortQueue.MOST; i++) {
            queue.add("x", i % 100, now);
            assertThat(queue.size()).isLessThan(EffortQueue.MOST);
        }
    }

    @Test
    void suggestsNoMoreThanCanBeWrittenDown() {
        EffortQueue<String> queue = queue(0, 0);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 20; i++) {
                queue.add("" + i, 0xffffffffL, now);
            }
            queue.poll(NONE, now);
            queue.endPeriod();
            assertThat(queue.suggested()).isEqualTo(0xffffffffL);
        }
    }
}
