package dev.cepa.circuit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.LinkSpecifier;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.circuit.PlayedPath.Received;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.event.StreamOrigin;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.StreamStatus;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a circuit does with relays that keep to the protocol. */
class CircuitTest {
    private final PlayedPath path = new PlayedPath();

    @Test
    void extendsHopByHopWithTheHandshakesThatRelaysTake() throws TorException {
        Circuit circuit = path.build(3);

        assertThat(circuit.path()).extracting(HopTarget::nickname).containsExactly("relay0", "relay1", "relay2");
        assertThat(path.channelMessages).singleElement().isInstanceOfSatisfying(
                ChannelMessage.Create2.class, create -> assertThat(create.handshakeType()).isEqualTo(3));
        assertThat(path.lastExtensions).containsExactly(0);
        List<Integer> types = new ArrayList<>();
        for (Received extend : path.received) {
            assertThat(extend.cellCommand()).isEqualTo(Cell.RELAY_EARLY);
            assertThat(extend.streamId()).isZero();
            RelayMessage.Extend2 message = extend2(extend);
            types.add(message.handshakeType());
            assertThat(message.specifiers()).hasExactlyElementsOfTypes(LinkSpecifier.Address.class, LinkSpecifier.Rsa.class);
        }
        assertThat(types).containsExactly(2, 3);
    }

    private static RelayMessage.Extend2 extend2(Received message) throws TorException {
        return (RelayMessage.Extend2) RelayMessage.read(message.command(), new ByteReader(message.body()));
    }

    @Test
    void namesRelaysByEd25519IdentityWhereTheConsensusSaysSo() throws TorException {
        path.build(2, new CircuitSettings(1, true, 10), new TorEvents());
        assertThat(extend2(path.next()).specifiers()).hasAtLeastOneElementOfType(LinkSpecifier.Ed25519.class);
    }

    @Test
    void createsFastWithoutOnionKeyAndSendsToTheDirectory() throws IOException {
        HopTarget known = path.target(0, true);
        HopTarget unknown = new HopTarget(known.link(), null, false, "");
        Circuit circuit =
                Circuit.create(path, unknown, CircuitSettings.DEFAULT, new TorEvents(), 1, "GENERAL", PlayedPath.soon());
        assertThat(path.channelMessages).hasOnlyElementsOfType(ChannelMessage.CreateFast.class);

        TorStream stream = circuit.openDirectoryOptimistic();
        stream.output().write("GET /".getBytes(US_ASCII));
        Received begin = path.next();
        assertThat(begin.command()).isEqualTo(RelayMessage.BEGIN_DIR);
        assertThat(path.next().body()).asString(US_ASCII).isEqualTo("GET /");
        path.reply(0, RelayMessage.CONNECTED, begin.streamId());
        path.reply(0, RelayMessage.DATA, begin.streamId(), "200".getBytes(US_ASCII));
        path.reply(0, RelayMessage.END, begin.streamId(), (byte) 6);
        assertThat(stream.input().readAllBytes()).asString(US_ASCII).isEqualTo("200");
        assertThat(stream.remoteAddress()).isNull();
        assertThat(circuit.streamCount()).isZero();
    }

    private record Program(String protocol, String source, String user, String password, long streamId)
            implements StreamOrigin {}

    @Test
    void saysHowMuchHasGoneByAndWhomAStreamIsFor() throws Exception {
        List<TorEvent> told = new ArrayList<>();
        TorEvents events = new TorEvents();
        Circuit circuit = path.build(3, new CircuitSettings(1, false, 10), events);
        events.add(told::add);
        path.received.clear();
        long cellsBefore = circuit.bytesReceived();
        Program program = new Program("SOCKS5", "127.0.0.1:4", "me", "", 0);
        TorStream stream = circuit.openOptimistic("example.com", 80, 0, program);
        int id = path.next().streamId();
        path.reply(2, RelayMessage.CONNECTED, id);
        path.reply(2, RelayMessage.DATA, id, new byte[400]);
        stream.output().write(new byte[100]);
        assertThat(stream.bytesReceived()).isEqualTo(400);
        assertThat(stream.bytesWritten()).isEqualTo(100);
        assertThat(circuit.bytesReceived() - cellsBefore).isEqualTo(2 * 509);
        assertThat(circuit.payloadReceived()).isBetween(400L, 600L);
        assertThat(circuit.payloadSent()).isBetween(100L, circuit.bytesSent());
        assertThat(circuit.hops()).hasSize(3).allMatch(name -> name.matches("\\$[0-9A-F]{40}~relay\\d"));
        assertThat(circuit.findStream(stream.id())).isSameAs(stream);
        assertThat(circuit.findStream(stream.id() + 1)).isNull();
        assertThat(told).hasSize(3).allSatisfy(event -> assertThat(((StreamStatus) event).facts().origin()).isSameAs(program));
        circuit.close(DestroyReason.REQUESTED);
        assertThat(circuit.closedFor()).isEqualTo("REQUESTED");
    }

    @Test
    void aStreamThatHasANumberKeepsItAndIsNotAnnouncedAgain() throws Exception {
        List<StreamStatus.Status> told = new ArrayList<>();
        TorEvents events = new TorEvents();
        Circuit circuit = path.build(3, new CircuitSettings(1, false, 10), events);
        events.add(event -> told.add(((StreamStatus) event).status()));
        TorStream stream = circuit.openOptimistic("h", 1, 0, new Program("SOCKS5", "", "", "", 77L << 16));
        assertThat(stream.id()).isEqualTo(77L << 16);
        assertThat(circuit.findStream(77L << 16)).isSameAs(stream);
        assertThat(told).containsExactly(StreamStatus.Status.SENT_CONNECT);
    }

    @Test
    void carriesMoreThanTheWindowsEachWay() throws Exception {
        Circuit circuit = path.build(3);
        path.received.clear();
        TorStream stream = circuit.openOptimistic("example.com", 80, RelayMessage.Begin.IPV6_OK);
        Received begin = path.next();
        assertThat(begin.body()).asString(US_ASCII).startsWith("example.com:80\0");
        int id = begin.streamId();
        path.reply(2, id, new RelayMessage.Connected(InetAddress.getByAddress(new byte[] {1, 2, 3, 4}), 60));
        stream.awaitConnected(PlayedPath.soon());
        assertThat(stream.remoteAddress()).isEqualTo(InetAddress.getByAddress(new byte[] {1, 2, 3, 4}));

        // Down: 1500 cells in portions of 100; the relay keeps count of the SENDMEs that allow them.
        Random random = new Random(1);
        int streamWindow = 500;
        int circuitWindow = 1000;
        for (int i = 0; i < 15; i++) {
            byte[] sent = new byte[100 * 498];
            random.nextBytes(sent);
            for (int at = 0; at < sent.length; at += 498) {
                path.reply(2, RelayMessage.DATA, id, Arrays.copyOfRange(sent, at, at + 498));
            }
            streamWindow -= 100;
            circuitWindow -= 100;
            assertThat(stream.input().available()).isEqualTo(sent.length);
            assertThat(stream.input().readNBytes(sent.length)).isEqualTo(sent);
            while (!path.received.isEmpty()) {
                Received sendme = path.next();
                assertThat(sendme.command()).isEqualTo(RelayMessage.SENDME);
                if (sendme.streamId() == 0) {
                    circuitWindow += 100;
                    assertThat(sendme.body()).hasSize(23);
                } else {
                    streamWindow += 50;
                }
            }
            assertThat(streamWindow).isEqualTo(500);
            assertThat(circuitWindow).isEqualTo(1000);
        }

        assertThat(circuit.isOpen()).isTrue();
    }

    @Test
    void writerStopsAtTheWindowsAndGoesOnWithSendmes() throws Exception {
        Circuit circuit = path.build(3);
        TorStream stream = openConnected(circuit);
        byte[] data = new byte[1100 * 498];
        new Random(1).nextBytes(data);
        FutureTask<Void> writer = inBackground(() -> stream.output().write(data));

        ByteWriter got = new ByteWriter();
        for (int round = 0; round < 2; round++) {
            path.awaitReceived(500);
            Thread.sleep(20);
            assertThat(path.received).hasSize(500); // the stream's window
            while (!path.received.isEmpty()) {
                got.bytes(path.next().body());
            }
            for (int i = 0; i < 10; i++) {
                path.reply(2, stream.streamId(), new RelayMessage.Sendme(null));
            }
        }
        Thread.sleep(20);
        assertThat(path.received).isEmpty(); // the circuit's window
        assertThat(writer.isDone()).isFalse();
        while (!path.tags.isEmpty()) {
            path.reply(2, 0, new RelayMessage.Sendme(path.tags.remove()));
        }
        writer.get(20, TimeUnit.SECONDS);
        while (!path.received.isEmpty()) {
            got.bytes(path.next().body());
        }
        assertThat(got.toByteArray()).isEqualTo(data);
        assertThat(circuit.isOpen()).isTrue();
    }

    /** A stream whose messages so far are taken off the path. */
    private TorStream openConnected(Circuit circuit) throws TorException {
        TorStream stream = circuit.openOptimistic("example.com", 80, 0);
        path.reply(path.relays.size() - 1, RelayMessage.CONNECTED, stream.streamId());
        path.received.clear();
        return stream;
    }

    @Test
    void manyStreamsShareTheCircuitsWindowFairly() throws Exception {
        Circuit circuit = path.build(3);
        List<TorStream> streams = new ArrayList<>();
        List<FutureTask<Void>> writers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            streams.add(openConnected(circuit));
        }
        assertThat(circuit.streamCount()).isEqualTo(50);
        for (TorStream stream : streams) {
            writers.add(inBackground(() -> stream.output().write(new byte[40 * 498])));
        }
        // The first take all of the window; then each SENDME is shared among those who wait, in turn.
        int[] seen = new int[0x10000];
        int cells = 0;
        for (int turn = 0; turn < 4; turn++) {
            int allowed = cells == 0 ? 1000 : 100;
            path.awaitReceived(allowed);
            Thread.sleep(20);
            assertThat(path.received).hasSize(allowed);
            for (; !path.received.isEmpty(); cells++) {
                seen[path.next().streamId()]++;
            }
            path.reply(2, 0, new RelayMessage.Sendme(path.tags.remove()));
        }
        path.awaitReceived(100);
        for (; !path.received.isEmpty(); cells++) {
            seen[path.next().streamId()]++;
        }
        assertThat(cells).isEqualTo(1400);
        assertThat(streams).allSatisfy(s -> assertThat(seen[s.streamId()]).isPositive());
        while (!path.tags.isEmpty()) {
            path.reply(2, 0, new RelayMessage.Sendme(path.tags.remove()));
        }
        for (FutureTask<Void> writer : writers) {
            writer.get(20, TimeUnit.SECONDS);
        }
        assertThat(circuit.isOpen()).isTrue();
    }

    @Test
    void failsAStreamForTheExitsReason() throws Exception {
        Circuit circuit = path.build(3);
        FutureTask<Void> opening = inBackground(() -> assertThatThrownBy(
                        () -> circuit.open("example.com", 80, 0, PlayedPath.soon()))
                .isInstanceOfSatisfying(StreamException.class, e -> {
                    assertThat(e.kind()).isEqualTo(ErrorKind.CONNECTION_REFUSED);
                    assertThat(e.endReason()).isEqualTo(3);
                    assertThat(e).hasMessageNotContaining("example");
                }));
        path.awaitReceived(3);
        int id = begun();
        path.reply(2, RelayMessage.END, id, (byte) 3);
        opening.get(20, TimeUnit.SECONDS);
        assertThat(circuit.streamCount()).isZero();
    }

    private int begun() {
        int id = 0;
        while (!path.received.isEmpty()) {
            id = path.next().streamId();
        }
        return id;
    }

    @Test
    void givesAStreamUpAtTheDeadlineAndTellsTheExit() throws Exception {
        Circuit circuit = path.build(3);
        path.received.clear();
        assertThatThrownBy(() -> circuit.open("example.com", 80, 0, Deadline.in(Duration.ofMillis(20))))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
        int id = path.next().streamId();
        Received end = path.next();
        assertThat(end.command()).isEqualTo(RelayMessage.END);
        assertThat(end.streamId()).isEqualTo(id);
        assertThat(end.body()).containsExactly(1);
        path.reply(2, RelayMessage.CONNECTED, id); // was on its way
        path.reply(2, RelayMessage.END, id, (byte) 6);
        assertThat(circuit.isOpen()).isTrue();
    }

    @Test
    void endsReadingAfterWhatWasReceivedBefore() throws Exception {
        Circuit circuit = path.build(3);
        TorStream done = openConnected(circuit);
        path.reply(2, RelayMessage.DATA, done.streamId(), "abc".getBytes(US_ASCII));
        path.reply(2, RelayMessage.END, done.streamId(), (byte) 6);
        assertThat(done.input().readAllBytes()).asString(US_ASCII).isEqualTo("abc");
        assertThatThrownBy(() -> done.output().write(1)).isInstanceOf(StreamException.class);

        TorStream reset = openConnected(circuit);
        path.reply(2, RelayMessage.DATA, reset.streamId(), "abc".getBytes(US_ASCII));
        path.reply(2, RelayMessage.END, reset.streamId(), (byte) 12);
        assertThat(reset.input().readNBytes(3)).asString(US_ASCII).isEqualTo("abc");
        assertThatThrownBy(() -> reset.input().read()).isInstanceOf(StreamException.class);
        reset.close();
        assertThat(path.received).isEmpty(); // no END for a stream that has ended
    }

    @Test
    void readerTimesOutAsASocketDoes() throws Exception {
        TorStream stream = openConnected(path.build(3));
        stream.setReadTimeout(20);
        assertThatThrownBy(() -> stream.input().read()).isInstanceOf(SocketTimeoutException.class);
        path.reply(2, RelayMessage.DATA, stream.streamId(), (byte) 9);
        assertThat(stream.input().read()).isEqualTo(9);
    }

    @Test
    void readersAreWokenOnceForCellsThatComeTogether() throws Exception {
        Circuit circuit = path.build(3);
        TorStream first = openConnected(circuit);
        TorStream second = openConnected(circuit);
        path.endsBatches = false;
        FutureTask<Void> readsFirst = waiting(() -> assertThat(first.input().read(new byte[10])).isEqualTo(2));
        FutureTask<Void> readsSecond = waiting(() -> assertThat(second.input().read(new byte[10])).isEqualTo(1));
        path.reply(2, RelayMessage.DATA, first.streamId(), (byte) 1);
        path.reply(2, RelayMessage.DATA, first.streamId(), (byte) 2);
        Thread.sleep(20);
        assertThat(readsFirst.isDone()).isFalse();
        path.reply(2, RelayMessage.DATA, second.streamId(), (byte) 3); // for another stream
        readsFirst.get(20, TimeUnit.SECONDS);
        path.handler().onBatchEnd();
        readsSecond.get(20, TimeUnit.SECONDS);
    }

    @Test
    void closingAStreamWakesItsReaderAndWriter() throws Exception {
        Circuit circuit = path.build(3);
        TorStream stream = openConnected(circuit);
        FutureTask<Void> reader = expectingClosed(() -> stream.input().read());
        FutureTask<Void> writer = expectingClosed(() -> stream.output().write(new byte[501 * 498]));
        path.awaitReceived(500);
        stream.close();
        reader.get(20, TimeUnit.SECONDS);
        writer.get(20, TimeUnit.SECONDS);
        assertThat(circuit.isOpen()).isTrue();
    }

    @Test
    void closingTheCircuitWakesEverybodyAndTellsTheRelayNoReason() throws Exception {
        Circuit circuit = path.build(3);
        TorStream stream = openConnected(circuit);
        List<FutureTask<Void>> waiting = List.of(
                expectingClosed(() -> stream.input().read()),
                expectingClosed(() -> stream.output().write(new byte[501 * 498])),
                expectingClosed(() -> circuit.open("example.com", 80, 0, PlayedPath.soon())),
                expectingClosed(() -> circuit.resolve("example.com", PlayedPath.soon())));
        boolean[] told = new boolean[2];
        circuit.onClose(() -> told[0] = true);
        path.awaitReceived(502);
        circuit.close();
        for (FutureTask<Void> task : waiting) {
            task.get(20, TimeUnit.SECONDS);
        }
        circuit.onClose(() -> told[1] = true);
        assertThat(told).containsOnly(true);
        assertThat(path.detached).isTrue();
        assertThat(path.channelMessages.getLast()).isEqualTo(new ChannelMessage.Destroy(0));
        assertThatThrownBy(() -> circuit.openOptimistic("example.com", 80, 0)).isInstanceOf(TorException.class);
    }

    private static FutureTask<Void> expectingClosed(Action action) {
        return inBackground(() -> assertThatThrownBy(action::run)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLOSED)));
    }

    @Test
    void shutDownOutputLeavesTheInputOpen() throws Exception {
        TorStream stream = openConnected(path.build(3));
        stream.shutdownOutput();
        assertThatThrownBy(() -> stream.output().write(1)).isInstanceOf(TorException.class);
        assertThat(path.received).isEmpty();
        path.reply(2, RelayMessage.DATA, stream.streamId(), (byte) 9);
        assertThat(stream.input().read()).isEqualTo(9);
    }

    @Test
    void resolvesNames() throws Exception {
        Circuit circuit = path.build(3);
        List<Resolved.Answer> answers = List.of(new Resolved.Answer.Name("example.com", 60));
        FutureTask<Void> asking = inBackground(() ->
                assertThat(circuit.resolve("1.0.0.127.in-addr.arpa", PlayedPath.soon())).isEqualTo(answers));
        path.awaitReceived(3);
        path.reply(2, begun(), new RelayMessage.Resolved(answers));
        asking.get(20, TimeUnit.SECONDS);
        assertThat(circuit.streamCount()).isZero();
    }

    @Test
    void refusesNamesThatNoMessageCanCarry() throws Exception {
        Circuit circuit = path.build(1);
        for (String host : List.of("", "a b", "a\0b", "h\u00e9", "a".repeat(256))) {
            assertThatThrownBy(() -> circuit.openOptimistic(host, 80, 0))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BAD_REQUEST));
        }
        assertThatThrownBy(() -> circuit.openOptimistic("a", 0, 0)).isInstanceOf(TorException.class);
    }

    @Test
    void carriesNoMoreStreamsThanItMay() throws Exception {
        Circuit circuit = path.build(1, new CircuitSettings(0, false, 2), new TorEvents());
        TorStream first = circuit.openOptimistic("a", 80, 0);
        circuit.openOptimistic("b", 80, 0);
        assertThatThrownBy(() -> circuit.openOptimistic("c", 80, 0))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.RESOURCE_LIMIT));
        first.close();
        circuit.openOptimistic("c", 80, 0);
    }

    @Test
    void tellsOfStreamsThatAreGivenUpForWantOfMemory() throws Exception {
        List<StreamStatus> ends = new ArrayList<>();
        TorEvents events = new TorEvents();
        events.add(event -> {
            if (event instanceof StreamStatus stream && stream.reason() != null) {
                ends.add(stream);
            }
        });
        Circuit circuit = path.build(2, CircuitSettings.DEFAULT, events);
        TorStream full = openConnected(circuit);
        TorStream other = openConnected(circuit);
        path.reply(1, RelayMessage.DATA, full.streamId(), (byte) 1);
        path.reply(1, RelayMessage.DATA, other.streamId(), (byte) 2);
        TorException reason = new TorException(ErrorKind.RESOURCE_LIMIT, "test");
        full.giveUp(reason);
        assertThat(circuit.closeReason()).isSameAs(reason);
        assertThat(ends).extracting(StreamStatus::streamId).containsExactlyInAnyOrder(full.id(), other.id());
        assertThat(ends).allSatisfy(end -> assertThat(end.status()).isEqualTo(StreamStatus.Status.CLOSED));
        for (TorStream stream : List.of(full, other)) {
            assertThatThrownBy(() -> stream.input().read())
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.RESOURCE_LIMIT));
        }
        assertThat(path.memory.used()).isZero();
    }

    @Test
    void tellsWhatHappens() throws Exception {
        List<Object> seen = new ArrayList<>();
        TorEvents events = new TorEvents();
        events.add(event -> seen.add(
                switch (event) {
                    case CircuitStatus circuit -> circuit.status();
                    case StreamStatus stream -> stream.status();
                    default -> event;
                }));
        Circuit circuit = path.build(2, CircuitSettings.DEFAULT, events);
        TorStream stream = openConnected(circuit);
        path.reply(1, RelayMessage.END, stream.streamId(), (byte) 6);
        stream.close();
        circuit.openOptimistic("b", 80, 0);
        circuit.close();
        assertThat(seen).containsExactly(
                CircuitStatus.Status.LAUNCHED,
                CircuitStatus.Status.EXTENDED,
                CircuitStatus.Status.EXTENDED,
                CircuitStatus.Status.BUILT,
                StreamStatus.Status.NEW,
                StreamStatus.Status.SENT_CONNECT,
                StreamStatus.Status.SUCCEEDED,
                StreamStatus.Status.CLOSED,
                StreamStatus.Status.NEW,
                StreamStatus.Status.SENT_CONNECT,
                StreamStatus.Status.FAILED,
                CircuitStatus.Status.CLOSED);
    }

    @Test
    void tellsThatAStreamIsConnectedBeforeItsOpenerGoesOn() throws Exception {
        List<Boolean> goesOn = new ArrayList<>();
        List<TorStream> opened = new ArrayList<>();
        TorEvents events = new TorEvents();
        events.add(event -> {
            if (event instanceof StreamStatus stream && stream.status() == StreamStatus.Status.SUCCEEDED) {
                goesOn.add(opened.getFirst().inbox.isConnected());
            }
        });
        Circuit circuit = path.build(1, CircuitSettings.DEFAULT, events);
        opened.add(circuit.openOptimistic("example.com", 80, 0));
        path.reply(0, RelayMessage.CONNECTED, opened.getFirst().streamId());
        opened.getFirst().awaitConnected(Deadline.in(Duration.ofSeconds(10)));
        assertThat(goesOn).containsExactly(false);
    }

    interface Action {
        void run() throws Exception;
    }

    static FutureTask<Void> inBackground(Action action) {
        FutureTask<Void> task = task(action);
        Thread.ofVirtual().start(task);
        return task;
    }

    /** The same, once it waits for something. */
    private static FutureTask<Void> waiting(Action action) throws InterruptedException {
        FutureTask<Void> task = task(action);
        Thread thread = Thread.ofVirtual().start(task);
        while (thread.getState() != Thread.State.WAITING && !task.isDone()) {
            Thread.sleep(1);
        }
        return task;
    }

    private static FutureTask<Void> task(Action action) {
        return new FutureTask<>(() -> {
            action.run();
            return null;
        });
    }
}
