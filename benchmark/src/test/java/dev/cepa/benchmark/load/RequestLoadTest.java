package dev.cepa.benchmark.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class RequestLoadTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private static RequestLoad.Plan plan(int requests, int workers, Duration timeout) {
        return new RequestLoad.Plan(requests, workers, Duration.ZERO, timeout);
    }

    private static RequestLoad.Outcome run(RequestLoad.Plan plan, Duration time, RequestLoad.Request request)
            throws InterruptedException, TimeoutException {
        return new RequestLoad(plan, Deadline.in(time), request).run(over -> {});
    }

    @Test
    void makesEachRequestOnceAndNoMoreThanItsWorkersAtATime() throws Exception {
        Set<Integer> numbers = ConcurrentHashMap.newKeySet();
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        RequestLoad.Outcome outcome = run(plan(100, 4, LONG), LONG, (number, deadline) -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            numbers.add(number);
            sleep(1);
            now.decrementAndGet();
        });
        assertThat(numbers).hasSize(100).contains(0, 99);
        assertThat(most.get()).isBetween(2, 4);
        assertThat(outcome.done()).isEqualTo(100);
        assertThat(outcome.failed() + outcome.cutOff()).isZero();
        assertThat(outcome.describeErrors()).isEmpty();
    }

    @Test
    void goesOnAfterFailuresAndCountsThem() throws Exception {
        RequestLoad.Outcome outcome = run(plan(20, 3, LONG), LONG, (number, deadline) -> {
            if (number % 4 == 0) {
                throw new IOException("refused");
            }
            if (number == 1) {
                throw new WrongContentException("wrong content");
            }
        });
        assertThat(outcome.done()).isEqualTo(14);
        assertThat(outcome.failed()).isEqualTo(6);
        assertThat(outcome.wrong()).isEqualTo(1);
        assertThat(outcome.cutOff()).isZero();
        assertThat(outcome.describeErrors()).isEqualTo("5 x refused; 1 x wrong content");
    }

    @Test
    void whatIsNotOverWhenTheTimeIsUpIsCutOffAndHasNotFailed() throws Exception {
        long begin = System.nanoTime();
        RequestLoad.Outcome outcome = run(plan(20, 2, LONG), Duration.ofSeconds(3), RequestLoadTest::hangFromTheSecondOn);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofMillis(2900), Duration.ofSeconds(30));
        assertThat(outcome.done()).isEqualTo(2);
        assertThat(outcome.failed()).isZero();
        assertThat(outcome.cutOff()).isEqualTo(18);
    }

    @Test
    void aRequestThatHangsFailsWithItsOwnTime() throws Exception {
        RequestLoad.Outcome outcome = run(plan(4, 2, Duration.ofMillis(50)), LONG, RequestLoadTest::hangFromTheSecondOn);
        assertThat(outcome.done()).isEqualTo(2);
        assertThat(outcome.failed()).isEqualTo(2);
        assertThat(outcome.describeErrors()).isEqualTo("2 x late");
    }

    @Test
    void endsWhenItsWatcherSaysSo() {
        AtomicInteger ended = new AtomicInteger();
        RequestLoad load = new RequestLoad(plan(20, 2, LONG), Deadline.in(LONG), (number, deadline) -> {
            try {
                sleep(20_000);
            } finally {
                ended.incrementAndGet();
            }
        });
        assertThatThrownBy(() -> load.run(over -> {
            throw new TimeoutException("enough");
        })).isInstanceOf(TimeoutException.class);
        assertThat(ended.get()).isLessThanOrEqualTo(2);
    }

    private static void hangFromTheSecondOn(int number, Deadline deadline) throws IOException {
        if (number >= 2) {
            sleep(deadline.millisLeft());
            throw new IOException("late");
        }
    }

    private static void sleep(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
