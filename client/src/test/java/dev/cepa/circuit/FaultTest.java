package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.RelayMessage;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a circuit does with relays that break the protocol, each fault by itself. */
class FaultTest {
    private final PlayedPath path = new PlayedPath();
    private Circuit circuit;
    private TorStream stream;
    private int id;

    @BeforeEach
    void openStream() throws TorException {
        circuit = path.build(3);
        stream = circuit.openOptimistic("example.com", 80, 0);
        id = stream.streamId();
        path.reply(2, RelayMessage.CONNECTED, id);
        path.received.clear();
    }

    private void assertClosedFor(ErrorKind kind, String message) {
        assertThat(circuit.closeReason()).isNotNull().hasMessageContaining(message).satisfies(
                e -> assertThat(e.kind()).isEqualTo(kind));
        assertThat(path.detached).isTrue();
        assertThat(path.channelMessages.getLast()).isEqualTo(new ChannelMessage.Destroy(0));
        assertThatThrownBy(() -> stream.input().read()).isInstanceOf(TorException.class);
        assertThatThrownBy(() -> stream.output().write(1)).isInstanceOf(TorException.class);
    }

    private void assertProtocolError(String message) {
        assertClosedFor(ErrorKind.PROTOCOL, message);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 63, 65, 505, 509})
    void refusesCreatedOfAnyOtherLength(int length) {
        PlayedPath other = new PlayedPath();
        other.answer = data -> Arrays.copyOf(data, length);
        HopTarget ntor = other.target(0, false);
        assertThatThrownBy(() -> Circuit.create(
                        other, ntor, CircuitSettings.DEFAULT, new TorEvents(), 1, "GENERAL", PlayedPath.soon()))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PROTOCOL));
        assertThat(other.detached).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 63, 65, 400})
    void refusesExtendedOfAnyOtherLength(int length) throws TorException {
        PlayedPath other = new PlayedPath();
        Circuit one = other.build(1);
        other.answer = data -> Arrays.copyOf(data, length);
        assertThatThrownBy(() -> one.extend(other.target(1, false), PlayedPath.soon()))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PROTOCOL));
        assertThat(one.isOpen()).isFalse();
    }

    @Test
    void refusesRelayThatHasNotTheOnionKey() {
        PlayedPath other = new PlayedPath();
        other.answer = data -> {
            data[40] ^= 1;
            return data;
        };
        assertThatThrownBy(() -> other.build(1))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PROTOCOL));
    }

    @Test
    void refusesUnaskedCreated() {
        path.deliver(Cell.CREATED2, new byte[Cell.LENGTH]);
        assertProtocolError("nobody asked for");
    }

    @Test
    void refusesUnaskedExtended() {
        path.reply(2, RelayMessage.EXTENDED2, 0, (byte) 0, (byte) 0);
        assertProtocolError("nobody asked for");
    }

    @Test
    void refusesCellThatNoHopRecognises() {
        byte[] cell = PlayedPath.cell(RelayMessage.DATA, id, 3, new byte[3]);
        path.relays.get(2).originate(Cell.RELAY, cell, Cell.HEADER);
        path.relays.get(1).encrypt(Cell.RELAY, cell, Cell.HEADER);
        path.relays.get(0).encrypt(Cell.RELAY, cell, Cell.HEADER);
        cell[300] ^= 1;
        path.deliver(Cell.RELAY, cell);
        assertProtocolError("no hop");
    }

    @ParameterizedTest
    @ValueSource(ints = {499, 0x8000, 0xffff})
    void refusesLengthBeyondTheCell(int length) {
        path.reply(2, RelayMessage.DATA, id, length, new byte[10]);
        assertProtocolError("bytes claimed");
    }

    @ParameterizedTest
    @ValueSource(ints = {Cell.RELAY_EARLY, Cell.CREATE2, Cell.PADDING, 77})
    void refusesCellsThatNoRelaySendsToAClient(int command) {
        path.deliver(command, new byte[Cell.LENGTH]);
        assertProtocolError("towards a client");
    }

    @Test
    void refusesCircuitSendmeTooMany() throws IOException {
        stream.output().write(new byte[99 * 498]);
        path.reply(2, RelayMessage.SENDME, 0);
        assertProtocolError("not sent");
    }

    @Test
    void refusesSendmeWithWrongTag() throws IOException {
        stream.output().write(new byte[100 * 498]);
        byte[] tag = path.tags.remove();
        tag[19] ^= 1;
        path.reply(2, 0, new RelayMessage.Sendme(tag));
        assertProtocolError("wrong tag");
    }

    @Test
    void refusesSendmeWithTagOfAnotherLength() throws IOException {
        stream.output().write(new byte[100 * 498]);
        path.reply(2, 0, new RelayMessage.Sendme(Arrays.copyOf(path.tags.remove(), 16)));
        assertProtocolError("wrong tag");
    }

    @Test
    void refusesSendmeFromAnotherHop() throws IOException {
        stream.output().write(new byte[100 * 498]);
        path.reply(1, 0, new RelayMessage.Sendme(path.tags.remove()));
        assertProtocolError("not sent");
    }

    @Test
    void takesUnauthenticatedSendmeOnlyWhereTheConsensusDoes() throws IOException {
        stream.output().write(new byte[100 * 498]);
        path.reply(2, RelayMessage.SENDME, 0);
        assertThat(circuit.isOpen()).isTrue();

        PlayedPath strict = new PlayedPath();
        Circuit other = strict.build(1, new CircuitSettings(1, false, 10), new TorEvents());
        other.openOptimistic("a", 80, 0).output().write(new byte[100 * 498]);
        strict.reply(0, RelayMessage.SENDME, 0);
        assertThat(other.closeReason()).hasMessageContaining("version 0");
    }

    @Test
    void refusesSendmeOfUnknownVersion() throws IOException {
        stream.output().write(new byte[100 * 498]);
        path.reply(2, RelayMessage.SENDME, 0, (byte) 2, (byte) 0, (byte) 0);
        assertProtocolError("version");
    }

    @Test
    void refusesStreamSendmeTooMany() throws IOException {
        stream.output().write(new byte[49 * 498]);
        path.reply(2, RelayMessage.SENDME, id);
        assertProtocolError("not sent");
    }

    @Test
    void refusesDataBeyondTheStreamsWindow() {
        for (int i = 0; i < 500; i++) {
            path.reply(2, RelayMessage.DATA, id, new byte[498]);
        }
        assertThat(circuit.isOpen()).isTrue();
        path.reply(2, RelayMessage.DATA, id, new byte[1]);
        assertThat(circuit.closeReason()).hasMessageContaining("stream's window");
    }

    @Test
    void toleratesOnAClosedStreamWhatWasUnderWayAndNoMore() throws IOException {
        stream.output().write(new byte[100 * 498]);
        stream.close();
        for (int i = 0; i < 500; i++) {
            path.reply(2, RelayMessage.DATA, id, new byte[498]);
        }
        path.reply(2, RelayMessage.SENDME, id);
        path.reply(2, RelayMessage.SENDME, id);
        assertThat(circuit.isOpen()).isTrue();
        path.reply(2, RelayMessage.DATA, id, new byte[1]);
        assertProtocolError("closed stream");
    }

    @Test
    void refusesSendmeOnAClosedStreamForNothing() {
        stream.close();
        path.reply(2, RelayMessage.SENDME, id);
        assertProtocolError("closed stream");
    }

    @Test
    void refusesConnectedOnAClosedStreamThatWasConnected() {
        stream.close();
        path.reply(2, RelayMessage.CONNECTED, id);
        assertProtocolError("CONNECTED");
    }

    @Test
    void refusesAnythingAfterTheFarEndsEnd() {
        path.reply(2, RelayMessage.END, id, (byte) 6);
        path.reply(2, RelayMessage.DATA, id, (byte) 1);
        assertThat(circuit.closeReason()).hasMessageContaining("not open");
    }

    @ParameterizedTest
    @ValueSource(ints = {
        RelayMessage.DATA,
        RelayMessage.SENDME,
        RelayMessage.CONNECTED,
        RelayMessage.END,
        RelayMessage.RESOLVED
    })
    void refusesMessagesOnUnknownStreams(int command) {
        path.reply(2, command, id ^ 0x5555);
        assertProtocolError("not open");
    }

    @ParameterizedTest
    @ValueSource(ints = {RelayMessage.DATA, RelayMessage.CONNECTED, RelayMessage.END, RelayMessage.RESOLVED})
    void refusesStreamMessagesWithoutStream(int command) {
        path.reply(2, command, 0);
        assertProtocolError("without a stream");
    }

    @ParameterizedTest
    @ValueSource(ints = {RelayMessage.DATA, RelayMessage.SENDME, RelayMessage.CONNECTED, RelayMessage.END})
    void refusesMessagesOfAStreamFromAnotherHop(int command) {
        path.reply(1, command, id);
        assertProtocolError("not open");
    }

    @Test
    void refusesConnectedTwice() {
        path.reply(2, RelayMessage.CONNECTED, id);
        assertProtocolError("is connected");
    }

    @Test
    void refusesDataBeforeConnected() throws TorException {
        TorStream early = circuit.openOptimistic("example.com", 80, 0);
        path.reply(2, RelayMessage.DATA, early.streamId(), (byte) 1);
        assertProtocolError("before CONNECTED");
    }

    @Test
    void refusesMalformedConnected() throws TorException {
        TorStream early = circuit.openOptimistic("example.com", 80, 0);
        path.reply(2, RelayMessage.CONNECTED, early.streamId(), (byte) 1, (byte) 2);
        assertProtocolError("");
    }

    @Test
    void refusesResolvedOnAStream() {
        path.reply(2, RelayMessage.RESOLVED, id);
        assertProtocolError("not open");
    }

    @ParameterizedTest
    @ValueSource(ints = {
        RelayMessage.BEGIN,
        RelayMessage.BEGIN_DIR,
        RelayMessage.RESOLVE,
        RelayMessage.EXTEND2,
        RelayMessage.TRUNCATE
    })
    void refusesWhatOnlyClientsSend(int command) {
        path.reply(2, command, 0);
        assertProtocolError("towards a client");
    }

    @Test
    void takesEmptyEndAsMisc() {
        path.reply(2, RelayMessage.END, id);
        assertThat(circuit.isOpen()).isTrue();
        assertThatThrownBy(() -> stream.input().read()).hasMessageContaining("MISC");
    }

    @Test
    void takesEmptyTruncatedAsNoReason() {
        path.reply(1, RelayMessage.TRUNCATED, 0);
        assertClosedFor(ErrorKind.CIRCUIT_FAILED, "NONE");
    }

    @Test
    void closesForTheReasonOfTruncated() {
        path.reply(1, RelayMessage.TRUNCATED, 0, (byte) 6);
        assertClosedFor(ErrorKind.CIRCUIT_FAILED, "CONNECTFAILED");
    }

    @Test
    void failsTransfersWhenTheCircuitIsDestroyedAfterWhatWasReceived() throws Exception {
        path.reply(2, RelayMessage.DATA, id, (byte) 42);
        byte[] destroy = new byte[Cell.LENGTH];
        destroy[Cell.HEADER] = 8;
        path.deliver(Cell.DESTROY, destroy);
        assertThat(stream.input().read()).isEqualTo(42);
        assertThatThrownBy(() -> stream.input().read()).hasMessageContaining("CHANNEL_CLOSED");
        assertThatThrownBy(() -> stream.output().write(1)).isInstanceOf(TorException.class);
        assertThat(path.channelMessages).noneMatch(ChannelMessage.Destroy.class::isInstance);
        path.deliver(Cell.RELAY, new byte[Cell.LENGTH]); // too late to matter
    }

    @Test
    void endsWithItsChannel() {
        path.handler().onChannelClosed(new TorException(ErrorKind.RELAY_UNREACHABLE, "gone"));
        assertThat(circuit.closeReason()).hasMessageContaining("gone");
        assertThatThrownBy(() -> stream.input().read()).hasMessageContaining("gone");
    }

    @Test
    void sendsNothingOnAChannelThatTakesNoCircuit() {
        PlayedPath other = new PlayedPath();
        other.sendFailure = new TorException(ErrorKind.RELAY_UNREACHABLE, "closed");
        assertThatThrownBy(() -> other.build(1)).isSameAs(other.sendFailure);
        assertThat(other.channelMessages).isEmpty();
    }

    @Test
    void endsWhenACellCanNotBeSent() {
        path.sendFailure = new TorException(ErrorKind.RELAY_UNREACHABLE, "broken pipe");
        assertThatThrownBy(() -> stream.output().write(1)).hasMessageContaining("broken pipe");
        assertThat(circuit.closeReason()).hasMessageContaining("broken pipe");
    }

    @Test
    void dropsPaddingAndUnknownMessages() {
        path.reply(1, RelayMessage.DROP, 0, new byte[100]);
        path.reply(2, 200, 0, new byte[100]);
        assertThat(circuit.isOpen()).isTrue();
    }

    @Test
    void nothingButAnswersHurtsAQuestion() throws Exception {
        var asking = CircuitTest.inBackground(() -> assertThatThrownBy(
                        () -> circuit.resolve("example.com", PlayedPath.soon()))
                .isInstanceOf(TorException.class));
        path.awaitReceived(1);
        path.reply(2, RelayMessage.DATA, path.next().streamId(), (byte) 1);
        asking.get();
        assertProtocolError("not open");
    }
}
