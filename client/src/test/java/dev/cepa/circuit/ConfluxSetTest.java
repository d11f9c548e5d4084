package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ConfluxMessage;
import dev.cepa.cell.ConfluxMessage.LinkBody;
import dev.cepa.cell.DesiredUx;
import dev.cepa.cell.RelayMessage;
import dev.cepa.channel.QueueMemory;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two circuits to an exit that does as it is told, rightly or not. */
@Timeout(60)
class ConfluxSetTest {
    private static final int LAST = 2;
    private static final Duration LONGEST = Duration.ofSeconds(20);

    private final PlayedPath[] paths = {new PlayedPath(), new PlayedPath()};
    private final Circuit[] circuits = new Circuit[2];
    private final QueueMemory memory = new QueueMemory(new TorEvents());
    private final TorEvents events = new TorEvents();
    private final List<TorEvent.CircuitStatus> statuses = new ArrayList<>();
    private ConfluxSet set;

    @BeforeEach
    void begin() {
        events.add(e -> {
            if (e instanceof TorEvent.CircuitStatus status) {
                statuses.add(status);
            }
        });
        make(ConfluxSettings.DEFAULT);
    }

    private void make(ConfluxSettings settings) {
        set = new ConfluxSet(settings, CircuitSettings.DEFAULT, memory, events);
    }

    private void build(int leg) throws TorException {
        PlayedPath path = paths[leg];
        path.granted = new byte[] {1, 2, 1, 31};
        path.cellsATag = 31;
        circuits[leg] = set.createLeg(path, path.target(0, false), 1 + leg, PlayedPath.soon());
        circuits[leg].extend(path.target(1, false), PlayedPath.soon());
        circuits[leg].extend(path.target(LAST, true).withCongestion(CongestionSettings.EXIT), PlayedPath.soon());
        path.received.clear();
    }

    /** Sends LINK on a thread of its own, and hands over what the exit got. */
    private final class Linking {
        final AtomicReference<@Nullable TorException> failure = new AtomicReference<>();
        final Thread thread;
        final LinkBody body;

        Linking(int leg) throws Exception {
            thread = Thread.ofVirtual().start(() -> {
                try {
                    set.link(circuits[leg], LONGEST);
                } catch (TorException e) {
                    failure.set(e);
                }
            });
            paths[leg].awaitReceived(1);
            PlayedPath.Received link = paths[leg].next();
            assertThat(link.hop()).isEqualTo(LAST);
            assertThat(link.streamId()).isZero();
            body = ((ConfluxMessage.Link) RelayMessage.read(link.command(), new ByteReader(link.body()))).body();
        }

        @Nullable TorException done() throws InterruptedException {
            thread.join();
            return failure.get();
        }
    }

    private static ConfluxMessage.Linked linked(byte[] nonce, DesiredUx ux) {
        return new ConfluxMessage.Linked(new LinkBody(nonce, 0, 0, ux));
    }

    private void link(int leg, DesiredUx ux) throws Exception {
        Linking linking = new Linking(leg);
        paths[leg].reply(LAST, 0, linked(linking.body.nonce(), ux));
        assertThat(linking.done()).isNull();
        PlayedPath.Received ack = paths[leg].next();
        assertThat(ack.command()).isEqualTo(ConfluxMessage.LINKED_ACK);
        assertThat(ack.body()).isEmpty();
    }

    /** The first leg's round trip is by far the shortest. */
    private void join(DesiredUx ux) throws Exception {
        for (int leg = 0; leg < 2; leg++) {
            build(leg);
            if (leg == 0) {
                link(leg, ux);
            } else {
                Linking linking = new Linking(leg);
                TimeUnit.MILLISECONDS.sleep(100);
                paths[leg].reply(LAST, 0, linked(linking.body.nonce(), ux));
                assertThat(linking.done()).isNull();
                paths[leg].next();
            }
        }
        set.join(2);
    }

    private void join() throws Exception {
        join(DesiredUx.MIN_LATENCY);
    }

    private TorStream open() throws TorException {
        TorStream stream = set.openOptimistic("a.test", 80, 0);
        paths[0].reply(LAST, RelayMessage.CONNECTED, stream.streamId());
        stream.awaitConnected(PlayedPath.soon());
        paths[0].received.clear();
        return stream;
    }

    private void data(int leg, TorStream stream, int... bytes) {
        byte[] body = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            body[i] = (byte) bytes[i];
        }
        paths[leg].reply(LAST, RelayMessage.DATA, stream.streamId(), body);
    }

    private void switchTo(int leg, long relative) {
        paths[leg].reply(LAST, 0, new ConfluxMessage.Switch(relative));
    }

    private static byte[] sendme(byte[] tag) {
        byte[] body = new byte[3 + tag.length];
        body[0] = 1;
        body[2] = (byte) tag.length;
        System.arraycopy(tag, 0, body, 3, tag.length);
        return body;
    }

    private void assertEnded(String why) {
        assertThat(set.isOpen()).isFalse();
        assertThat(set.closeReason()).hasMessageContaining(why);
        assertThat(circuits[0].isOpen()).isFalse();
        assertThat(circuits[1].isOpen()).isFalse();
    }

    @Test
    void linksCircuitsByOneSecretNumberAndAsksForThroughput() throws Exception {
        build(0);
        build(1);
        Linking first = new Linking(0);
        Linking second = new Linking(1);
        assertThat(first.body.nonce()).isEqualTo(second.body.nonce()).isNotEqualTo(new byte[32]);
        assertThat(first.body.lastSent()).isZero();
        assertThat(first.body.lastReceived()).isZero();
        assertThat(first.body.desiredUx()).isEqualTo(DesiredUx.HIGH_THROUGHPUT);
        paths[1].reply(LAST, 0, linked(second.body.nonce(), DesiredUx.MIN_LATENCY));
        paths[0].reply(LAST, 0, linked(first.body.nonce(), DesiredUx.MIN_LATENCY));
        assertThat(first.done()).isNull();
        assertThat(second.done()).isNull();
        set.join(2);
        assertThat(set.isOpen()).isTrue();
        assertThat(set.isWhole()).isTrue();
        assertThat(set.legs()).containsExactly(circuits);
        ConfluxSet other = new ConfluxSet(ConfluxSettings.DEFAULT, CircuitSettings.DEFAULT, memory, events);
        assertThat(other.name()).isNotEqualTo(set.name());
    }

    @Test
    void eventsNameTheSetByHalfOfItsNumber() throws Exception {
        join();
        assertThat(statuses).isNotEmpty().allMatch(s -> set.name().equals(s.confluxId()));
        assertThat(set.name()).hasSize(32);
        assertThat(statuses.getFirst().purpose()).isEqualTo("CONFLUX_UNLINKED");
        assertThat(statuses.getLast().purpose()).isEqualTo("CONFLUX_LINKED");
        assertThat(statuses.getLast().status()).isEqualTo(TorEvent.CircuitStatus.Status.BUILT);
    }

    @Test
    void whatComesOverBothLegsIsReadInOrder() throws Exception {
        join();
        TorStream stream = open();
        data(0, stream, 1, 2);
        // The second leg is faster with what was sent later.
        switchTo(1, 3);
        data(1, stream, 5, 6);
        data(1, stream, 7);
        assertThat(stream.inbox.available()).isEqualTo(2);
        assertThat(memory.used()).isPositive();
        data(0, stream, 3, 4);
        assertThat(stream.input().readNBytes(7)).containsExactly(1, 2, 3, 4, 5, 6, 7);
        assertThat(memory.used()).isZero();
        switchTo(0, 2);
        paths[0].reply(LAST, stream.streamId(), new RelayMessage.End(6));
        assertThat(stream.input().read()).isEqualTo(-1);
    }

    @Test
    void eachLegHasItsOwnSendmes() throws Exception {
        join();
        TorStream stream = open();
        for (int i = 0; i < 31; i++) {
            data(0, stream, i);
        }
        PlayedPath.Received sendme = paths[0].next();
        assertThat(sendme.command()).isEqualTo(RelayMessage.SENDME);
        switchTo(1, 32);
        for (int i = 0; i < 30; i++) {
            data(1, stream, i);
        }
        assertThat(paths[1].received).isEmpty();
        data(1, stream, 30);
        assertThat(paths[1].next().command()).isEqualTo(RelayMessage.SENDME);
        assertThat(paths[0].received).isEmpty();
    }

    @Test
    void sendsByTheLegWithTheShortestRoundTripAloneAndWaitsWhileItIsFull() throws Exception {
        join(DesiredUx.MIN_LATENCY);
        TorStream stream = open();
        Thread writer = write(stream, 200);
        paths[0].awaitReceived(124);
        TimeUnit.MILLISECONDS.sleep(30);
        assertThat(paths[0].received).hasSize(124);
        assertThat(paths[1].received).isEmpty();
        stream.close();
        writer.join();
        // What is no data goes all the same.
        assertThat(paths[0].received).hasSize(125);
    }

    @Test
    void anExitThatAsksForThroughputGetsTheOtherLegToo() throws Exception {
        join(DesiredUx.HIGH_THROUGHPUT);
        TorStream stream = open();
        Thread writer = write(stream, 248);
        paths[0].awaitReceived(124);
        paths[1].awaitReceived(125);
        writer.join();
        PlayedPath.Received first = paths[1].next();
        assertThat(first.command()).isEqualTo(ConfluxMessage.SWITCH);
        // BEGIN and 124 DATA went the other way.
        assertThat(first.body()).containsExactly(0, 0, 0, 125);
        assertThat(paths[1].received).allMatch(m -> m.command() == RelayMessage.DATA);
        // A SENDME opens the better leg, and so it goes back.
        paths[0].received.clear();
        paths[0].reply(LAST, RelayMessage.SENDME, 0, sendme(paths[0].tags.remove()));
        write(stream, 1).join();
        PlayedPath.Received back = paths[0].next();
        assertThat(back.command()).isEqualTo(ConfluxMessage.SWITCH);
        assertThat(back.body()).containsExactly(0, 0, 0, 124);
    }

    private Thread write(TorStream stream, int cells) {
        return Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < cells; i++) {
                    stream.output().write(new byte[400]);
                }
            } catch (IOException e) {
                // closed by the test
            }
        });
    }

    @Test
    void manyThreadsMayWriteAndBothReadersDeliverAtOnce() throws Exception {
        join();
        TorStream stream = open();
        int rounds = 2000;
        // Each leg has every other message.
        Thread second = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < rounds; i++) {
                switchTo(1, i == 0 ? 2 : 1);
                data(1, stream, 2 * i + 1);
            }
        });
        Thread first = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < rounds; i++) {
                if (i > 0) {
                    switchTo(0, 1);
                }
                data(0, stream, 2 * i);
            }
        });
        byte[] all = stream.input().readNBytes(2 * rounds);
        first.join();
        second.join();
        assertThat(set.closeReason()).isNull();
        for (int i = 0; i < all.length; i++) {
            assertThat(all[i]).isEqualTo((byte) i);
        }
        assertThat(all).hasSize(2 * rounds);
    }

    // ---- legs that are lost ----

    @Test
    void theSetGoesOnWithoutALegThatWasNotInUse() throws Exception {
        join();
        TorStream stream = open();
        circuits[1].fail(new TorException(ErrorKind.NETWORK_DOWN, "its channel closed"), false);
        assertThat(set.isOpen()).isTrue();
        assertThat(set.isWhole()).isFalse();
        data(0, stream, 1);
        assertThat(stream.input().read()).isEqualTo(1);
        stream.output().write(7);
        assertThat(paths[0].next().command()).isEqualTo(RelayMessage.DATA);
        circuits[0].fail(new TorException(ErrorKind.NETWORK_DOWN, "its channel closed"), false);
        assertEnded("its channel closed");
    }

    @Test
    void theLossOfTheLegInUseEndsTheSetAndItsStreams() throws Exception {
        join();
        TorStream stream = open();
        circuits[0].fail(new TorException(ErrorKind.NETWORK_DOWN, "its channel closed"), false);
        assertThatThrownBy(() -> stream.input().read()).hasMessageContaining("its channel closed");
        assertThatThrownBy(() -> stream.output().write(1)).isInstanceOf(IOException.class);
        assertEnded("its channel closed");
    }

    @Test
    void theLossOfTheLegThatBroughtTheLastMessageEndsTheSet() throws Exception {
        join();
        TorStream stream = open();
        switchTo(1, 1);
        data(1, stream, 1);
        circuits[1].fail(new TorException(ErrorKind.NETWORK_DOWN, "its channel closed"), false);
        assertEnded("its channel closed");
    }

    @Test
    void aMessageThatWasLostWithALegEndsTheSetAsSoonAsThatShows() throws Exception {
        join();
        TorStream stream = open();
        circuits[1].fail(new TorException(ErrorKind.NETWORK_DOWN, "its channel closed"), false);
        data(0, stream, 1);
        assertThat(set.isOpen()).isTrue();
        // Two messages went by the other leg while it was being lost.
        switchTo(0, 2);
        assertEnded("missing");
    }

    @Test
    void aCellThatCannotBeSentEndsTheSet() throws Exception {
        join();
        TorStream stream = open();
        paths[0].sendFailure = new TorException(ErrorKind.NETWORK_DOWN, "broken pipe");
        assertThatThrownBy(() -> stream.output().write(1)).isInstanceOf(IOException.class);
        assertEnded("broken pipe");
    }

    @Test
    void listenersHearOnceOfTheEnd() throws Exception {
        join();
        int[] heard = {0};
        set.onClose(() -> heard[0]++);
        set.close();
        set.close();
        assertThat(heard[0]).isEqualTo(1);
        set.onClose(() -> heard[0]++);
        assertThat(heard[0]).isEqualTo(2);
        assertEnded("was closed");
        assertThatThrownBy(() -> set.openOptimistic("a.test", 80, 0)).isInstanceOf(TorException.class);
    }

    // ---- exits that break the protocol ----

    @Test
    void noStreamBeforeTheSetIsJoined() throws Exception {
        build(0);
        link(0, DesiredUx.MIN_LATENCY);
        assertThatIllegalStateException().isThrownBy(() -> set.openOptimistic("a.test", 80, 0));
        assertThatIllegalStateException().isThrownBy(() -> circuits[0].openOptimistic("a.test", 80, 0));
        assertThatIllegalStateException().isThrownBy(() -> circuits[0].openDirectoryOptimistic());
        assertThatThrownBy(() -> set.join(2)).isInstanceOf(TorException.class);
        assertThat(circuits[0].isOpen()).isFalse();
    }

    @Test
    void nothingOfStreamsMayComeBeforeTheSetIsJoined() throws Exception {
        for (int command : new int[] {RelayMessage.DATA, RelayMessage.CONNECTED, RelayMessage.END, RelayMessage.XOFF}) {
            make(ConfluxSettings.DEFAULT);
            paths[0] = new PlayedPath();
            build(0);
            link(0, DesiredUx.MIN_LATENCY);
            paths[0].reply(LAST, command, 1, (byte) 0);
            assertThat(circuits[0].closeReason()).isInstanceOf(ProtocolException.class);
            assertThat(set.isOpen()).isFalse();
        }
    }

    @Test
    void refusesLinkedThatIsNotAnAnswer() throws Exception {
        build(0);
        build(1);
        Linking linking = new Linking(0);
        // On a leg that has not asked.
        paths[1].reply(LAST, 0, linked(linking.body.nonce(), DesiredUx.MIN_LATENCY));
        assertThat(circuits[1].closeReason()).hasMessageContaining("nobody asked");
        // By another hop.
        paths[0].reply(1, 0, linked(linking.body.nonce(), DesiredUx.MIN_LATENCY));
        assertThat(circuits[0].closeReason()).hasMessageContaining("nobody asked");
        assertThat(linking.done()).isInstanceOf(ProtocolException.class);
        assertThatThrownBy(() -> set.join(2)).isInstanceOf(TorException.class);
    }

    @Test
    void refusesLinkedWithAnotherNumberOrWithMessagesCounted() throws Exception {
        build(0);
        Linking linking = new Linking(0);
        byte[] wrong = linking.body.nonce().clone();
        wrong[31] ^= 1;
        paths[0].reply(LAST, 0, linked(wrong, DesiredUx.MIN_LATENCY));
        assertThat(linking.done()).hasMessageContaining("another set");
        assertThat(circuits[0].isOpen()).isFalse();
        build(1);
        Linking second = new Linking(1);
        paths[1].reply(LAST, 0, new ConfluxMessage.Linked(new LinkBody(second.body.nonce(), 1, 0, DesiredUx.NONE)));
        assertThat(second.done()).hasMessageContaining("before any were sent");
    }

    @Test
    void refusesASecondLinked() throws Exception {
        build(0);
        Linking linking = new Linking(0);
        paths[0].reply(LAST, 0, linked(linking.body.nonce(), DesiredUx.MIN_LATENCY));
        assertThat(linking.done()).isNull();
        paths[0].reply(LAST, 0, linked(linking.body.nonce(), DesiredUx.MIN_LATENCY));
        assertThat(circuits[0].closeReason()).hasMessageContaining("nobody asked");
    }

    @Test
    void refusesWhatOnlyExitsMayGet() throws Exception {
        join();
        paths[1].reply(LAST, ConfluxMessage.LINKED_ACK, 0);
        assertThat(circuits[1].closeReason()).isInstanceOf(ProtocolException.class);
        paths[0].reply(LAST, 0, new ConfluxMessage.Link(new LinkBody(new byte[32], 0, 0, DesiredUx.NONE)));
        assertThat(circuits[0].closeReason()).isInstanceOf(ProtocolException.class);
        assertThat(set.isOpen()).isFalse();
    }

    @Test
    void aCircuitThatStandsAloneRefusesAllOfIt() throws Exception {
        for (int command = ConfluxMessage.LINK; command <= ConfluxMessage.SWITCH; command++) {
            PlayedPath path = new PlayedPath();
            Circuit circuit = path.build(3);
            path.reply(LAST, command, 0, command == ConfluxMessage.SWITCH ? new byte[4] : body());
            assertThat(circuit.closeReason()).isInstanceOf(ProtocolException.class).hasMessageContaining("" + command);
        }
    }

    private static byte[] body() {
        byte[] body = new byte[50];
        body[0] = 1;
        return body;
    }

    @Test
    void refusesSwitchByAnotherHopBeforeTheSetIsJoinedAndTwiceInARow() throws Exception {
        build(0);
        link(0, DesiredUx.MIN_LATENCY);
        switchTo(0, 1);
        assertThat(circuits[0].closeReason()).isInstanceOf(ProtocolException.class);
        makeAnew();
        join();
        paths[0].reply(1, 0, new ConfluxMessage.Switch(1));
        assertEnded("where no set is joined");
        makeAnew();
        join();
        open();
        switchTo(1, 1);
        switchTo(1, 1);
        assertEnded("SWITCH after a SWITCH");
    }

    private void makeAnew() {
        make(ConfluxSettings.DEFAULT);
        paths[0] = new PlayedPath();
        paths[1] = new PlayedPath();
    }

    @Test
    void refusesMessagesThatWereCountedBefore() throws Exception {
        join();
        TorStream stream = open();
        data(0, stream, 1);
        data(1, stream, 2);
        assertEnded("came before");
    }

    @Test
    void refusesStreamsMessagesByAnotherHop() throws Exception {
        join();
        TorStream stream = open();
        paths[1].reply(1, RelayMessage.DATA, stream.streamId(), (byte) 1);
        assertEnded("where no set is joined");
    }

    @Test
    void refusesAMessageOnAStreamThatIsNotOpenAndStreamsOfTheExit() throws Exception {
        join();
        paths[0].reply(LAST, RelayMessage.CONNECTED, 77);
        assertEnded("not open");
        makeAnew();
        join();
        paths[0].reply(LAST, 5, new RelayMessage.Begin("", 80, 0));
        assertEnded("towards a client");
    }

    @Test
    void keepsNoMoreThanTheConsensusAllows() throws Exception {
        make(new ConfluxSettings(DesiredUx.HIGH_THROUGHPUT, 10_000));
        join();
        TorStream stream = open();
        switchTo(1, 2);
        for (int i = 0; i < 19; i++) {
            paths[1].reply(LAST, RelayMessage.DATA, stream.streamId(), new byte[498]);
        }
        assertThat(set.isOpen()).isTrue();
        paths[1].reply(LAST, RelayMessage.DATA, stream.streamId(), new byte[498]);
        assertEnded("cfx_max_oooq_bytes");
        assertThat(set.closeReason().kind()).isEqualTo(ErrorKind.RESOURCE_LIMIT);
        assertThat(memory.used()).isZero();
    }

    @Test
    void whatWaitsIsGivenUpWhenMemoryIsShort() throws Exception {
        join();
        TorStream stream = open();
        assertThat(set.waitingSince()).isNull();
        switchTo(1, 2);
        data(1, stream, 1);
        assertThat(set.waitingSince()).isNotNull();
        set.giveUp(new TorException(ErrorKind.RESOURCE_LIMIT, "given up"));
        assertEnded("given up");
        assertThat(memory.used()).isZero();
    }

    @Test
    void aLegThatDoesNotAnswerInTimeIsClosed() throws Exception {
        build(0);
        assertThatThrownBy(() -> set.link(circuits[0], Duration.ofMillis(50)))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
        assertThat(circuits[0].isOpen()).isFalse();
        // Another one can take its place.
        build(1);
        paths[0] = new PlayedPath();
        build(0);
        link(0, DesiredUx.MIN_LATENCY);
        link(1, DesiredUx.MIN_LATENCY);
        set.join(2);
        assertThat(set.isWhole()).isTrue();
    }

    @Test
    void anExitWithoutCongestionControlIsNoUse() throws Exception {
        PlayedPath path = paths[0];
        Circuit circuit = set.createLeg(path, path.target(0, false), 1, PlayedPath.soon());
        circuit.extend(path.target(1, false), PlayedPath.soon());
        assertThatThrownBy(() -> set.link(circuit, LONGEST)).hasMessageContaining("does not control congestion");
        assertThat(circuit.isOpen()).isFalse();
    }

    @Test
    void namesAreResolvedOverTheSet() throws Exception {
        join();
        Thread.ofVirtual().start(() -> {
            try {
                paths[0].awaitReceived(1);
                PlayedPath.Received question = paths[0].next();
                paths[0].reply(LAST, question.streamId(), new RelayMessage.Resolved(
                        List.of(new RelayMessage.Resolved.Answer.Name("b.test", 60))));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertThat(set.resolve("a.test", Deadline.in(Duration.ofSeconds(20)))).hasSize(1);
    }
}
