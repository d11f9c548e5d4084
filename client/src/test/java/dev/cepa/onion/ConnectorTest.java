package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.OnionMessage;
import dev.cepa.cell.OnionMessage.Rendezvous2;
import dev.cepa.cell.OnionMessage.RendezvousEstablished;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.OnionServiceException.Reason;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.testrelay.RelayCircuit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client and relays that lie to it, over TCP and TLS. */
@Timeout(120)
class ConnectorTest {
    private static void assertFails(Reason reason, PlayedService service) {
        assertThatThrownBy(() -> service.connector().connect(service.address, PlayedService.soon()))
                .isInstanceOfSatisfying(OnionServiceException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }

    /** Circuits that were made for a purpose and are not closed. */
    private static long open(PlayedService service) {
        long launched = count(service, TorEvent.CircuitStatus.Status.BUILT);
        return launched - count(service, TorEvent.CircuitStatus.Status.CLOSED);
    }

    private static long count(PlayedService service, TorEvent.CircuitStatus.Status status) {
        return service.events.stream()
                .filter(e -> e instanceof TorEvent.CircuitStatus c && c.status() == status)
                .count();
    }

    @Test
    void reachesAnHonestService() throws Exception {
        try (PlayedService service = new PlayedService()) {
            Connector connector = service.connector();
            try (Circuit first = connector.connect(service.address, PlayedService.soon());
                    Circuit second = connector.connect(service.address, PlayedService.soon())) {
                assertThat(first.isOpen()).isTrue();
                assertThat(second).isNotSameAs(first);
                assertThat(first.path()).hasSize(1);
            }
            assertThat(service.fetches).hasValue(1);
            assertThat(service.introductions).hasValue(2);
            assertThat(service.introductionLengths).containsExactly(490, 490);
            assertThat(open(service)).isZero();
        }
    }

    @Test
    void tellsHowDirectoriesHaveRefused() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                return switch (n) {
                    case 0 -> status("400 Bad request");
                    case 1 -> status("500 Oops");
                    case 2 -> status("503 Busy");
                    default -> ok(descriptor(5, 3));
                };
            }
        }) {
            service.connector().connect(service.address, PlayedService.soon()).close();
            List<String> reasons = new ArrayList<>();
            List<Integer> lengths = new ArrayList<>();
            for (TorEvent event : service.events) {
                if (event instanceof TorEvent.OnionDescriptor d && d.action() == TorEvent.OnionDescriptor.Action.FAILED) {
                    reasons.add(d.reason());
                    assertThat(d.isUpload()).isFalse();
                } else if (event instanceof TorEvent.OnionDescriptorContent content) {
                    lengths.add(Math.min(1, content.document().length));
                }
            }
            assertThat(reasons).containsExactly("QUERY_REJECTED", "UNEXPECTED", "UNEXPECTED");
            assertThat(lengths).as("no content, until there is some").containsExactly(0, 0, 0, 1);
        }
    }

    @Test
    void asksAnotherDirectoryWhenOneLies() throws Exception {
        Ed25519KeyPair other = Ed25519KeyPair.generate(PlayedService.RANDOM);
        try (PlayedService service = new PlayedService() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                byte[] descriptor = descriptor(5, 3);
                return switch (n) {
                    case 0 -> {
                        descriptor[descriptor.length - 20] ^= 1;
                        yield ok(descriptor);
                    }
                    case 1 -> ok(descriptor(other, 5, 3));
                    case 2 -> status("404 Not found");
                    case 3 -> "nonsense\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
                    case 4 -> ok(new byte[DescriptorReader.MAX_BYTES + 1]);
                    default -> ok(descriptor);
                };
            }
        }) {
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(service.fetches).hasValue(6);
            List<String> reasons = service.events.stream()
                    .filter(e -> e instanceof TorEvent.OnionDescriptor d
                            && d.action() == TorEvent.OnionDescriptor.Action.FAILED)
                    .map(e -> ((TorEvent.OnionDescriptor) e).reason())
                    .toList();
            assertThat(reasons).containsExactly("BAD_DESC", "BAD_DESC", "NOT_FOUND", "BAD_DESC", "BAD_DESC");
        }
    }

    @Test
    void saysThatAllDirectoriesLied() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            byte[] directoryAnswer(int n) {
                return ok("hs-descriptor 3\n".getBytes(StandardCharsets.US_ASCII));
            }
        }) {
            assertFails(Reason.DESCRIPTOR_INVALID, service);
            assertThat(service.fetches).hasValue(6);
            assertThat(open(service)).isZero();
        }
    }

    @Test
    void asksEachDirectoryOnceInFifteenMinutes() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            byte[] directoryAnswer(int n) {
                return status("404 Not found");
            }
        }) {
            Connector connector = service.connector();
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> connector.connect(service.address, PlayedService.soon()))
                        .isInstanceOfSatisfying(
                                OnionServiceException.class,
                                e -> assertThat(e.reason()).isEqualTo(Reason.DESCRIPTOR_NOT_FOUND));
                assertThat(service.fetches).hasValue(6);
                service.now = service.now.plus(Duration.ofMinutes(5));
            }
            assertThatThrownBy(() -> connector.connect(service.address, PlayedService.soon()));
            assertThat(service.fetches).hasValue(12);
        }
    }

    @Test
    void fetchesANewDescriptorWhenNoIntroductionPointKnowsTheService() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                // The second directory has an older one.
                return ok(descriptor(n == 0 ? 5 : n == 1 ? 4 : 6, 3));
            }

            @Override
            int introductionStatus(int n) {
                return n < 3 ? 1 : 0;
            }
        }) {
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(service.fetches).hasValue(3);
            assertThat(service.introductions).hasValue(4);
            assertThat(service.rendezvous).hasValue(1);
        }
    }

    @Test
    void givesUpWhenThereIsNoNewerDescriptor() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            int introductionStatus(int n) {
                return 1 + n;
            }
        }) {
            assertFails(Reason.INTRODUCTION_FAILED, service);
            assertThat(service.fetches).hasValue(3);
            assertThat(service.introductions).hasValue(3);
            assertThat(open(service)).isZero();
        }
    }

    @Test
    void aServiceWithoutIntroductionPointsCannotBeReached() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                return ok(descriptor(1, 0));
            }
        }) {
            assertFails(Reason.INTRODUCTION_FAILED, service);
        }
    }

    @Test
    void aRendezvousPointThatAnswersForTheServiceIsNotBelieved() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            void rendezvous(int n, RelayCircuit circuit, byte[] handshake) throws IOException {
                if (n == 0) {
                    handshake[40] ^= 1;
                }
                circuit.send(0, new Rendezvous2(n == 1 ? new byte[10] : handshake));
            }
        }) {
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(service.introductions).hasValue(3);
            assertThat(service.rendezvous).hasValue(3);
            assertThat(open(service)).isZero();
        }
    }

    @Test
    void aRendezvousPointThatAnswersBeforeAnybodyWasIntroducedIsLeft() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            void established(int n, RelayCircuit circuit) throws IOException {
                if (n == 0) {
                    circuit.send(0, new Rendezvous2(new byte[64]));
                } else {
                    super.established(n, circuit);
                }
            }
        }) {
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(service.rendezvous).hasValue(2);
        }
    }

    @Test
    void aSecondAnswerEndsTheCircuit() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            void established(int n, RelayCircuit circuit) throws IOException {
                super.established(n, circuit);
                if (n < 2) {
                    circuit.send(0, new RendezvousEstablished());
                }
            }
        }) {
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(service.rendezvous.get()).isGreaterThanOrEqualTo(2);
        }
    }

    @Test
    void anIntroductionPointThatBreaksOffIsNotAskedTwice() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            public boolean onMessage(RelayCircuit circuit, int command, int streamId, byte[] body) throws IOException {
                if (command == OnionMessage.INTRODUCE1 && introductions.get() < 2) {
                    introductions.incrementAndGet();
                    circuit.destroy(0);
                    return true;
                }
                return super.onMessage(circuit, command, streamId, body);
            }
        }) {
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(service.introductions).hasValue(3);
            // Each may have told the service of its rendezvous point, so none is named again.
            assertThat(service.rendezvous).hasValue(3);
            assertThat(open(service)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 6})
    void pointsToWhichNoCircuitCouldBeBuiltAreTriedAgainSixTimesInAll(int failing) throws Exception {
        AtomicInteger tried = new AtomicInteger();
        try (PlayedService service = new PlayedService() {
            @Override
            public Circuit to(HopTarget last, Purpose purpose, Deadline deadline) throws TorException {
                if (purpose == Purpose.INTRODUCTION && tried.getAndIncrement() < failing) {
                    throw new TorException(ErrorKind.CIRCUIT_FAILED, "played");
                }
                return super.to(last, purpose, deadline);
            }

            @Override
            byte[] directoryAnswer(int n) throws IOException {
                return ok(descriptor(5, 2));
            }
        }) {
            if (failing < 6) {
                service.connector().connect(service.address, PlayedService.soon()).close();
                assertThat(tried).hasValue(failing + 1);
            } else {
                assertFails(Reason.INTRODUCTION_FAILED, service);
                assertThat(tried).hasValue(6);
            }
            assertThat(open(service)).isZero();
        }
    }

    @Test
    void anInterruptedThreadLeavesNothingBehind() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            void rendezvous(int n, RelayCircuit circuit, byte[] handshake) {
                // never comes
            }
        }) {
            Thread waiting = Thread.ofVirtual().start(() -> assertThatThrownBy(
                            () -> service.connector().connect(service.address, PlayedService.soon()))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLOSED)));
            while (service.introductions.get() == 0) {
                Thread.sleep(10);
            }
            Thread.sleep(50);
            waiting.interrupt();
            waiting.join();
            assertThat(open(service)).isZero();
        }
    }

    @Test
    void saysThatTheServiceNeverCame() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            void rendezvous(int n, RelayCircuit circuit, byte[] handshake) throws IOException {
                circuit.destroy(1);
            }
        }) {
            assertFails(Reason.RENDEZVOUS_FAILED, service);
            assertThat(open(service)).isZero();
        }
    }
}
