package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.OnionMessage;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.End;
import dev.cepa.circuit.Circuit;
import dev.cepa.crypto.HopCrypto;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.OnionDescriptor;
import dev.cepa.pool.IsolationKey;
import dev.cepa.pool.StreamRequest;
import dev.cepa.testrelay.RelayCircuit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What relays and services can do wrong, on each of the circuits of a client's connection; another is always asked. */
@Timeout(120)
class ClientFaultTest {
    private static final Patience LITTLE =
            new Patience(Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(2));

    /** A message that is as long as the longest part of an answer, and means nothing. */
    private static void babble(RelayCircuit circuit, int command, int streamId) throws IOException {
        circuit.send(command, streamId, new byte[200]);
    }

    private static int streamIdFor(int command) {
        return switch (command) {
            case RelayMessage.BEGIN, RelayMessage.DATA, RelayMessage.END, RelayMessage.CONNECTED, RelayMessage.RESOLVE,
                    RelayMessage.RESOLVED, RelayMessage.BEGIN_DIR -> 77;
            default -> 0;
        };
    }

    private static void assertConnects(PlayedService service) throws Exception {
        try (Circuit circuit = service.connector().connect(service.address, PlayedService.soon())) {
            assertThat(circuit.isOpen()).isTrue();
        }
        assertThat(service.events.stream().filter(e -> isCircuit(e, TorEvent.CircuitStatus.Status.CLOSED)).count())
                .as("closed circuits")
                .isEqualTo(service.events.stream().filter(e -> isCircuit(e, TorEvent.CircuitStatus.Status.BUILT)).count());
    }

    private static boolean isCircuit(TorEvent event, TorEvent.CircuitStatus.Status status) {
        return event instanceof TorEvent.CircuitStatus c && c.status() == status;
    }

    // ---- directories ----

    @Test
    void asksAnotherDirectoryWhenOneRefuses() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            public boolean onMessage(RelayCircuit circuit, int command, int streamId, byte[] body) throws IOException {
                if (command != RelayMessage.DATA || fetches.get() > 3) {
                    return super.onMessage(circuit, command, streamId, body);
                }
                switch (fetches.getAndIncrement()) {
                    case 0 -> circuit.destroy(0);
                    case 1 -> circuit.send(streamId, new End(1));
                    case 2 -> {
                        circuit.send(RelayMessage.DATA, streamId, status("503 Busy"));
                        circuit.send(streamId, new End(6));
                    }
                    default -> {
                        circuit.send(RelayMessage.DATA, streamId,
                                "HTTP/1.0 200 OK\r\nContent-Length: 900\r\n\r\nhs-desc".getBytes(StandardCharsets.US_ASCII));
                        circuit.send(streamId, new End(6));
                    }
                }
                return true;
            }
        }) {
            assertConnects(service);
            assertThat(service.fetches).hasValue(5);
            assertThat(failures(service)).hasSize(4);
        }
    }

    private static List<String> failures(PlayedService service) {
        return service.events.stream()
                .filter(e -> e instanceof OnionDescriptor d && d.action() == OnionDescriptor.Action.FAILED)
                .map(e -> ((OnionDescriptor) e).reason())
                .toList();
    }

    @Test
    void asksAnotherDirectoryWhenOneIsSilent() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            public boolean onMessage(RelayCircuit circuit, int command, int streamId, byte[] body) throws IOException {
                return command == RelayMessage.DATA && fetches.compareAndSet(0, 1)
                        || super.onMessage(circuit, command, streamId, body);
            }
        }) {
            service.patience = LITTLE;
            assertConnects(service);
            assertThat(service.fetches).hasValue(2);
        }
    }

    @Test
    void anOlderDescriptorDoesNotReplaceTheOneAtHand() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                return ok(descriptor(n == 0 ? 9 : 8 - n, 3));
            }
        }) {
            DescriptorStore store = service.store();
            DescriptorStore.Found first = store.get(service.address, PlayedService.soon());
            assertThat(store.newer(service.address, first, PlayedService.soon())).isEqualTo(first);
            assertThat(store.get(service.address, PlayedService.soon())).isEqualTo(first);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {
        RelayMessage.BEGIN, RelayMessage.CONNECTED, RelayMessage.RESOLVED, RelayMessage.SENDME, RelayMessage.EXTENDED2,
        RelayMessage.TRUNCATED, OnionMessage.INTRODUCE2, OnionMessage.INTRODUCE_ACK, OnionMessage.INTRO_ESTABLISHED,
        OnionMessage.RENDEZVOUS_ESTABLISHED, OnionMessage.RENDEZVOUS2
    })
    void asksAnotherDirectoryWhenOneSendsWhatNobodyExpects(int command) throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            public boolean onMessage(RelayCircuit circuit, int received, int streamId, byte[] body) throws IOException {
                if (received == RelayMessage.DATA && fetches.compareAndSet(0, 1)) {
                    babble(circuit, command, streamIdFor(command));
                    return true;
                }
                return super.onMessage(circuit, received, streamId, body);
            }
        }) {
            assertConnects(service);
            assertThat(service.fetches).hasValue(2);
        }
    }

    // ---- introduction points ----

    @Test
    void triesAnotherIntroductionPointWhenOneIsSilent() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            public boolean onMessage(RelayCircuit circuit, int command, int streamId, byte[] body) throws IOException {
                return command == OnionMessage.INTRODUCE1 && introductions.compareAndSet(0, 1)
                        || super.onMessage(circuit, command, streamId, body);
            }
        }) {
            service.patience = LITTLE;
            assertConnects(service);
            assertThat(service.introductions).hasValue(2);
            assertThat(service.rendezvous).as("the service may have been told of the first").hasValue(2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {
        RelayMessage.BEGIN, RelayMessage.DATA, RelayMessage.END, RelayMessage.CONNECTED, RelayMessage.RESOLVED,
        RelayMessage.SENDME, RelayMessage.EXTENDED2, RelayMessage.TRUNCATED, OnionMessage.INTRODUCE2,
        OnionMessage.INTRO_ESTABLISHED, OnionMessage.RENDEZVOUS_ESTABLISHED, OnionMessage.RENDEZVOUS2,
        OnionMessage.INTRODUCE1, OnionMessage.RENDEZVOUS1, OnionMessage.ESTABLISH_INTRO, OnionMessage.ESTABLISH_RENDEZVOUS
    })
    void triesAnotherIntroductionPointWhenOneSendsWhatNobodyExpects(int command) throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            public boolean onMessage(RelayCircuit circuit, int received, int streamId, byte[] body) throws IOException {
                if (received == OnionMessage.INTRODUCE1 && introductions.compareAndSet(0, 1)) {
                    babble(circuit, command, streamIdFor(command));
                    return true;
                }
                return super.onMessage(circuit, received, streamId, body);
            }
        }) {
            assertConnects(service);
            assertThat(service.introductions).hasValue(2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void triesAnotherIntroductionPointWhenOnesAnswerIsTooShort(int length) throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            public boolean onMessage(RelayCircuit circuit, int received, int streamId, byte[] body) throws IOException {
                if (received == OnionMessage.INTRODUCE1 && introductions.compareAndSet(0, 1)) {
                    circuit.send(OnionMessage.INTRODUCE_ACK, 0, new byte[length]);
                    return true;
                }
                return super.onMessage(circuit, received, streamId, body);
            }
        }) {
            assertConnects(service);
            assertThat(service.introductions).hasValue(2);
        }
    }

    // ---- rendezvous points ----

    @Test
    void takesAnotherRendezvousPointWhenOneIsSilent() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            void established(int n, RelayCircuit circuit) throws IOException {
                if (n > 0) {
                    super.established(n, circuit);
                }
            }
        }) {
            service.patience = LITTLE;
            assertConnects(service);
            assertThat(service.rendezvous).hasValue(2);
        }
    }

    @Test
    void takesAnotherRendezvousPointWhenTheServiceDoesNotCome() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            void rendezvous(int n, RelayCircuit circuit, byte[] handshake) throws IOException {
                if (n > 0) {
                    super.rendezvous(n, circuit, handshake);
                }
            }
        }) {
            service.patience = LITTLE;
            assertConnects(service);
            assertThat(service.introductions).hasValue(2);
            assertThat(service.rendezvous).hasValue(2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {
        RelayMessage.BEGIN, RelayMessage.DATA, RelayMessage.END, RelayMessage.CONNECTED, RelayMessage.RESOLVED,
        RelayMessage.SENDME, RelayMessage.EXTENDED2, RelayMessage.TRUNCATED, OnionMessage.INTRODUCE2,
        OnionMessage.INTRODUCE_ACK, OnionMessage.INTRO_ESTABLISHED, OnionMessage.INTRODUCE1, OnionMessage.RENDEZVOUS1,
        OnionMessage.ESTABLISH_INTRO, OnionMessage.ESTABLISH_RENDEZVOUS
    })
    void takesAnotherRendezvousPointWhenOneSendsWhatNobodyExpects(int command) throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            void rendezvous(int n, RelayCircuit circuit, byte[] handshake) throws IOException {
                if (n == 0) {
                    babble(circuit, command, streamIdFor(command));
                } else {
                    super.rendezvous(n, circuit, handshake);
                }
            }
        }) {
            assertConnects(service);
            assertThat(service.introductions).hasValue(2);
            assertThat(service.rendezvous).hasValue(2);
        }
    }

    // ---- services ----

    @ParameterizedTest
    @ValueSource(ints = {
        RelayMessage.BEGIN, RelayMessage.DATA, RelayMessage.CONNECTED, RelayMessage.RESOLVED, RelayMessage.SENDME,
        RelayMessage.EXTENDED2, RelayMessage.TRUNCATED, OnionMessage.INTRODUCE2, OnionMessage.INTRODUCE_ACK,
        OnionMessage.INTRO_ESTABLISHED, OnionMessage.RENDEZVOUS_ESTABLISHED, OnionMessage.RENDEZVOUS2,
        OnionMessage.INTRODUCE1, OnionMessage.RENDEZVOUS1, RelayMessage.BEGIN_DIR, RelayMessage.TRUNCATE
    })
    void aServiceThatSendsWhatNobodyExpectsIsJoinedAgain(int command) throws Exception {
        try (PlayedService service = new PlayedService() {
                    @Override
                    void stream(int n, RelayCircuit circuit, HopCrypto crypto, int streamId, RelayMessage.Begin begin)
                            throws IOException {
                        if (n == 0) {
                            circuit.sendFor(crypto, command, streamIdFor(command), new byte[200]);
                        } else {
                            super.stream(n, circuit, crypto, streamId, begin);
                        }
                    }
                };
                OnionClient client = service.client(Duration.ofMinutes(10))) {
            client.open(
                            StreamRequest.to(service.address.label() + ".onion", 80, IsolationKey.group(1)),
                            PlayedService.soon())
                    .close();
            assertThat(service.rendezvous).hasValue(2);
        }
    }
}
