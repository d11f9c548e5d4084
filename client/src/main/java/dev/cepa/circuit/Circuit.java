package dev.cepa.circuit;

import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.channel.Channel;
import dev.cepa.crypto.ClientHandshake;
import dev.cepa.crypto.CreateFast;
import dev.cepa.crypto.HopCrypto;
import dev.cepa.crypto.NtorV3;
import dev.cepa.crypto.Tor1HopCrypto;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.StreamStatus;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TorEvents;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A circuit through one or more relays, and its streams (tor-spec sections 5, 6 and 7). Created with its first hop,
 * extended hop by hop by one thread; then any number of threads open streams. Thread-safe.
 *
 * <p>A circuit is open until the first failure, or {@link #close()}; then everybody who waits on it or its streams is
 * woken with the reason. The work is done by two halves, each the owner of its state: {@link CircuitSender} under the
 * send lock, {@link CircuitReceiver} on the channel's reader.
 */
public final class Circuit implements AutoCloseable {
    /** RELAY_EARLY cells that a relay lets pass (tor-spec section 5.6). */
    private static final int RELAY_EARLY_BUDGET = 8;
    /** Bytes that both ends of a circuit know besides its keys. */
    private static final int BINDING = 20;

    /** A first relay that has sent nothing at all for so many seconds counts as gone, however much time is left. */
    private static final int SILENT_SECONDS = 5;

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final long id;
    private volatile String purpose;
    private final CircuitSettings settings;
    private final TorEvents events;
    private final CircuitLink link;
    private final SecureRandom random = new SecureRandom();
    private final Hops hops = new Hops();
    private final StreamTable streams;
    private final CircuitSender sender;
    private final long createdNanos = System.nanoTime();
    private final AtomicReference<@Nullable TorException> closeReason = new AtomicReference<>();
    private final AtomicReference<@Nullable PendingAnswer> pending = new AtomicReference<>();
    /** Held while a hop is added; guards the budget of RELAY_EARLY cells. */
    private final ReentrantLock building = new ReentrantLock();

    private int relayEarlyLeft = RELAY_EARLY_BUDGET;
    /** Of the last relay, 20 bytes (tor-spec section 5.2.2, KH); guarded by {@link #building}. */
    private byte @Nullable [] binding;

    private volatile @Nullable Consumer<RelayMessage.Introduce2> introductions;
    private volatile @Nullable StreamAcceptor acceptor;
    private volatile boolean built;
    private volatile long lastUsedNanos = createdNanos;
    /** Guarded by itself; empty once they have run. */
    private final List<Runnable> closeListeners = new ArrayList<>(1);

    private Circuit(CircuitLink link, CircuitSettings settings, TorEvents events, long id, String purpose) {
        this.link = link;
        this.settings = settings;
        this.events = events;
        this.id = id;
        this.purpose = purpose;
        streams = new StreamTable(settings.maxStreams(), random.nextInt());
        sender = new CircuitSender(this, link, hops, streams, random);
    }

    /**
     * Creates a circuit of one hop: by CREATE_FAST if the relay's onion key is unknown, else by ntor-v3 if it takes that and
     * its Ed25519 identity is known, else by ntor.
     *
     * @param channel to the first hop
     * @param circuitId unique within one client, from 1
     * @param purpose for events, in the control specification's words
     * @throws TorException if it can't be created; nothing is left of it then. Of kind TIMEOUT when the deadline has passed,
     *     or earlier if nothing comes from the relay any more
     */
    public static Circuit create(
            Channel channel,
            HopTarget first,
            CircuitSettings settings,
            TorEvents events,
            long circuitId,
            String purpose,
            Deadline deadline)
            throws TorException {
        return create(new CircuitLink.OnChannel(channel), first, settings, events, circuitId, purpose, deadline);
    }

    static Circuit create(
            CircuitLink link,
            HopTarget first,
            CircuitSettings settings,
            TorEvents events,
            long circuitId,
            String purpose,
            Deadline deadline)
            throws TorException {
        Circuit circuit = new Circuit(link, settings, events, circuitId, purpose);
        circuit.emit(CircuitStatus.Status.LAUNCHED, null, null);
        try {
            link.attach(new CircuitReceiver(circuit, circuit.hops, circuit.streams));
        } catch (TorException e) {
            circuit.fail(e, false);
            throw e;
        }
        circuit.building.lock();
        try {
            circuit.createFirst(first, deadline);
        } catch (TorException e) {
            throw circuit.failed(e);
        } finally {
            circuit.building.unlock();
        }
        return circuit;
    }

    private void createFirst(HopTarget first, Deadline deadline) throws TorException {
        ClientHandshake handshake = Handshakes.first(first, random);
        ChannelMessage create;
        PendingAnswer expected;
        if (handshake.type() == CreateFast.TYPE) {
            create = new ChannelMessage.CreateFast(handshake.clientMessage());
            expected = expect(Cell.CREATED_FAST, null);
        } else {
            create = new ChannelMessage.Create2(handshake.type(), handshake.clientMessage());
            expected = expect(Cell.CREATED2, null);
        }
        link.send(create);
        addHop(first, handshake, awaitFirst(expected, "relay " + first + " to create the circuit", deadline));
    }

    /**
     * Waits for the first relay's answer as long as anything comes from it. Looks every second, so that a program that was
     * stopped itself for a while does not take that for the relay's silence.
     */
    private byte[] awaitFirst(PendingAnswer expected, String what, Deadline deadline) throws TorException {
        long heard = System.nanoTime();
        int silent = 0;
        while (true) {
            Deadline step = deadline.atMost(SECOND);
            try {
                return expected.answer().await(step, what);
            } catch (TorException e) {
                if (e.kind() != ErrorKind.TIMEOUT || deadline.passed()) {
                    throw e;
                }
            }
            long last = link.lastReceivedNanos();
            silent = last - heard > 0 ? 0 : silent + 1;
            heard = last - heard > 0 ? last : heard;
            if (silent >= SILENT_SECONDS) {
                throw new TorException(ErrorKind.TIMEOUT, "nothing came for " + silent + " s while waiting for " + what);
            }
        }
    }

    /**
     * Extends the circuit by one hop.
     *
     * @throws TorException if that fails, which closes the circuit
     */
    public void extend(HopTarget next, Deadline deadline) throws TorException {
        building.lock();
        try {
            failIfClosed();
            if (relayEarlyLeft == 0) {
                throw new TorException(ErrorKind.CIRCUIT_FAILED, "the circuit can't be extended any further");
            }
            relayEarlyLeft--;
            Hop last = lastHop();
            ClientHandshake handshake = Handshakes.next(next, random);
            PendingAnswer expected = expect(RelayMessage.EXTENDED2, last);
            RelayMessage extend = new RelayMessage.Extend2(
                    Handshakes.linkSpecifiers(next, settings.extendByEd25519Id()),
                    handshake.type(),
                    handshake.clientMessage());
            sender.send(last, Cell.RELAY_EARLY, 0, extend);
            addHop(next, handshake, expected.answer().await(deadline, "the circuit to be extended to relay " + next));
        } catch (TorException e) {
            throw failed(e);
        } finally {
            building.unlock();
        }
    }

    private void addHop(HopTarget target, ClientHandshake handshake, byte[] answer) throws TorException {
        ClientHandshake.Result result = handshake.complete(answer);
        FlowControl flow = flowWith(target, handshake, result.serverExtensions());
        HopCrypto crypto = Tor1HopCrypto.client(result.keys());
        // CREATE_FAST has it before the keys, and is not for circuits that need it.
        binding = result.keys().take(BINDING);
        result.keys().wipe();
        hops.add(new Hop(
                hops.size(),
                target,
                crypto,
                flow,
                sender.newTurn()));
        emit(CircuitStatus.Status.EXTENDED, null, null);
    }

    private FlowControl flowWith(HopTarget relay, ClientHandshake handshake, byte[] extensions) throws ProtocolException {
        CongestionSettings asked = handshake.type() == NtorV3.TYPE ? relay.congestion() : null;
        int increment = CircuitExtensions.grantedIncrement(extensions, asked != null);
        if (asked != null && increment != 0 && Math.abs(increment - asked.sendmeIncrement()) > 1) {
            throw new ProtocolException("relay " + relay + " wants a SENDME each " + increment + " cells");
        }
        return flow(asked == null || increment == 0 ? null : asked.withSendmeIncrement(increment));
    }

    private FlowControl flow(@Nullable CongestionSettings congestion) {
        int version = settings.sendmeAcceptMinVersion();
        return congestion == null ? new FixedWindow(version) : new CongestionControl(congestion, version);
    }

    /**
     * Sends a message to the last relay, and waits for its one answer.
     *
     * @param answer the relay command of the answer
     * @param deadline when to give up; the circuit is not closed then, but can't be asked again
     * @return the answer's body
     */
    public byte[] ask(RelayMessage message, int answer, Deadline deadline) throws TorException {
        building.lock();
        try {
            Expected expected = expectMessage(answer);
            sender.send(lastHop(), Cell.RELAY, 0, message);
            return expected.await(deadline);
        } finally {
            building.unlock();
        }
    }

    /**
     * Says that the last relay may send one message of that kind, without being asked again; before, and a second one,
     * would be a breach of the protocol.
     */
    public Expected expectMessage(int command) throws TorException {
        return new Expected(expect(command, lastHop()).answer());
    }

    /** A message that may come; see {@link #expectMessage}. */
    public static final class Expected {
        private final OneShot<byte[]> message;

        private Expected(OneShot<byte[]> message) {
            this.message = message;
        }

        /**
         * Waits for it.
         *
         * @return its body
         * @throws TorException if the circuit ends before, or of kind TIMEOUT
         */
        public byte[] await(Deadline deadline) throws TorException {
            return message.await(deadline, "a relay's answer");
        }
    }

    /**
     * An onion service has been joined behind the last relay: streams go to it from now on.
     *
     * @param congestion how congestion is controlled, as agreed with the service; null: not at all
     */
    public void join(HopCrypto crypto, @Nullable CongestionSettings congestion) throws TorException {
        building.lock();
        try {
            failIfClosed();
            hops.add(new Hop(hops.size(), null, crypto, flow(congestion), sender.newTurn()));
        } finally {
            building.unlock();
        }
    }

    /**
     * Asks the last relay to be an introduction point, whose introductions go to {@code listener} from then on.
     *
     * @param message makes the message from the 20 bytes that both ends of this circuit, and nobody else, know
     * @param listener runs on the channel's reader: it must not block
     * @throws TorException if the relay does not agree by then
     */
    public void establishIntroduction(
            Function<byte[], RelayMessage.EstablishIntro> message,
            Consumer<RelayMessage.Introduce2> listener,
            Deadline deadline)
            throws TorException {
        building.lock();
        try {
            byte[] key = binding;
            if (key == null) {
                throw new IllegalStateException("circuit " + id + " has no hop yet");
            }
            introductions = listener;
            ask(message.apply(key.clone()), RelayMessage.INTRO_ESTABLISHED, deadline);
        } finally {
            building.unlock();
        }
    }

    /** The reader: a client introduces itself. */
    void introductionReceived(Hop from, RelayMessage.Introduce2 message) throws TorException {
        Consumer<RelayMessage.Introduce2> listener = introductions;
        if (listener == null || from != lastHop()) {
            throw new ProtocolException("INTRODUCE2 from a relay that is no introduction point");
        }
        listener.accept(message);
    }

    /**
     * Tells the last relay, a rendezvous point, that the service has come; the client behind it then opens streams.
     *
     * @param crypto shared with the client
     * @param congestion how congestion is controlled, if the client has asked for that
     */
    public void meet(
            RelayMessage.Rendezvous1 message,
            HopCrypto crypto,
            @Nullable CongestionSettings congestion,
            StreamAcceptor streamAcceptor)
            throws TorException {
        building.lock();
        try {
            Hop rendezvousPoint = lastHop();
            acceptor = streamAcceptor;
            // First, as the client's streams may be there as soon as the message is.
            join(crypto, congestion);
            sender.send(rendezvousPoint, Cell.RELAY, 0, message);
        } finally {
            building.unlock();
        }
    }

    /** The reader: who takes streams from this hop; null if nobody does. */
    @Nullable StreamAcceptor acceptor(Hop hop) {
        return hop.target() == null ? acceptor : null;
    }

    /** The reader: a stream that is being opened by this hop. */
    TorStream incoming(Hop hop) {
        lastUsedNanos = System.nanoTime();
        return new TorStream(this, hop, link.memory());
    }

    /** An incoming stream is connected. */
    void accepted(TorStream stream) throws TorException {
        sender.send(stream.hop, Cell.RELAY, stream.streamId(), new RelayMessage.Connected(null, 0));
    }

    /** How many more relays it can be extended to. */
    public int extensionsLeft() {
        building.lock();
        try {
            return relayEarlyLeft;
        } finally {
            building.unlock();
        }
    }

    private PendingAnswer expect(int command, @Nullable Hop from) throws TorException {
        PendingAnswer expected = new PendingAnswer(command, from, new OneShot<>());
        pending.set(expected);
        failIfClosed();
        return expected;
    }

    /** The reader: who waits for this answer. An answer counts once, and only from the hop that was asked. */
    OneShot<byte[]> takePending(int command, @Nullable Hop from) throws ProtocolException {
        PendingAnswer expected = pending.getAndSet(null);
        if (expected == null || expected.command() != command || expected.from() != from) {
            if (expected != null) {
                pending.set(expected); // so that closing the circuit wakes whoever waits
            }
            throw new ProtocolException("handshake answer that nobody asked for");
        }
        return expected.answer();
    }

    /** Says what a circuit that was built ahead is for from now on, in the control specification's words, in its events. */
    public void setPurpose(String word) {
        purpose = word;
    }

    /** Says that the path is complete; again, once a circuit that was built ahead has got its end or its purpose. */
    public void markBuilt() {
        // How long the user of a circuit that was ready took to come is no build time.
        Duration time = built ? null : Duration.ofNanos(System.nanoTime() - createdNanos);
        built = true;
        emit(CircuitStatus.Status.BUILT, null, time);
    }

    /**
     * Opens a stream through the last hop and waits until it is connected.
     *
     * @param host a name that the exit resolves, or an address
     * @param beginFlags of {@link RelayMessage.Begin}
     * @throws TorException if it can't be, of the kind that the exit's reason means
     */
    public TorStream open(String host, int port, int beginFlags, Deadline deadline) throws TorException {
        return connected(openOptimistic(host, port, beginFlags), deadline);
    }

    /** Opens a stream through the last hop and does not wait: what is written goes out at once. */
    public TorStream openOptimistic(String host, int port, int beginFlags) throws TorException {
        checkHost(host);
        if (port < 1 || port > 65_535) {
            throw new TorException(ErrorKind.BAD_REQUEST, "there is no port " + port);
        }
        return begin(new RelayMessage.Begin(host, port, beginFlags), host + ":" + port);
    }

    /**
     * Opens a stream to a port of the onion service that was {@linkplain #join joined}, and does not wait.
     *
     * @param name the service's, for events; it is not sent
     */
    public TorStream openServiceOptimistic(String name, int port) throws TorException {
        if (lastHop().target() != null) {
            throw new IllegalStateException("no onion service was joined");
        }
        return begin(new RelayMessage.Begin("", port, 0), name + ":" + port);
    }

    /** Opens a stream to the last hop's own directory and waits until it is connected. */
    public TorStream openDirectory(Deadline deadline) throws TorException {
        return connected(openDirectoryOptimistic(), deadline);
    }

    /** Opens a stream to the last hop's own directory and does not wait. */
    public TorStream openDirectoryOptimistic() throws TorException {
        return begin(new RelayMessage.BeginDir(), "directory of " + lastHop().name());
    }

    private TorStream begin(RelayMessage message, String target) throws TorException {
        Hop hop = lastHop();
        TorStream stream = new TorStream(this, hop, link.memory(), target);
        streams.add(stream);
        lastUsedNanos = System.nanoTime();
        emit(stream, StreamStatus.Status.NEW, null);
        // Before it is sent: the answer may be here before this thread goes on.
        emit(stream, StreamStatus.Status.SENT_CONNECT, null);
        try {
            sender.send(hop, Cell.RELAY, stream.streamId(), message);
        } catch (TorException e) {
            streams.remove(stream.streamId());
            stream.ended(e, e);
            throw e;
        }
        return stream;
    }

    /** Waits until a stream is connected, and closes it if it can't be. */
    public static TorStream connected(TorStream stream, Deadline deadline) throws TorException {
        try {
            stream.awaitConnected(deadline);
            return stream;
        } catch (TorException e) {
            stream.close();
            throw e;
        }
    }

    /**
     * Asks the last hop for a name's addresses, or an address's name.
     *
     * @param name a host name, or an address as {@code in-addr.arpa} or {@code ip6.arpa}
     * @return at least one answer
     */
    public List<Resolved.Answer> resolve(String name, Deadline deadline) throws TorException {
        checkHost(name);
        Hop hop = lastHop();
        ResolveStream question = new ResolveStream(hop);
        streams.add(question);
        lastUsedNanos = System.nanoTime();
        List<Resolved.Answer> answers;
        try {
            sender.send(hop, Cell.RELAY, question.streamId(), new RelayMessage.Resolve(name));
            answers = question.answers.await(deadline, "the exit to resolve a name");
        } catch (TorException e) {
            sender.end(question); // does nothing if it was answered
            throw e;
        }
        if (answers.isEmpty()) {
            throw new TorException(ErrorKind.NAME_NOT_FOUND, hop.name() + " has no answer about the name");
        }
        return answers;
    }

    /** Unique within one client. */
    public long id() {
        return id;
    }

    /** The relays so far, the guard first. */
    public List<HopTarget> path() {
        List<HopTarget> path = new ArrayList<>(3);
        for (Hop hop : hops.all()) {
            HopTarget target = hop.target();
            if (target != null) {
                path.add(target);
            }
        }
        return path;
    }

    /** Whether it has not ended. */
    public boolean isOpen() {
        return closeReason.get() == null;
    }

    /** Why it ended; null while it is open. */
    public @Nullable TorException closeReason() {
        return closeReason.get();
    }

    /** Streams open or being opened, and names being resolved. */
    public int streamCount() {
        return streams.open();
    }

    /** When it was launched, by {@link System#nanoTime}. */
    public long createdNanos() {
        return createdNanos;
    }

    /** When a stream was last opened or ended, by {@link System#nanoTime}; its launch if there was none. */
    public long lastUsedNanos() {
        return lastUsedNanos;
    }

    /** Has {@code listener} run when the circuit ends, or now if it has; on the thread that ends it, so it must be quick. */
    public void onClose(Runnable listener) {
        synchronized (closeListeners) {
            if (isOpen()) {
                closeListeners.add(listener);
                return;
            }
        }
        listener.run();
    }

    /** Ends the circuit and all its streams. Never blocks; may be called twice. */
    @Override
    public void close() {
        close(DestroyReason.FINISHED);
    }

    /** Ends it for a reason, which is for {@link #closeReason} and events: relays are never told a client's reasons. */
    public void close(DestroyReason reason) {
        fail(new TorException(ErrorKind.CLOSED, "circuit " + id + " was closed: " + reason), true);
    }

    /** Names the circuit and its relays. */
    @Override
    public String toString() {
        return "circuit " + id + " " + path();
    }

    /** Ends the circuit; only the first call counts. */
    void fail(TorException reason, boolean tellRelay) {
        List<Runnable> listeners;
        synchronized (closeListeners) {
            if (!closeReason.compareAndSet(null, reason)) {
                return;
            }
            listeners = List.copyOf(closeListeners);
            closeListeners.clear();
        }
        sender.close(reason, tellRelay);
        link.detach();
        PendingAnswer expected = pending.getAndSet(null);
        if (expected != null) {
            expected.answer().fail(reason);
        }
        for (StreamEntry stream : streams.close(reason)) {
            stream.circuitClosed(reason);
        }
        emit(built ? CircuitStatus.Status.CLOSED : CircuitStatus.Status.FAILED, reason, null);
        for (Runnable listener : listeners) {
            listener.run();
        }
    }

    /** Ends the circuit, and lets go of what its streams have received and nobody has read. */
    void giveUp(TorException reason) {
        List<StreamEntry> open = streams.all();
        fail(reason, true);
        for (StreamEntry entry : open) {
            if (entry instanceof TorStream stream) {
                stream.inbox.giveUp(reason);
            }
        }
    }

    /** Ends the circuit because building it failed; returns what to throw. */
    private TorException failed(TorException e) {
        fail(e, true);
        return e;
    }

    CircuitSender sender() {
        return sender;
    }

    /** A stream's user has closed it. */
    void streamClosed(TorStream stream, HalfStream half) {
        try {
            sender.end(stream, half);
        } catch (TorException e) {
            fail(e, true);
        }
        emit(stream, StreamStatus.Status.CLOSED, null);
        streamGone();
    }

    /** A stream has ended. */
    void streamGone() {
        lastUsedNanos = System.nanoTime();
    }

    /** A stream's user has read so much that its window opens. */
    void sendStreamSendmes(TorStream stream, int count) {
        try {
            for (int i = 0; i < count; i++) {
                sender.send(stream.hop, Cell.RELAY, stream.streamId(), new RelayMessage.Sendme(null));
            }
        } catch (TorException e) {
            // The circuit has ended; the next read says so, after what is left in the buffer.
        }
    }

    /** Whether its last hop has agreed to control congestion; false as long as it has none. */
    public boolean controlsCongestion() {
        Hop[] all = hops.all();
        return all.length > 0 && all[all.length - 1].flow().congestion() != null;
    }

    /** Tells a stream's far end to go on, as fast as it can. */
    void sendGo(TorStream stream) {
        try {
            sender.send(stream.hop, Cell.RELAY, stream.streamId(), new RelayMessage.Xon(0));
            stream.inbox.goSent();
        } catch (TorException e) {
            // The circuit has ended; the next read says so.
        }
    }

    void emit(TorStream stream, StreamStatus.Status status, @Nullable TorException reason) {
        if (events.hasListeners() && !stream.incoming) {
            events.emit(new StreamStatus(stream.id(), status, id, stream.target, reason));
        }
    }

    private void emit(CircuitStatus.Status status, @Nullable TorException reason, @Nullable Duration buildTime) {
        if (events.hasListeners()) {
            events.emit(status(status, reason, buildTime));
        }
    }

    private TorEvent status(CircuitStatus.Status status, @Nullable TorException reason, @Nullable Duration buildTime) {
        List<String> path = new ArrayList<>(3);
        for (Hop hop : hops.all()) {
            HopTarget target = hop.target();
            if (target != null) {
                path.add(target.toString());
            }
        }
        return new CircuitStatus(id, status, purpose, path, reason, buildTime);
    }

    /** Tells how it and its streams are; that one has ended, if it has meanwhile. */
    void describe(TorEventListener listener) {
        listener.onEvent(status(built ? CircuitStatus.Status.BUILT : CircuitStatus.Status.LAUNCHED, null, null));
        for (StreamEntry entry : streams.all()) {
            if (entry instanceof TorStream stream && !stream.incoming) {
                boolean open = stream.inbox.isConnected();
                StreamStatus.Status status = open ? StreamStatus.Status.SUCCEEDED : StreamStatus.Status.SENT_CONNECT;
                listener.onEvent(new StreamStatus(stream.id(), status, id, stream.target, null));
                if (streams.find(stream.streamId()) != stream) {
                    listener.onEvent(new StreamStatus(stream.id(), StreamStatus.Status.CLOSED, id, stream.target, null));
                }
            }
        }
        if (!isOpen()) {
            listener.onEvent(status(CircuitStatus.Status.CLOSED, null, null));
        }
    }

    private Hop lastHop() throws TorException {
        failIfClosed();
        Hop[] all = hops.all();
        if (all.length == 0) {
            throw new TorException(ErrorKind.CIRCUIT_FAILED, "circuit " + id + " has no hop yet");
        }
        return all[all.length - 1];
    }

    private void failIfClosed() throws TorException {
        TorException reason = closeReason.get();
        if (reason != null) {
            throw Failures.again(reason);
        }
    }

    /** What can stand in a BEGIN or RESOLVE message; it is up to the exit whether it names anything. */
    private static void checkHost(String host) throws TorException {
        boolean good = !host.isEmpty() && host.length() <= 255;
        for (int i = 0; good && i < host.length(); i++) {
            char c = host.charAt(i);
            good = c > ' ' && c < 0x7f;
        }
        if (!good) {
            throw new TorException(ErrorKind.BAD_REQUEST, "not a host name");
        }
    }
}
