package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RelayMessage;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Circuits whose exit controls congestion, and is held to it. */
@Timeout(120)
class CongestionTest {
    private static final int LAST = 2;
    private static final int CELL = 498;
    /** Cells whose tag comes back carry a few bytes less, for padding that nobody can foresee. */
    private static final int CONFIRMED_CELL = 478;

    private PlayedPath path = new PlayedPath();
    private final ReentrantLock reading = new ReentrantLock();
    private Circuit circuit;
    private TorStream stream;

    private void build(int increment) throws TorException {
        path = new PlayedPath();
        path.granted = increment < 0 ? new byte[] {0} : new byte[] {1, 2, 1, (byte) increment};
        path.cellsATag = 31;
        circuit = Circuit.create(
                path, path.target(0, false), CircuitSettings.DEFAULT, new TorEvents(), 7, "GENERAL", PlayedPath.soon());
        circuit.extend(path.target(1, false), PlayedPath.soon());
        circuit.extend(path.target(LAST, true).withCongestion(CongestionSettings.EXIT), PlayedPath.soon());
        circuit.markBuilt();
    }

    private void openStream() throws TorException {
        stream = circuit.openOptimistic("a.test", 80, 0);
        path.reply(LAST, RelayMessage.CONNECTED, streamId());
        path.received.clear();
    }

    private void open() throws TorException {
        build(31);
        openStream();
    }

    /** Writes in the background, as much as a window or two take; whatever comes of it. */
    private Thread write(int bytes, AtomicReference<IOException> failure) {
        TorStream chosen = stream; // which is another one soon
        return Thread.ofVirtual().start(() -> {
            try {
                chosen.output().write(new byte[bytes]);
            } catch (IOException e) {
                failure.set(e);
            }
        });
    }

    private void assertClosed(String why) {
        assertThat(circuit.isOpen()).isFalse();
        assertThat(circuit.closeReason()).isInstanceOf(ProtocolException.class).hasMessageContaining(why);
    }

    private static byte[] sendme(byte[] tag) {
        byte[] body = new byte[3 + tag.length];
        body[0] = 1;
        body[2] = (byte) tag.length;
        System.arraycopy(tag, 0, body, 3, tag.length);
        return body;
    }

    @Test
    void asksTheExitAndSendsAWindowThatGrowsWithEachSendme() throws Exception {
        open();
        assertThat(path.lastExtensions).containsExactly(1, 1, 0);
        AtomicReference<IOException> failure = new AtomicReference<>();
        Thread writer = write(2000 * CELL, failure);
        path.awaitReceived(124);
        Thread.sleep(20);
        assertThat(path.received).hasSize(124).allMatch(m -> m.command() == RelayMessage.DATA);
        // In slow start a SENDME brings the 31 cells that it confirms and, when the window was used, 31 more.
        path.reply(LAST, RelayMessage.SENDME, 0, sendme(path.tags.remove()));
        path.awaitReceived(124 + 62);
        Thread.sleep(20);
        assertThat(path.received.size()).isEqualTo(124 + 62);
        assertThat(path.received.stream().filter(m -> m.body().length == CONFIRMED_CELL)).hasSize(186 / 31);
        circuit.close();
        writer.join();
        assertThat(failure.get()).isInstanceOf(TorException.class);
    }

    @Test
    void refusesASendmeForAnotherCell() throws Exception {
        open();
        Thread writer = write(62 * CELL, new AtomicReference<>());
        path.awaitReceived(62);
        byte[] tag = path.tags.remove();
        tag[0] ^= 1;
        path.reply(LAST, RelayMessage.SENDME, 0, sendme(tag));
        assertClosed("wrong tag");
        writer.join();
    }

    @Test
    void confirmsEach31CellsAndHasNoWindowForStreams() throws Exception {
        open();
        for (int i = 1; i <= 310; i++) {
            path.reply(LAST, RelayMessage.DATA, streamId(), new byte[CELL]);
            assertThat(path.received).hasSize(i / 31);
        }
        assertThat(path.received).allMatch(m -> m.command() == RelayMessage.SENDME && m.streamId() == 0);
        assertThat(stream.input().readNBytes(310 * CELL)).hasSize(310 * CELL);
        assertThat(path.received).hasSize(10);
    }

    private int streamId() {
        return stream.streamId();
    }

    @Test
    void stopsTheFarEndWhenTooMuchWaitsAndLetsItGoOnWhenAllIsRead() throws Exception {
        open();
        int limit = CongestionSettings.EXIT.streams().ownStop();
        int sent = 0;
        while (sent <= limit) {
            assertThat(path.received).noneMatch(m -> m.command() == RelayMessage.XOFF);
            path.reply(LAST, RelayMessage.DATA, streamId(), new byte[CELL]);
            sent += CELL;
        }
        // What was under way comes all the same.
        for (int i = 0; i < 200; i++) {
            path.reply(LAST, RelayMessage.DATA, streamId(), new byte[CELL]);
            sent += CELL;
        }
        path.received.removeIf(m -> m.command() == RelayMessage.SENDME);
        assertThat(path.received).hasSize(1);
        PlayedPath.Received xoff = path.next();
        assertThat(xoff.command()).isEqualTo(RelayMessage.XOFF);
        assertThat(xoff.streamId()).isEqualTo(streamId());
        assertThat(xoff.body()).containsExactly(0);
        stream.input().readNBytes(sent - 1);
        assertThat(path.received).isEmpty();
        stream.input().read();
        PlayedPath.Received xon = path.next();
        assertThat(xon.command()).isEqualTo(RelayMessage.XON);
        assertThat(xon.body()).containsExactly(0, 0, 0, 0, 0);
    }

    @Test
    void aStoppedStreamWaitsAndOthersDoNot() throws Exception {
        open();
        int most = CongestionSettings.EXIT.streams().farStop();
        // The window opens with each SENDME, which this relay sends at once.
        Thread relay = confirmAll();
        stream.output().write(new byte[most]);
        reply(RelayMessage.XOFF, streamId(), new byte[1]);
        TorStream first = stream;
        AtomicReference<IOException> failure = new AtomicReference<>();
        Thread writer = write(1000, failure);
        openOther();
        stream.output().write(new byte[100_000]);
        assertThat(writer.isAlive()).isTrue();
        reply(RelayMessage.XON, first.streamId(), new byte[5]);
        writer.join();
        assertThat(failure.get()).isNull();
        relay.interrupt();
        relay.join();
        assertThat(circuit.isOpen()).isTrue();
    }

    private void openOther() throws TorException {
        stream = circuit.openOptimistic("b.test", 80, 0);
        reply(RelayMessage.CONNECTED, streamId(), new byte[0]);
    }

    /** A channel has one reader. */
    private void reply(int command, int streamId, byte[] body) {
        reading.lock();
        try {
            path.reply(LAST, command, streamId, body);
        } finally {
            reading.unlock();
        }
    }

    private Thread confirmAll() {
        return Thread.ofVirtual().start(() -> {
            while (!Thread.interrupted()) {
                byte[] tag = path.tags.poll();
                if (tag != null) {
                    reply(RelayMessage.SENDME, 0, sendme(tag));
                } else {
                    Thread.onSpinWait();
                    Thread.yield();
                }
            }
        });
    }

    @Test
    void refusesXoffThatNothingExplains() throws Exception {
        open();
        path.reply(LAST, RelayMessage.XOFF, streamId(), new byte[1]);
        assertClosed("XOFF");
    }

    @ParameterizedTest
    @ValueSource(ints = {RelayMessage.XOFF, RelayMessage.XON})
    void refusesPaceOfAnUnknownVersionOrWithoutABody(int command) throws Exception {
        open();
        path.reply(LAST, command, streamId(), new byte[] {1, 0, 0, 0, 0});
        assertClosed("version 1");
        open();
        path.reply(LAST, command, streamId(), new byte[0]);
        assertThat(circuit.isOpen()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {RelayMessage.XOFF, RelayMessage.XON})
    void refusesPaceFromAnotherHopOrOnNoStream(int command) throws Exception {
        open();
        path.reply(1, command, streamId(), new byte[5]);
        assertClosed("on a stream that is not open");
        open();
        path.reply(LAST, command, streamId() + 1, new byte[5]);
        assertClosed("on a stream that is not open");
    }

    @ParameterizedTest
    @ValueSource(ints = {RelayMessage.XOFF, RelayMessage.XON})
    void refusesPaceWhereNobodyAgreedToIt(int command) throws Exception {
        build(-1);
        openStream();
        path.reply(LAST, command, streamId(), new byte[5]);
        assertClosed("without congestion control");
    }

    @Test
    void refusesStreamSendmes() throws Exception {
        open();
        Thread writer = write(60 * CELL, new AtomicReference<>());
        path.awaitReceived(60);
        path.reply(LAST, RelayMessage.SENDME, streamId(), new byte[0]);
        assertClosed("stream-level SENDME");
        writer.join();
    }

    @Test
    void aStreamThatWasClosedMayStillBePaced() throws Exception {
        open();
        int id = streamId();
        stream.close();
        path.reply(LAST, RelayMessage.XOFF, id, new byte[1]);
        path.reply(LAST, RelayMessage.XON, id, new byte[5]);
        path.reply(LAST, RelayMessage.DATA, id, new byte[CELL]);
        assertThat(circuit.isOpen()).isTrue();
    }

    @Test
    void anExitThatDoesNotAgreeHasFixedWindows() throws Exception {
        build(-1);
        openStream();
        Thread writer = write(2000 * CELL, new AtomicReference<>());
        path.awaitReceived(500);
        Thread.sleep(20);
        assertThat(path.received).hasSize(500);
        circuit.close();
        writer.join();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 29, 33, 255})
    void refusesAnIncrementThatIsFarFromTheNetworks(int increment) {
        assertThatThrownBy(() -> build(increment)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void refusesAGrantThatNobodyAskedFor() {
        path.granted = new byte[] {1, 2, 1, 31};
        assertThatThrownBy(() -> path.build(3)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void takesAnIncrementThatIsOneOff() throws Exception {
        build(32);
        assertThat(circuit.isOpen()).isTrue();
    }
}
