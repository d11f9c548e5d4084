package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.Cell;
import dev.cepa.channel.ChannelPadding.Mode;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.testrelay.TestRelay;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a silent channel sends. */
class ChannelPaddingTest {
    private static final ChannelPadding QUICK = new ChannelPadding(Mode.NORMAL, 30, 60, 30, 60);
    private static final int SILENCE_MILLIS = 300;

    private record Received(int circuitId, int command, byte[] body) {}

    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final ChannelManager manager = new ChannelManager(
            new ChannelSettings(Duration.ofSeconds(20), Duration.ofMinutes(1), 4), new TorEvents());
    private TestRelay relay;
    private Channel channel;

    @AfterEach
    void close() throws Exception {
        manager.close();
        relay.close();
    }

    private void open(ChannelPadding padding, Integer... versions) throws Exception {
        relay = TestRelay.builder()
                .versions(versions)
                .cells((link, circuitId, command, body) -> received.add(new Received(circuitId, command, body)))
                .start();
        manager.setPadding(padding);
        ChannelTarget target =
                new ChannelTarget(relay.keys().rsaId(), relay.keys().ed25519Id(), List.of(relay.address()));
        channel = manager.get(target, Deadline.in(Duration.ofSeconds(20)));
    }

    /** As for a circuit of more than one hop. */
    private void extendCircuit() throws Exception {
        channel.send(channel.attach(new RecordingCircuit()), Cell.RELAY_EARLY, new byte[Cell.BODY], 0);
        assertThat(next().command()).isEqualTo(Cell.RELAY_EARLY);
    }

    private Received next() throws InterruptedException {
        Received next = received.poll(20, TimeUnit.SECONDS);
        assertThat(next).as("a cell").isNotNull();
        return next;
    }

    private void assertSilent() throws InterruptedException {
        assertThat(received.poll(SILENCE_MILLIS, TimeUnit.MILLISECONDS)).isNull();
    }

    @Test
    void sendsPaddingIntoSilenceAgainAndAgain() throws Exception {
        open(QUICK, 4, 5);
        extendCircuit();
        for (int i = 0; i < 5; i++) {
            Received padding = next();
            assertThat(padding.command()).isEqualTo(Cell.PADDING);
            assertThat(padding.circuitId()).isZero();
            assertThat(padding.body()).containsOnly(0);
        }
        assertThat(channel.isOpen()).isTrue();
    }

    /** A channel that carries questions to a directory, and nothing of a user's. */
    @Test
    void doesNotPadBeforeACircuitIsExtended() throws Exception {
        open(QUICK, 4, 5);
        channel.send(channel.attach(new RecordingCircuit()), Cell.RELAY, new byte[Cell.BODY], 0);
        assertThat(next().command()).isEqualTo(Cell.RELAY);
        assertSilent();
    }

    @Test
    void doesNotPadOlderLinks() throws Exception {
        open(QUICK, 4);
        extendCircuit();
        assertSilent();
    }

    @ParameterizedTest
    @CsvSource({"REDUCED, true", "OFF, false"})
    void tellsTheRelayToStopFirst(Mode mode, boolean pads) throws Exception {
        open(QUICK.in(mode), 4, 5);
        Received stop = next();
        assertThat(stop.command()).isEqualTo(Cell.PADDING_NEGOTIATE);
        assertThat(stop.circuitId()).isZero();
        assertThat(stop.body()).startsWith(0, 1, 0, 0, 0, 0);
        extendCircuit();
        if (pads) {
            assertThat(next().command()).isEqualTo(Cell.PADDING);
        } else {
            assertSilent();
        }
    }

    /** The relay was told when the channel was opened. */
    @Test
    void keepsTheModeThatItWasOpenedWith() throws Exception {
        open(QUICK, 4, 5);
        manager.setPadding(QUICK.in(Mode.OFF));
        extendCircuit();
        assertThat(next().command()).isEqualTo(Cell.PADDING);
        Channel first = channel;
        manager.retireOpen();
        channel = manager.get(first.target(), Deadline.in(Duration.ofSeconds(20)));
        assertThat(channel).isNotSameAs(first);
        first.close(new TorException(ErrorKind.CLOSED, "enough"));
        Received stop = next();
        while (stop.command() == Cell.PADDING) {
            stop = next();
        }
        assertThat(stop.command()).isEqualTo(Cell.PADDING_NEGOTIATE);
    }

    @ParameterizedTest
    @EnumSource(names = {"NORMAL", "REDUCED"})
    void padsOlderLinksToo(Mode mode) throws Exception {
        open(QUICK.in(mode, true, false), 4);
        extendCircuit();
        assertThat(next().command()).as("first, because such a relay must not be told to stop").isEqualTo(Cell.PADDING);
    }

    @Test
    void doesNotForceWhatIsOff() throws Exception {
        open(QUICK.in(Mode.OFF, true, false), 4);
        extendCircuit();
        assertSilent();
    }

    @Test
    void waitsForTrafficIfTheConsensusSaysSo() throws Exception {
        open(new ChannelPadding(Mode.NORMAL, false, false, false, 30, 60, 30, 60), 4, 5);
        extendCircuit();
        assertSilent();
        channel.send(channel.attach(new RecordingCircuit()), Cell.RELAY, new byte[Cell.BODY], 0);
        assertThat(next().command()).isEqualTo(Cell.RELAY);
        assertThat(next().command()).isEqualTo(Cell.PADDING);
    }

    @ParameterizedTest
    @CsvSource({"false, 180, 270", "true, 90, 135"})
    void idleChannelsAreKeptHalfAsLongIfEachCostsPadding(boolean shortIdle, int least, int most) throws Exception {
        relay = TestRelay.start();
        ChannelPadding padding = ChannelPadding.DEFAULT.in(Mode.REDUCED, false, shortIdle);
        ChannelTarget target =
                new ChannelTarget(relay.keys().rsaId(), relay.keys().ed25519Id(), List.of(relay.address()));
        SecureRandom random = new SecureRandom();
        ConnectAttempt attempt = new ConnectAttempt(
                1, target, ChannelSettings.DEFAULT, new TlsClient(random), random, InstantSource.system(), new TorEvents(),
                () -> padding, manager.memory(), OutboundAddresses.ANY, new LinkLimits(), null);
        for (int i = 0; i < 100; i++) {
            assertThat(attempt.idleTimeout()).isBetween(Duration.ofSeconds(least), Duration.ofSeconds(most));
        }
    }

    @Test
    void takesNewTimesWhileItIsOpen() throws Exception {
        open(ChannelPadding.DEFAULT, 4, 5);
        manager.setPadding(QUICK);
        extendCircuit();
        assertThat(next().command()).isEqualTo(Cell.PADDING);
        manager.setPadding(new ChannelPadding(Mode.NORMAL, 0, 0, 0, 0));
        Received more = received.poll(SILENCE_MILLIS, TimeUnit.MILLISECONDS);
        for (int i = 0; i < 10 && more != null; i++) {
            more = received.poll(SILENCE_MILLIS, TimeUnit.MILLISECONDS); // some may have been under way
        }
        assertThat(more).as("a cell").isNull();
    }
}
