package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.OnionMessage.Rendezvous2;
import dev.cepa.circuit.Circuit;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.OnionServiceException.Reason;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.testrelay.RelayCircuit;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client does about a service that was told, as its introduction point says, and does not come. */
@Timeout(120)
class DoubtTest {
    private static final Patience DOUBTFUL = new Patience(
            Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofMillis(50));

    /** The service that was told first is there no more. */
    private static class Moved extends PlayedService {
        Moved() throws IOException {
            patience = DOUBTFUL;
        }

        @Override
        byte[] directoryAnswer(int n) throws IOException {
            return ok(descriptor(n == 0 ? 5 : 6, 3));
        }

        @Override
        void rendezvous(int n, RelayCircuit circuit, byte[] handshake) throws IOException {
            if (n > 0) {
                super.rendezvous(n, circuit, handshake);
            }
        }
    }

    private static void assertClosed(PlayedService service) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        while (count(service, TorEvent.CircuitStatus.Status.CLOSED) < count(service, TorEvent.CircuitStatus.Status.BUILT)) {
            assertThat(System.nanoTime()).as("circuits that are left").isLessThan(end);
            Thread.sleep(5);
        }
    }

    private static long count(PlayedService service, TorEvent.CircuitStatus.Status status) {
        return service.events.stream()
                .filter(e -> e instanceof TorEvent.CircuitStatus c && c.status() == status)
                .count();
    }

    @Test
    void findsAServiceThatHasMovedThoughItsOldIntroductionPointsDoNotKnow() throws Exception {
        try (PlayedService service = new Moved()) {
            long begun = System.nanoTime();
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(DOUBTFUL.service());
            assertThat(service.fetches).hasValue(2);
            assertThat(service.introductions).hasValue(2);
            assertThat(service.rendezvous).hasValue(2);
            assertClosed(service);
        }
    }

    @Test
    void findsAServiceThatIsPublishedAgainOnlyAfterTheFirstLook() throws Exception {
        try (PlayedService service = new Moved() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                // What time it is, for the store, passes as it is asked.
                now = now.plus(DescriptorStore.RECHECK);
                return ok(descriptor(n < 4 ? 5 : 6, 3));
            }
        }) {
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(service.introductions).hasValue(2);
            assertClosed(service);
        }
    }

    @Test
    void takesTheServiceThatWasOnlySlow() throws Exception {
        try (PlayedService service = new Moved() {
            private RelayCircuit first;
            private byte[] answer;

            @Override
            void rendezvous(int n, RelayCircuit circuit, byte[] handshake) throws IOException {
                if (n == 0) {
                    first = circuit;
                    answer = handshake;
                } else {
                    first.send(0, new Rendezvous2(answer));
                }
            }
        }) {
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(service.introductions).hasValue(2);
            assertClosed(service);
        }
    }

    @Test
    void doesNotAskASlowServiceTwiceWithoutANewDescriptor() throws Exception {
        AtomicReference<RelayCircuit> waiting = new AtomicReference<>();
        AtomicReference<byte[]> answer = new AtomicReference<>();
        try (PlayedService service = new Moved() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                if (n == 2) {
                    waiting.get().send(0, new Rendezvous2(answer.get()));
                }
                return ok(descriptor(5, 3));
            }

            @Override
            void rendezvous(int n, RelayCircuit circuit, byte[] handshake) {
                answer.set(handshake);
                waiting.set(circuit);
            }
        }) {
            service.patience = new Patience(
                    Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofMillis(500));
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(service.introductions).hasValue(1);
            assertThat(service.fetches).hasValue(3);
            assertThat(service.rendezvous).hasValue(1);
            assertClosed(service);
        }
    }

    @Test
    void triesAnotherIntroductionPointWhenThereIsNoNewDescriptorTheSecondTime() throws Exception {
        try (PlayedService service = new Moved() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                now = now.plus(DescriptorStore.RECHECK);
                return ok(descriptor(5, 3));
            }
        }) {
            long begun = System.nanoTime();
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(DOUBTFUL.service());
            assertThat(service.introductions).hasValue(2);
            assertThat(service.fetches.get()).isGreaterThanOrEqualTo(4);
            assertClosed(service);
        }
    }

    @Test
    void givesUpInTheEndWhenTheServiceIsNowhere() throws Exception {
        try (PlayedService service = new Moved() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                return ok(descriptor(5, 1));
            }

            @Override
            void rendezvous(int n, RelayCircuit circuit, byte[] handshake) {
                // It does not come.
            }
        }) {
            service.patience = new Patience(
                    Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofMillis(500), Duration.ofMillis(50));
            assertThatThrownBy(() -> service.connector().connect(service.address, PlayedService.soon()))
                    .isInstanceOfSatisfying(
                            OnionServiceException.class, e -> assertThat(e.reason()).isEqualTo(Reason.RENDEZVOUS_FAILED));
            assertThat(service.introductions).hasValue(1);
            assertClosed(service);
        }
    }

    @Test
    void anInterruptedThreadLeavesNothingBehind() throws Exception {
        CountDownLatch twice = new CountDownLatch(2);
        try (PlayedService service = new Moved() {
            @Override
            void rendezvous(int n, RelayCircuit circuit, byte[] handshake) {
                twice.countDown();
            }
        }) {
            Thread waiting = Thread.ofVirtual().start(() -> assertThatThrownBy(
                            () -> service.connector().connect(service.address, PlayedService.soon()))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLOSED)));
            twice.await();
            waiting.interrupt();
            waiting.join();
            assertClosed(service);
        }
    }

    @Test
    void doubtsAfterThreeTimesWhatACircuitTakesWithinBounds() {
        Patience patience = Patience.DEFAULT;
        assertThat(patience.doubtAfter(Duration.ofMillis(10), false)).isEqualTo(Duration.ofSeconds(2));
        assertThat(patience.doubtAfter(Duration.ofMillis(1200), false)).isEqualTo(Duration.ofMillis(3600));
        assertThat(patience.doubtAfter(Duration.ofSeconds(60), false)).isEqualTo(Duration.ofSeconds(5));
        assertThat(patience.doubtAfter(Duration.ofMillis(10), true)).isEqualTo(Duration.ofSeconds(15));
    }

    @Test
    void directoriesAreAskedOnceInAWhileHoweverManyDoubt() throws Exception {
        try (PlayedService service = new PlayedService()) {
            DescriptorStore store = service.store();
            DescriptorStore.Found found = store.get(service.address, PlayedService.soon());
            assertThat(store.recheck(service.address, found, PlayedService.soon())).isEqualTo(found);
            assertThat(service.fetches).hasValue(3);
            assertThat(store.recheck(service.address, found, PlayedService.soon())).isEqualTo(found);
            assertThat(service.fetches).hasValue(3);
            service.now = service.now.plus(DescriptorStore.RECHECK);
            assertThat(store.recheck(service.address, found, PlayedService.soon())).isEqualTo(found);
            assertThat(service.fetches).as("none twice").hasValue(5);
        }
    }

    @Test
    void aRaceThatAllGiveUpIsLost() {
        try (Race race = new Race()) {
            race.enter("nowhere", () -> null);
            race.enter("trouble", () -> {
                throw new TorException(ErrorKind.CIRCUIT_FAILED, "lost");
            });
            assertThatThrownBy(() -> race.await(PlayedService.soon())).hasMessage("lost");
        }
    }

    @Test
    void whoIsAloneInARaceHasNothingToWaitFor() throws Exception {
        try (Race race = new Race()) {
            AtomicReference<Boolean> went = new AtomicReference<>();
            race.enter("alone", () -> {
                went.set(race.pause(Duration.ofMinutes(1)));
                return null;
            });
            assertThatThrownBy(() -> race.await(PlayedService.soon()))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
            assertThat(went).hasValue(false);
        }
    }

    @Test
    void whoComesSecondInARaceIsClosed() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        try (PlayedService service = new PlayedService()) {
            try (Race race = new Race()) {
                race.enter("first", () -> service.toRendezvousPoint(PlayedService.soon()));
                race.enter("second", () -> {
                    Circuit late = service.toRendezvousPoint(PlayedService.soon());
                    awaitUninterruptibly(over);
                    return late;
                });
                race.await(Deadline.in(Duration.ofSeconds(5))).close();
            }
            over.countDown();
            assertClosed(service);
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (true) {
            try {
                latch.await();
                return;
            } catch (InterruptedException e) {
                // It is late all the same.
            }
        }
    }
}
