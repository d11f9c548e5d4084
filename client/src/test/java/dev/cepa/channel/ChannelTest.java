package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage.CreateFast;
import dev.cepa.cell.ChannelMessage.Destroy;
import dev.cepa.cell.ChannelMessage.Versions;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.testrelay.CellHandler;
import dev.cepa.testrelay.RelayLink;
import dev.cepa.testrelay.TestRelay;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An open channel to a relay on loopback. */
class ChannelTest {
    private record Received(int circuitId, int command, byte[] body) {}

    private static final ChannelSettings SETTINGS = new ChannelSettings(Duration.ofSeconds(20), Duration.ofMinutes(1), 4);

    private final ChannelManager manager = new ChannelManager(SETTINGS, new TorEvents());
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final RecordingCircuit circuit = new RecordingCircuit();
    private TestRelay relay;
    private RelayLink far;
    private Channel channel;

    @BeforeEach
    void open() throws Exception {
        open(manager, (link, circuitId, command, body) -> received.add(new Received(circuitId, command, body)));
    }

    private void open(ChannelManager by, CellHandler cells) throws Exception {
        if (relay != null) {
            relay.close();
        }
        relay = TestRelay.builder().cells(cells).start();
        channel = by.get(target(), Deadline.in(Duration.ofSeconds(20)));
        far = relay.nextLink();
    }

    @AfterEach
    void close() throws Exception {
        manager.close();
        relay.close();
        assertThat(relay.troubles()).isEmpty();
    }

    @Test
    void tellsWhomItIsTo() {
        assertThat(channel.isOpen()).isTrue();
        assertThat(channel.rsaId()).isEqualTo(relay.keys().rsaId());
        assertThat(channel.ed25519Id()).isEqualTo(relay.keys().ed25519Id());
        assertThat(channel.remoteAddress()).isEqualTo(relay.address());
        assertThat(channel.linkProtocol()).isEqualTo(5);
        assertThat(channel.clockSkew()).isBetween(Duration.ofSeconds(-20), Duration.ofSeconds(20));
    }

    @Test
    void givesEachCircuitAnIdOfItsOwnWithHighBit() throws Exception {
        int first = channel.attach(circuit);
        int second = channel.attach(new RecordingCircuit());
        channel.detach(first);
        int third = channel.attach(new RecordingCircuit());
        assertThat(first).isNegative().isNotEqualTo(second).isNotEqualTo(third);
        assertThat(second).isNegative().isNotEqualTo(third);
        assertThat(third).isNegative();
    }

    @Test
    void sendsMessageAsPaddedCell() throws Exception {
        int id = channel.attach(circuit);
        byte[] x = filled(20, 7);
        channel.send(id, new CreateFast(x));
        Received cell = next();
        assertThat(cell.circuitId).isEqualTo(id);
        assertThat(cell.command).isEqualTo(Cell.CREATE_FAST);
        assertThat(cell.body).startsWith(x).endsWith(new byte[489]);
    }

    @Test
    void copiesTheBodySent() throws Exception {
        int id = channel.attach(circuit);
        byte[] buf = filled(Cell.BODY + 3, 1);
        channel.send(id, Cell.RELAY, buf, 3);
        Arrays.fill(buf, (byte) 9);
        assertThat(next().body).isEqualTo(filled(Cell.BODY, 1));
    }

    @Test
    void sendsManyCellsInOrder() throws Exception {
        int id = channel.attach(circuit);
        for (int i = 0; i < 5_000; i++) {
            channel.awaitWritable(Deadline.in(Duration.ofSeconds(20)));
            channel.send(id, Cell.RELAY, filled(Cell.BODY, i), 0);
        }
        for (int i = 0; i < 5_000; i++) {
            assertThat(next().body).isEqualTo(filled(Cell.BODY, i));
        }
        assertThat(channel.bytesWritten()).isEqualTo(5_000 * Cell.LENGTH);
    }

    @Test
    void refusesToSendVariableCell() throws Exception {
        assertThatThrownBy(() -> channel.send(1, new Versions(List.of(5)))).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {Cell.RELAY, Cell.RELAY_EARLY, Cell.CREATED2, Cell.CREATED_FAST, Cell.DESTROY})
    void handsCellToItsCircuit(int command) throws Exception {
        RecordingCircuit other = new RecordingCircuit();
        channel.attach(other);
        int id = channel.attach(circuit);
        far.send(id, command, filled(Cell.BODY, 3));
        RecordingCircuit.Heard cell = circuit.next();
        assertThat(cell.command()).isEqualTo(command);
        assertThat(cell.body()).isEqualTo(filled(Cell.BODY, 3));
        assertThat(other.heardNothing()).isTrue();
    }

    @Test
    void handsOverCellsHoweverTheyAreCutIntoRecords() throws Exception {
        int id = channel.attach(circuit);
        byte[] stream = new byte[40 * Cell.LENGTH];
        for (int i = 0; i < 40; i++) {
            System.arraycopy(RelayLink.fixed(id, Cell.RELAY, filled(Cell.BODY, i)), 0, stream, i * Cell.LENGTH, Cell.LENGTH);
        }
        int at = 0;
        for (int size = 1; at < stream.length; size = size * 3 % 1999 + 1) {
            int end = Math.min(stream.length, at + size);
            far.sendRaw(Arrays.copyOfRange(stream, at, end));
            at = end;
        }
        for (int i = 0; i < 40; i++) {
            assertThat(circuit.next().body()).isEqualTo(filled(Cell.BODY, i));
        }
        assertThat(channel.bytesRead()).isEqualTo(stream.length);
    }

    @Test
    void passesOverPaddingOfBothKinds() throws Exception {
        int id = channel.attach(circuit);
        far.send(0, Cell.PADDING, filled(Cell.BODY, 1));
        far.sendRaw(RelayLink.variable(4, Cell.VPADDING, new byte[0]));
        far.sendRaw(RelayLink.variable(4, Cell.VPADDING, filled(65_535, 1)));
        far.sendRaw(RelayLink.variable(4, Cell.VERSIONS, new byte[] {0, 5}));
        far.send(0, Cell.PADDING_NEGOTIATE, new byte[] {0, 2, 0, 1, 0, 1});
        far.send(id, Cell.RELAY, filled(Cell.BODY, 2));
        assertThat(circuit.next().body()).isEqualTo(filled(Cell.BODY, 2));
    }

    @Test
    void dropsAndCountsCellsForUnknownCircuits() throws Exception {
        int gone = channel.attach(new RecordingCircuit());
        channel.detach(gone);
        int id = channel.attach(circuit);
        far.send(gone, Cell.RELAY, new byte[0]);
        far.send(5, Cell.DESTROY, new byte[0]);
        far.send(id, Cell.RELAY, new byte[0]);
        circuit.next();
        assertThat(channel.cellsDropped()).isEqualTo(2);
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void freesCircuitThatTheRelayDestroys() throws Exception {
        int id = channel.attach(circuit);
        far.send(id, new Destroy(1));
        far.send(id, Cell.RELAY, new byte[0]);
        assertThat(circuit.next().command()).isEqualTo(Cell.DESTROY);
        int other = channel.attach(circuit);
        far.send(other, Cell.CREATED2, new byte[0]);
        assertThat(circuit.next().command()).isEqualTo(Cell.CREATED2);
        assertThat(channel.cellsDropped()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "1, unexpected command 1", "2, unexpected command 2", "5, unexpected CREATE_FAST", "8, unexpected NETINFO",
        "10, unexpected CREATE2", "77, unexpected command 77", "129, unexpected CERTS", "130, unexpected AUTH_CHALLENGE",
        "131, unexpected AUTHENTICATE", "200, unexpected command 200", "3, RELAY without a circuit id",
        "4, DESTROY without a circuit id"
    })
    void closesOnCellThatHasNoPlaceHere(int command, String why) throws Exception {
        channel.attach(circuit);
        far.send(0, command, new byte[0]);
        TorException cause = circuit.next().closed();
        assertThat(cause).hasMessage(channel + ": " + why);
        assertThat(cause.kind()).isEqualTo(ErrorKind.PROTOCOL);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void tellsAllCircuitsWhenTheRelayGoes() throws Exception {
        RecordingCircuit other = new RecordingCircuit();
        channel.attach(circuit);
        channel.attach(other);
        far.close();
        assertThat(circuit.next().closed().kind()).isEqualTo(ErrorKind.RELAY_UNREACHABLE);
        assertThat(other.next().closed().kind()).isEqualTo(ErrorKind.RELAY_UNREACHABLE);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void refusesEverythingOnceClosed() throws Exception {
        int id = channel.attach(circuit);
        channel.close(new TorException(ErrorKind.CLOSED, "enough"));
        assertThat(circuit.next().closed()).hasMessage("enough");
        assertThatThrownBy(() -> channel.attach(circuit)).hasMessage("enough");
        assertThatThrownBy(() -> channel.send(id, new Destroy(0))).hasMessage("enough");
        assertThatThrownBy(() -> channel.awaitWritable(Deadline.in(Duration.ofSeconds(1)))).hasMessage("enough");
        channel.close(new TorException(ErrorKind.INTERNAL, "again"));
        assertThatThrownBy(() -> channel.attach(circuit)).hasMessage("enough");
        assertThat(circuit.heardNothing()).isTrue();
    }

    @Test
    void closesOnRelayThatStopsInTheMiddleOfCell() throws Exception {
        try (ChannelManager hasty = new ChannelManager(
                new ChannelSettings(Duration.ofSeconds(20), Duration.ofMillis(250), Duration.ofMinutes(1), 4), new TorEvents())) {
            open(hasty, (link, circuitId, command, body) -> {});
            int id = channel.attach(circuit);
            far.send(id, Cell.RELAY, new byte[0]);
            far.sendRaw(new byte[] {1, 2, 3});
            assertThat(circuit.next().command()).isEqualTo(Cell.RELAY);
            assertThat(circuit.next().closed()).hasMessage(channel + " stopped in the middle of a cell");
        }
    }

    @Test
    void waitsForARelayThatDoesNotRead() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        open(new ChannelManager(SETTINGS, new TorEvents()), block(goOn));
        int id = channel.attach(circuit);
        assertThatThrownBy(() -> {
                    while (true) {
                        channel.awaitWritable(Deadline.in(Duration.ofMillis(300)));
                        channel.send(id, Cell.RELAY, new byte[Cell.BODY], 0);
                    }
                })
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
        goOn.countDown();
        channel.awaitWritable(Deadline.in(Duration.ofSeconds(20)));
        channel.close(new TorException(ErrorKind.CLOSED, "done"));
    }

    @Test
    void closesOnceTooMuchIsQueued() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        open(new ChannelManager(SETTINGS, new TorEvents()), block(goOn));
        int id = channel.attach(circuit);
        assertThatThrownBy(() -> {
                    while (true) {
                        channel.send(id, Cell.RELAY, new byte[Cell.BODY], 0);
                    }
                })
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.RELAY_UNREACHABLE))
                .hasMessage(channel + " is stuck: 4194304 bytes wait to be sent");
        assertThat(circuit.next().closed()).hasMessageContaining("is stuck");
        goOn.countDown();
    }

    /** Closing must not wait for a write that does not end. */
    @Test
    void closesAtOnceWhileTheRelayDoesNotRead() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        open(new ChannelManager(SETTINGS, new TorEvents()), block(goOn));
        int id = channel.attach(circuit);
        for (int i = 0; i < 8_000; i++) {
            channel.send(id, Cell.RELAY, new byte[Cell.BODY], 0);
        }
        channel.close(new TorException(ErrorKind.CLOSED, "enough"));
        assertThat(circuit.next().closed()).hasMessage("enough");
        goOn.countDown();
    }

    @Test
    void closesWhenIdle() throws Exception {
        try (ChannelManager tidy = new ChannelManager(
                new ChannelSettings(Duration.ofSeconds(20), Duration.ofSeconds(2), 4), new TorEvents())) {
            open(tidy, (link, circuitId, command, body) -> {});
            int id = channel.attach(circuit);
            Thread.sleep(3_300);
            assertThat(channel.isOpen()).isTrue();
            channel.detach(id);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (channel.isOpen() && System.nanoTime() < end) {
                Thread.sleep(10);
            }
            assertThat(channel.isOpen()).isFalse();
            assertThatThrownBy(() -> channel.attach(circuit)).hasMessage(channel + " had no circuits");
        }
    }

    private ChannelTarget target() {
        return new ChannelTarget(relay.keys().rsaId(), relay.keys().ed25519Id(), List.of(relay.address()));
    }

    private Received next() throws InterruptedException {
        Received next = received.poll(20, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no cell came");
        }
        return next;
    }

    private static CellHandler block(CountDownLatch latch) {
        return (link, circuitId, command, body) -> {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        };
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
