package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Cell;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.testrelay.TestRelay;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a user may say of links, seen from the relay's end. */
class LinkSettingsTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    private final BlockingQueue<Integer> commands = new LinkedBlockingQueue<>();
    private final ChannelManager manager = new ChannelManager(
            new ChannelSettings(Duration.ofSeconds(20), Duration.ofMinutes(1), 4), new TorEvents());
    private TestRelay relay;

    @BeforeEach
    void start() throws Exception {
        relay = TestRelay.builder().cells((link, circuitId, command, body) -> {
            commands.add(command);
            if (command == Cell.RELAY) {
                for (int i = 0; i < 10; i++) {
                    link.send(circuitId, Cell.RELAY, new byte[Cell.BODY]);
                }
            }
        }).start();
        manager.setPadding(ChannelPadding.DEFAULT.in(ChannelPadding.Mode.OFF));
    }

    @AfterEach
    void close() throws Exception {
        manager.close();
        relay.close();
    }

    private Channel open() throws TorException {
        return manager.get(
                new ChannelTarget(relay.keys().rsaId(), relay.keys().ed25519Id(), List.of(relay.address())),
                Deadline.in(Duration.ofSeconds(20)));
    }

    private void await(int command) throws InterruptedException {
        Integer next;
        do {
            next = commands.poll(20, TimeUnit.SECONDS);
            assertThat(next).as("a cell").isNotNull();
        } while (next != command);
    }

    @Test
    void aLinkThatIsSilentForLongIsSentSomethingAgainAndAgain() throws Exception {
        manager.setLinks(new LinkSettings(Duration.ofMillis(100), 0, 0, false, 0));
        Channel channel = open();
        channel.attach(new RecordingCircuit());
        for (int i = 0; i < 3; i++) {
            await(Cell.PADDING);
        }
        manager.setLinks(LinkSettings.DEFAULT);
        Integer more = 0;
        for (int i = 0; i < 10 && more != null; i++) {
            more = commands.poll(400, TimeUnit.MILLISECONDS); // some may have been under way
        }
        assertThat(more).as("a cell").isNull();
    }

    @Test
    void nothingIsSentFasterThanTheBandwidthAllows() throws Exception {
        manager.setLinks(new LinkSettings(LONG, 40_000, 40_000, true, 0));
        Channel channel = open();
        int circuit = channel.attach(new RecordingCircuit());
        long begun = System.nanoTime();
        for (int i = 0; i < 160; i++) {
            channel.send(circuit, Cell.RELAY_EARLY, new byte[Cell.BODY], 0);
        }
        for (int i = 0; i < 160; i++) {
            await(Cell.RELAY_EARLY);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).as("80 KB, of which 40 KB at once").isGreaterThan(Duration.ofMillis(950));
    }

    @Test
    void nothingIsReadFasterThanTheBandwidthAllows() throws Exception {
        manager.setLinks(new LinkSettings(LONG, 20_000, 20_000, true, 0));
        Channel channel = open();
        int circuit = channel.attach(new RecordingCircuit());
        long begun = System.nanoTime();
        for (int i = 0; i < 12; i++) {
            channel.send(circuit, Cell.RELAY, new byte[Cell.BODY], 0);
        }
        while (channel.bytesRead() < 120 * Cell.LENGTH) {
            assertThat(System.nanoTime() - begun).isLessThan(Duration.ofSeconds(30).toNanos());
            Thread.sleep(5);
        }
        // One turn may take 16 KB more than there are.
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).as("60 KB, of which 20 KB at once").isGreaterThan(Duration.ofMillis(1150));
    }

    @Test
    void aLinkThatWaitsForBandwidthClosesAtOnce() throws Exception {
        manager.setLinks(new LinkSettings(LONG, 1, 1000, true, 0));
        Channel channel = open();
        RecordingCircuit handler = new RecordingCircuit();
        int circuit = channel.attach(handler);
        for (int i = 0; i < 20; i++) {
            channel.send(circuit, Cell.RELAY_EARLY, new byte[Cell.BODY], 0);
        }
        Thread.sleep(200);
        channel.close(new TorException(ErrorKind.CLOSED, "enough"));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void asksForSmallBuffersAndStillConnects() throws Exception {
        manager.setLinks(new LinkSettings(LONG, 0, 0, false, 8192));
        Channel channel = open();
        int circuit = channel.attach(new RecordingCircuit());
        channel.send(circuit, Cell.RELAY_EARLY, new byte[Cell.BODY], 0);
        await(Cell.RELAY_EARLY);
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> new LinkSettings(Duration.ZERO, 0, 0, false, 0)).hasMessageContaining("KeepalivePeriod");
        assertThatThrownBy(() -> new LinkSettings(LONG, 2, 1, false, 0)).hasMessageContaining("BandwidthBurst");
    }
}
