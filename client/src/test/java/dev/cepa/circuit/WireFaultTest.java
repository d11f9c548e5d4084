package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.RelayMessage.Sendme;
import dev.cepa.cell.RelayMessage;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.error.CircuitException;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.testrelay.RelayCircuit;
import dev.cepa.testrelay.RelayLink;
import dev.cepa.testrelay.RelayScript;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a client does with relays that break the protocol on a circuit, over TCP and TLS, through three of them. Each fault
 * ends the circuit and nothing else: the channel's other circuits go on.
 */
@Timeout(120)
class WireFaultTest extends WireFaults {
    /** Takes what the victim's stream sends and says nothing. */
    private final RelayScript swallowsData = new RelayScript() {
        @Override
        public boolean onMessage(RelayCircuit circuit, int command, int streamId, byte[] body) {
            return command == RelayMessage.DATA && circuit == victim.exit();
        }
    };

    private void assertCircuitClosed(ErrorKind kind, String why) throws Exception {
        assertThat(victim.awaitClosed()).hasMessageContaining(why).satisfies(e -> assertThat(e.kind()).isEqualTo(kind));
        for (RelayCircuit relay : victim.relays()) {
            assertThat(relay.awaitDestroyed()).as("DESTROY with no reason").isZero();
        }
        assertStreamFails(kind);
        assertThat(witness.circuit().isOpen()).isTrue();
        assertThat(witness.guard().link()).isSameAs(victim.guard().link());
        witness.assertCarries();
    }

    private void assertProtocolError(String why) throws Exception {
        assertCircuitClosed(ErrorKind.PROTOCOL, why);
    }

    // ---- honest relays, or the rest would prove nothing ----

    @Test
    void honestRelaysCarryStreamsOfBothCircuits() throws Exception {
        start();
        assertNothingHappens();
        assertThat(victim.circuit().resolve("example.com", WirePath.soon())).hasSize(1);
        victim.stream().close();
        assertThat(victim.exit().next(RelayMessage.END).body()).containsExactly(1);
        victim.circuit().close();
        assertThat(victim.exit().awaitDestroyed()).isZero();
        witness.assertCarries();
    }

    // ---- who answers ----

    /** It changes the handshake so that it can answer with its own keys, instead of the ones that were asked for. */
    @Test
    void refusesAnotherRelayThatAnswersInTheNextOnesPlace() throws Exception {
        RelayScript misleads = new RelayScript() {
            @Override
            public ChannelTarget next(ChannelTarget asked) {
                return path.link(2);
            }
        };
        RelayScript impersonates = new RelayScript() {
            @Override
            public byte[] asked(int type, byte[] handshake) {
                byte[] own = new ByteWriter()
                        .bytes(path.link(2).rsaId().toBytes())
                        .bytes(path.target(2, false).ntorKey())
                        .toByteArray();
                System.arraycopy(own, 0, handshake, 0, own.length);
                return handshake;
            }
        };
        path = new WirePath(misleads, RelayScript.HONEST, impersonates);
        Circuit circuit = path.create(path.target(0, true), 0, WirePath.soon());
        assertThatThrownBy(() -> circuit.extend(path.target(1, false), WirePath.soon()))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PROTOCOL));
        assertThat(circuit.isOpen()).isFalse();
        assertThat(path.relay(0).nextCircuit().awaitDestroyed()).isZero();
    }

    @Test
    void isToldThatAnHonestRelayWillNotAnswerForAnother() throws Exception {
        RelayScript misleads = new RelayScript() {
            @Override
            public ChannelTarget next(ChannelTarget asked) {
                return path.link(2);
            }
        };
        path = new WirePath(misleads);
        Circuit circuit = path.create(path.target(0, true), 0, WirePath.soon());
        assertThatThrownBy(() -> circuit.extend(path.target(1, true), WirePath.soon()))
                .isInstanceOfSatisfying(CircuitException.class, e -> assertThat(e.destroyReason()).isEqualTo(1));
        assertThat(circuit.isOpen()).isFalse();
    }

    /** The authenticator, or the proof of the key, is wrong by one bit. */
    @ParameterizedTest
    @CsvSource({"fast, 25", "ntor, 40", "ntor, 0", "v3, 40", "v3, 0", "v3, 64"})
    void refusesAGuardThatHasNotTheKeys(String handshake, int place) throws Exception {
        refusesFirstHop(handshake, changed -> {
            changed[place] ^= 1;
            return changed;
        });
    }

    @ParameterizedTest
    @CsvSource({
        "ntor, 0", "ntor, 63", "ntor, 65", "ntor, 507", "v3, 0", "v3, 64", "v3, 300",
    })
    void refusesCreatedOfAnyOtherLength(String handshake, int length) throws Exception {
        refusesFirstHop(handshake, changed -> Arrays.copyOf(changed, length));
    }

    private void refusesFirstHop(String handshake, UnaryOperator<byte[]> change) throws Exception {
        boolean[] armed = new boolean[1];
        path = new WirePath(new RelayScript() {
            @Override
            public byte[] created(byte[] data) {
                return armed[0] ? change.apply(data) : data;
            }
        });
        witness = path.directory(0);
        armed[0] = true;
        HopTarget guard = handshake.equals("fast")
                ? new HopTarget(path.link(0), null, false, "")
                : path.target(0, handshake.equals("v3"));
        assertThatThrownBy(() -> path.create(guard, 0, WirePath.soon()))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PROTOCOL));
        assertThat(path.relay(0).nextCircuit().awaitDestroyed()).isZero();
        witness.assertCarries();
    }

    @ParameterizedTest
    @CsvSource({"false, 64, 40", "true, 65, 40", "false, 63, 0", "false, 490, 0", "true, 63, 0"})
    void refusesANextRelayThatHasNotTheKeys(boolean v3, int length, int place) throws Exception {
        path = new WirePath(new RelayScript() {
            @Override
            public byte[] extended(byte[] data) {
                data[place] ^= 1;
                return Arrays.copyOf(data, length);
            }
        });
        Circuit circuit = path.create(path.target(0, true), 0, WirePath.soon());
        assertThatThrownBy(() -> circuit.extend(path.target(1, v3), WirePath.soon()))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PROTOCOL));
        assertThat(circuit.isOpen()).isFalse();
        assertThat(path.relay(0).nextCircuit().awaitDestroyed()).isZero();
    }

    @Test
    void givesUpAtTheDeadlineOnARelayThatNeverAnswers() throws Exception {
        boolean[] silent = new boolean[1];
        RelayScript silentAtTimes = new RelayScript() {
            @Override
            public byte[] created(byte[] handshake) {
                return silent[0] ? null : handshake;
            }

            @Override
            public byte[] extended(byte[] handshake) {
                return silent[0] ? null : handshake;
            }
        };
        path = new WirePath(silentAtTimes);
        witness = path.directory(0);
        Circuit circuit = path.create(path.target(0, true), 0, WirePath.soon());
        RelayCircuit guard = path.relay(0).nextCircuit();
        silent[0] = true;
        assertTimesOut(() -> circuit.extend(path.target(1, true), Deadline.in(Duration.ofMillis(200))));
        assertThat(circuit.isOpen()).isFalse();
        assertThat(guard.awaitDestroyed()).isZero();
        assertTimesOut(() -> path.create(path.target(0, true), 0, Deadline.in(Duration.ofMillis(200))));
        assertThat(path.relay(0).nextCircuit().awaitDestroyed()).isZero();
        witness.assertCarries();
    }

    private static void assertTimesOut(org.assertj.core.api.ThrowableAssert.ThrowingCallable waiting) {
        assertThatThrownBy(waiting)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
    }

    @ParameterizedTest
    @ValueSource(ints = {Cell.CREATED2, Cell.CREATED_FAST})
    void refusesCreatedThatNobodyAskedFor(int command) throws Exception {
        start();
        victim.guard().sendCell(command, new ByteWriter().u16(64).zeros(64).toByteArray());
        assertProtocolError("nobody asked for");
    }

    @Test
    void refusesExtendedThatNobodyAskedFor() throws Exception {
        start();
        victim.exit().send(0, new RelayMessage.Extended2(new byte[64]));
        assertProtocolError("nobody asked for");
    }

    @Test
    void refusesExtendedFromAnotherHopThanTheOneAsked() throws Exception {
        RelayCircuit[] guard = new RelayCircuit[1];
        RelayScript leavesItToTheGuard = new RelayScript() {
            @Override
            public boolean onMessage(RelayCircuit circuit, int command, int streamId, byte[] body) throws IOException {
                guard[0].send(0, new RelayMessage.Extended2(new byte[64]));
                return true;
            }
        };
        path = new WirePath(RelayScript.HONEST, leavesItToTheGuard);
        Circuit circuit = path.create(path.target(0, true), 0, WirePath.soon());
        guard[0] = path.relay(0).nextCircuit();
        circuit.extend(path.target(1, true), WirePath.soon());
        assertThatThrownBy(() -> circuit.extend(path.target(2, true), WirePath.soon()))
                .hasMessageContaining("nobody asked for");
    }

    // ---- relay cells ----

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void refusesACellThatWasChangedOnItsWay(int hop) throws Exception {
        start();
        victim.relays().get(hop).sendUnverifiable(RelayMessage.DATA, victim.streamId(), (byte) 1);
        assertProtocolError("no hop");
    }

    @ParameterizedTest
    @CsvSource({"0, 499", "1, 499", "2, 499", "2, 32768", "2, 65535"})
    void refusesLengthsBeyondTheCell(int hop, int length) throws Exception {
        start();
        victim.relays().get(hop).send(RelayMessage.DATA, victim.streamId(), length, new byte[10]);
        assertProtocolError("bytes claimed");
    }

    @ParameterizedTest
    @ValueSource(ints = {Cell.RELAY_EARLY})
    void refusesRelayEarly(int command) throws Exception {
        start();
        victim.guard().sendCell(command, new byte[Cell.BODY]);
        assertProtocolError("towards a client");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 16, 42, 77, 255})
    void passesOverUnknownRelayCommands(int command) throws Exception {
        start();
        victim.relays().get(1).send(command, 0, new byte[20]);
        victim.exit().send(command, victim.streamId(), new byte[20]);
        assertNothingHappens();
    }

    @ParameterizedTest
    @ValueSource(ints = {
        RelayMessage.BEGIN,
        RelayMessage.BEGIN_DIR,
        RelayMessage.RESOLVE,
        RelayMessage.EXTEND2,
        RelayMessage.TRUNCATE
    })
    void refusesWhatOnlyClientsSend(int command) throws Exception {
        start();
        victim.exit().send(command, victim.streamId());
        assertProtocolError("towards a client");
    }

    @Test
    void livesThroughAFloodOfDrops() throws Exception {
        start();
        victim.relays().get(1).flood(RelayMessage.DROP, 0, 20_000, new byte[100]);
        victim.exit().flood(RelayMessage.DROP, victim.streamId(), 5_000);
        assertNothingHappens();
    }

    @Test
    void livesThroughAFloodOfCellsForNobody() throws Exception {
        start();
        ByteWriter cells = new ByteWriter();
        for (int i = 0; i < 5_000; i++) {
            cells.bytes(RelayLink.fixed(0x1000 + i, i % 2 == 0 ? Cell.RELAY : Cell.DESTROY, new byte[3]));
        }
        victim.guard().link().sendRaw(cells.toByteArray());
        assertNothingHappens();
        assertThat(path.channel(0).cellsDropped()).isEqualTo(5_000);
    }

    // ---- flow control ----

    @Test
    void refusesCircuitSendmesForNothing() throws Exception {
        start();
        victim.exit().send(0, new Sendme(new byte[20]));
        assertProtocolError("not sent");
    }

    @Test
    void refusesACircuitSendmeTooMany() throws Exception {
        start(RelayScript.HONEST, RelayScript.HONEST, swallowsData);
        sendHundredCells();
        byte[] tag = victim.exit().nextTag();
        victim.exit().send(0, new Sendme(tag));
        victim.exit().send(0, new Sendme(tag));
        assertProtocolError("not sent");
    }

    @Test
    void refusesACircuitSendmeFromAnotherHop() throws Exception {
        start(RelayScript.HONEST, RelayScript.HONEST, swallowsData);
        sendHundredCells();
        victim.relays().get(1).send(0, new Sendme(victim.exit().nextTag()));
        assertProtocolError("not sent");
    }

    @ParameterizedTest
    @CsvSource({
        "digest changed, wrong tag",
        "digest cut short, wrong tag",
        "version 2, version 2",
        "length beyond the message, cut short",
    })
    void refusesASendmeThatProvesNothing(String fault, String why) throws Exception {
        start(RelayScript.HONEST, RelayScript.HONEST, swallowsData);
        sendHundredCells();
        byte[] tag = victim.exit().nextTag();
        ByteWriter sendme = new ByteWriter();
        switch (fault) {
            case "digest changed" -> {
                tag[0] ^= 1;
                sendme.u8(1).u16(20).bytes(tag);
            }
            case "digest cut short" -> sendme.u8(1).u16(16).bytes(tag, 0, 16);
            case "version 2" -> sendme.u8(2).u16(20).bytes(tag);
            default -> sendme.u8(1).u16(20).bytes(tag, 0, 10);
        }
        victim.exit().send(RelayMessage.SENDME, 0, sendme.toByteArray());
        assertProtocolError(why);
    }

    private void sendHundredCells() throws IOException {
        victim.stream().output().write(new byte[100 * 498]);
    }

    @Test
    void refusesStreamSendmesForNothing() throws Exception {
        start();
        victim.exit().send(victim.streamId(), new Sendme(null));
        assertProtocolError("not sent");
    }

    @Test
    void refusesMoreDataThanTheStreamsWindow() throws Exception {
        start();
        victim.exit().flood(RelayMessage.DATA, victim.streamId(), 500, new byte[498]);
        victim.exit().send(RelayMessage.DATA, victim.streamId(), (byte) 1);
        assertProtocolError("stream's window");
    }

    // ---- streams ----

    @Test
    void refusesMoreDataOnAClosedStreamThanWasUnderWay() throws Exception {
        start();
        victim.stream().close();
        victim.exit().next(RelayMessage.END);
        victim.exit().flood(RelayMessage.DATA, victim.streamId(), 500, (byte) 1);
        assertThat(victim.circuit().isOpen()).isTrue();
        victim.exit().send(RelayMessage.DATA, victim.streamId(), (byte) 1);
        assertThat(victim.awaitClosed()).hasMessageContaining("closed stream");
        assertThat(victim.guard().awaitDestroyed()).isZero();
        witness.assertCarries();
    }

    @Test
    void refusesDataAfterTheExitsOwnEnd() throws Exception {
        start();
        victim.exit().send(victim.streamId(), new RelayMessage.End(6));
        victim.exit().send(RelayMessage.DATA, victim.streamId(), (byte) 1);
        assertThat(victim.awaitClosed()).hasMessageContaining("not open");
        assertThat(victim.stream().input().read()).as("the stream had ended well").isEqualTo(-1);
        witness.assertCarries();
    }

    @ParameterizedTest
    @ValueSource(ints = {
        RelayMessage.DATA,
        RelayMessage.SENDME,
        RelayMessage.CONNECTED,
        RelayMessage.END,
        RelayMessage.RESOLVED
    })
    void refusesMessagesOnAStreamThatWasNeverOpened(int command) throws Exception {
        start();
        victim.exit().send(command, victim.streamId() ^ 0x4000);
        assertProtocolError("not open");
    }

    @ParameterizedTest
    @ValueSource(ints = {RelayMessage.DATA, RelayMessage.CONNECTED, RelayMessage.END})
    void refusesMessagesOfTheExitsStreamFromTheMiddle(int command) throws Exception {
        start();
        victim.relays().get(1).send(command, victim.streamId());
        assertProtocolError("not open");
    }

    @Test
    void refusesConnectedTwice() throws Exception {
        start();
        victim.exit().send(RelayMessage.CONNECTED, victim.streamId());
        assertProtocolError("is connected");
    }

    @Test
    void refusesEndTwice() throws Exception {
        start();
        victim.exit().send(victim.streamId(), new RelayMessage.End(3));
        victim.exit().send(victim.streamId(), new RelayMessage.End(3));
        assertThat(victim.awaitClosed()).hasMessageContaining("END on a stream that is not open");
        assertThatThrownBy(() -> victim.stream().input().read())
                .isInstanceOfSatisfying(StreamException.class, e -> assertThat(e.endReason()).isEqualTo(3));
        assertThat(victim.guard().awaitDestroyed()).isZero();
        witness.assertCarries();
    }

    // ---- the end of a circuit ----

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99})
    void saysWhyARelayDestroyedTheCircuit(int reason) throws Exception {
        start();
        victim.guard().destroy(reason);
        assertThat(victim.awaitClosed())
                .isInstanceOfSatisfying(CircuitException.class, e -> assertThat(e.destroyReason()).isEqualTo(reason));
        assertThatThrownBy(() -> victim.stream().input().read()).isInstanceOf(CircuitException.class);
        witness.assertCarries();
        assertThat(victim.guard().isDestroyed()).as("DESTROY is not answered").isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void endsACircuitThatIsTruncated(int hop) throws Exception {
        start();
        victim.relays().get(hop).send(0, new RelayMessage.Truncated(8));
        assertCircuitClosed(ErrorKind.CIRCUIT_FAILED, "CHANNEL_CLOSED");
    }

    @Test
    void endsACircuitWhoseMiddleHasDied() throws Exception {
        path = new WirePath();
        victim = path.build(3);
        witness = path.directory(0);
        path.relay(1).close();
        assertThat(victim.awaitClosed())
                .hasMessageContaining("truncated")
                .isInstanceOfSatisfying(CircuitException.class, e -> assertThat(e.destroyReason()).isEqualTo(8));
        witness.assertCarries();
    }
}
