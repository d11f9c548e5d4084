package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SingleFlightTest {
    private static final Deadline SOON = Deadline.in(Duration.ofMinutes(2));
    private final SingleFlight<String, Integer> flights = new SingleFlight<>();
    private final AtomicInteger runs = new AtomicInteger();

    /** Runs one piece of work in many threads at once, all of which have come before it ends. */
    private List<Future<Integer>> together(int threads, SingleFlight.Work<Integer> work) throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        List<Future<Integer>> outcomes = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < threads; i++) {
                outcomes.add(executor.submit(() -> flights.run("key", SOON, "the work", () -> {
                    begun.countDown();
                    try {
                        go.await();
                        return work.run();
                    } catch (InterruptedException e) {
                        throw new TorException(ErrorKind.CLOSED, "interrupted", e);
                    }
                })));
            }
            begun.await();
            Thread.sleep(50);
            go.countDown();
        }
        return outcomes;
    }

    @Test
    void oneThreadWorksForAll() throws Exception {
        for (Future<Integer> outcome : together(20, runs::incrementAndGet)) {
            assertThat(outcome.get()).isEqualTo(1);
        }
        assertThat(flights.run("key", SOON, "the work", runs::incrementAndGet)).isEqualTo(2);
        assertThat(flights.run("other", SOON, "the work", runs::incrementAndGet)).isEqualTo(3);
    }

    @Test
    void allHearOfAFailure() throws Exception {
        for (Future<Integer> outcome : together(20, () -> {
            runs.incrementAndGet();
            throw new TorException(ErrorKind.ONION_SERVICE, "no");
        })) {
            assertThatThrownBy(outcome::get).hasCauseInstanceOf(TorException.class).hasMessageContaining("no");
        }
        assertThat(runs).hasValue(1);
    }

    @Test
    void anotherTakesOverFromOneWhoWasStopped() throws Exception {
        int failed = 0;
        for (Future<Integer> outcome : together(5, () -> {
            if (runs.incrementAndGet() == 1) {
                throw new TorException(ErrorKind.CLOSED, "the program went away");
            }
            return 7;
        })) {
            try {
                assertThat(outcome.get()).isEqualTo(7);
            } catch (java.util.concurrent.ExecutionException e) {
                failed++;
            }
        }
        assertThat(failed).isEqualTo(1);
    }

    @Test
    void waitingHasAnEnd() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Thread worker = Thread.startVirtualThread(() -> {
            try {
                flights.run("key", SOON, "the work", () -> {
                    begun.countDown();
                    try {
                        go.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return 1;
                });
            } catch (TorException e) {
                throw new AssertionError(e);
            }
        });
        begun.await();
        assertThatThrownBy(() -> flights.run("key", Deadline.in(Duration.ofMillis(50)), "the work", () -> 2))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
        go.countDown();
        worker.join();
    }
}
