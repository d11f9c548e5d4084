package dev.cepa.circuit;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.OnionMessage;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.channel.Channel;
import dev.cepa.channel.CircuitHandler;
import dev.cepa.crypto.ClientHandshake;
import dev.cepa.crypto.CreateFast;
import dev.cepa.crypto.HopCrypto;
import dev.cepa.crypto.NtorV3;
import dev.cepa.crypto.Tor1HopCrypto;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.CircuitFacts;
import dev.cepa.event.StreamOrigin;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TorEvents;
import dev.cepa.event.TrafficListener;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
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
public final class Circuit implements Tunnel, CircuitFacts {
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
    private final CircuitUse use;
    private final CircuitSender sender;
    private final CircuitReceiver receiver;
    private final long createdNanos = System.nanoTime();
    private final long createdMillis = System.currentTimeMillis();
    private final Ending ending = new Ending();
    private final AtomicReference<@Nullable PendingAnswer> pending = new AtomicReference<>();
    /** Held while a hop is added; guards the budget of RELAY_EARLY cells. */
    private final ReentrantLock building = new ReentrantLock();

    private int relayEarlyLeft = RELAY_EARLY_BUDGET;
    /** Of the last relay, 20 bytes (tor-spec section 5.2.2, KH); guarded by {@link #building}. */
    private byte @Nullable [] binding;

    private volatile @Nullable Consumer<OnionMessage.Introduce2> introductions;
    private volatile @Nullable StreamAcceptor acceptor;
    private volatile boolean built;
    private volatile @Nullable DestroyReason closedFor;

    private Circuit(
            CircuitLink link, CircuitSettings settings, TorEvents events, long id, String purpose, @Nullable ConfluxLeg leg) {
        this.link = link;
        this.settings = settings;
        this.events = events;
        this.id = id;
        this.purpose = purpose;
        use = leg != null ? leg : ownStreams();
        sender = new CircuitSender(this, link, hops, use.sendLock(), random);
        receiver = new CircuitReceiver(this, hops, use);
    }

    private OwnStreams ownStreams() {
        SendLock lock = new SendLock();
        StreamTable table = new StreamTable(settings.maxStreams(), random.nextInt());
        return new OwnStreams(this, new Streams(() -> id, table, lock, events, reason -> fail(reason, true)), lock);
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
        return create(link, first, settings, events, circuitId, purpose, null, deadline);
    }

    /** @param leg of the set that it is for; null for a circuit with streams of its own */
    static Circuit create(
            CircuitLink link,
            HopTarget first,
            CircuitSettings settings,
            TorEvents events,
            long circuitId,
            String purpose,
            @Nullable ConfluxLeg leg,
            Deadline deadline)
            throws TorException {
        Circuit circuit = new Circuit(link, settings, events, circuitId, purpose, leg);
        circuit.emit(CircuitStatus.Status.LAUNCHED, null, null);
        try {
            link.attach(circuit.receiver);
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
            ending.check();
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
            sender.send(last, Cell.RELAY_EARLY, extend);
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
                sender,
                use.newTurn()));
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
            sender.send(lastHop(), Cell.RELAY, message);
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
            ending.check();
            hops.add(new Hop(hops.size(), null, crypto, flow(congestion), sender, use.newTurn()));
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
            Function<byte[], OnionMessage.EstablishIntro> message,
            Consumer<OnionMessage.Introduce2> listener,
            Deadline deadline)
            throws TorException {
        building.lock();
        try {
            byte[] key = binding;
            if (key == null) {
                throw new IllegalStateException("circuit " + id + " has no hop yet");
            }
            introductions = listener;
            ask(message.apply(key.clone()), OnionMessage.INTRO_ESTABLISHED, deadline);
        } finally {
            building.unlock();
        }
    }

    /** The reader: a client introduces itself. */
    void introductionReceived(Hop from, OnionMessage.Introduce2 message) throws TorException {
        Consumer<OnionMessage.Introduce2> listener = introductions;
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
            OnionMessage.Rendezvous1 message,
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
            sender.send(rendezvousPoint, Cell.RELAY, message);
        } finally {
            building.unlock();
        }
    }

    /** The reader: an onion service's client opens a stream. */
    void begun(Outlet from, int streamId, ByteReader body) throws TorException {
        StreamAcceptor taker = acceptor;
        if (taker == null || !(from instanceof Hop hop) || hop.target() != null) {
            throw new ProtocolException("relay command " + RelayMessage.BEGIN + " towards a client");
        }
        RelayMessage.Begin begin = (RelayMessage.Begin) RelayMessage.read(RelayMessage.BEGIN, body);
        TorStream stream = streams().enter(from, link.memory(), streamId);
        if (stream != null) {
            taker.begin(stream, begin.port());
        }
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
        ending.check();
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
    @Override
    public TorStream open(String host, int port, int beginFlags, Deadline deadline) throws TorException {
        return connected(openOptimistic(host, port, beginFlags), deadline);
    }

    /** Opens a stream through the last hop and does not wait: what is written goes out at once. */
    @Override
    public TorStream openOptimistic(String host, int port, int beginFlags, @Nullable StreamOrigin origin)
            throws TorException {
        return streams().begin(lastHop(), link.memory(), host, port, beginFlags, origin);
    }

    /**
     * Opens a stream to a port of the onion service that was {@linkplain #join joined}, and does not wait.
     *
     * @param name the service's, for events; it is not sent
     * @param origin whom it is for, for events
     */
    public TorStream openServiceOptimistic(String name, int port, @Nullable StreamOrigin origin) throws TorException {
        if (lastHop().target() != null) {
            throw new IllegalStateException("no onion service was joined");
        }
        return begin(new RelayMessage.Begin("", port, 0), name + ":" + port, origin);
    }

    /** Opens a stream to the last hop's own directory and waits until it is connected. */
    public TorStream openDirectory(Deadline deadline) throws TorException {
        return connected(openDirectoryOptimistic(), deadline);
    }

    /** Opens a stream to the last hop's own directory and does not wait. */
    public TorStream openDirectoryOptimistic() throws TorException {
        return begin(new RelayMessage.BeginDir(), "directory of " + lastHop().name(), null);
    }

    private TorStream begin(RelayMessage message, String target, @Nullable StreamOrigin origin) throws TorException {
        return streams().begin(lastHop(), link.memory(), message, target, origin);
    }

    /** A circuit is whole as long as it is open. */
    @Override
    public boolean isWhole() {
        return isOpen();
    }

    /** Of a circuit that is one. */
    ConfluxLeg leg() {
        if (use instanceof ConfluxLeg leg) {
            return leg;
        }
        throw new IllegalStateException("circuit " + id + " is no leg of a set");
    }

    /** A leg's streams are its set's, and are opened there alone. */
    private Streams streams() {
        if (use instanceof OwnStreams own) {
            return own.streams;
        }
        throw new IllegalStateException("circuit " + id + " is a leg of a set");
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
    @Override
    public List<Resolved.Answer> resolve(String name, Deadline deadline) throws TorException {
        return streams().resolve(lastHop(), name, deadline);
    }

    /** Unique within one client. */
    @Override
    public long id() {
        return id;
    }

    /** The relays so far, the guard first. */
    @Override
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
    @Override
    public boolean isOpen() {
        return ending.reason() == null;
    }

    @Override
    public boolean isConnected() {
        return isOpen() && link.isOpen();
    }

    /** Why it ended; null while it is open. */
    @Override
    public @Nullable TorException closeReason() {
        return ending.reason();
    }

    /** Streams open or being opened, and names being resolved. */
    @Override
    public int streamCount() {
        return streams().open();
    }

    /** When it was launched, by {@link System#nanoTime}. */
    public long createdNanos() {
        return createdNanos;
    }

    /** When a stream was last opened or ended, by {@link System#nanoTime}; its launch if there was none. */
    @Override
    public long lastUsedNanos() {
        return streams().lastUsedNanos();
    }

    /** Has {@code listener} run when the circuit ends, or now if it has; on the thread that ends it, so it must be quick. */
    @Override
    public void onClose(Runnable listener) {
        ending.onEnd(listener);
    }

    /** Ends the circuit and all its streams. Never blocks; may be called twice. */
    @Override
    public void close() {
        close(DestroyReason.FINISHED);
    }

    /** Ends it for a reason, which is for {@link #closeReason} and events: relays are never told a client's reasons. */
    @Override
    public void close(DestroyReason reason) {
        closedFor = closedFor == null ? reason : closedFor;
        fail(new TorException(ErrorKind.CLOSED, "circuit " + id + " was closed: " + reason), true);
    }

    /** Names the circuit and its relays. */
    @Override
    public String toString() {
        return "circuit " + id + " " + path();
    }

    /** Ends the circuit; only the first call counts. */
    void fail(TorException reason, boolean tellRelay) {
        List<Runnable> listeners = ending.end(reason);
        if (listeners == null) {
            return;
        }
        sender.close(reason, tellRelay);
        link.detach();
        PendingAnswer expected = pending.getAndSet(null);
        if (expected != null) {
            expected.answer().fail(reason);
        }
        use.circuitEnded(reason);
        emit(built ? CircuitStatus.Status.CLOSED : CircuitStatus.Status.FAILED, reason, null);
        for (Runnable listener : listeners) {
            listener.run();
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

    /** Whether its last hop has agreed to control congestion; false as long as it has none. */
    public boolean controlsCongestion() {
        Hop[] all = hops.all();
        return all.length > 0 && all[all.length - 1].flow().congestion() != null;
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
        return new CircuitStatus(id, status, purpose, path, reason, buildTime, use.setName(), this);
    }

    /** Tells how it and its streams are; that one has ended, if it has meanwhile. */
    void describe(TorEventListener listener) {
        listener.onEvent(status(built ? CircuitStatus.Status.BUILT : CircuitStatus.Status.LAUNCHED, null, null));
        use.describe(listener);
        if (!isOpen()) {
            listener.onEvent(status(CircuitStatus.Status.CLOSED, null, null));
        }
    }

    /** Shows it and its streams. */
    void showTraffic(TrafficListener listener) {
        listener.circuit(id, this);
        use.showTraffic(listener);
    }

    /** The circuit that a channel knows by its handler; null if it is none. */
    public static @Nullable Circuit of(CircuitHandler handler) {
        return handler instanceof CircuitReceiver receiver ? receiver.circuit() : null;
    }

    /** The stream of that id in events; null if it is not on this circuit. */
    public @Nullable TorStream findStream(long streamId) {
        return use.findStream(streamId);
    }

    /** What carries its streams: itself, or the set that it is a leg of. */
    public Tunnel tunnel() {
        return use.tunnel(this);
    }

    /** Whether its path is complete. */
    public boolean isBuilt() {
        return built;
    }

    /** Whether streams are open or being opened on it, or on its set. */
    public boolean carriesStreams() {
        return use.carriesStreams();
    }

    @Override
    public List<String> hops() {
        List<String> names = new ArrayList<>(3);
        for (HopTarget target : path()) {
            names.add(target.fingerprint());
        }
        return names;
    }

    @Override
    public Instant created() {
        return Instant.ofEpochMilli(createdMillis);
    }

    @Override
    public long bytesReceived() {
        return receiver.cells() * Cell.BODY;
    }

    @Override
    public long bytesSent() {
        return sender.cells() * Cell.BODY;
    }

    @Override
    public long payloadReceived() {
        return receiver.payload();
    }

    @Override
    public long payloadSent() {
        return sender.payload();
    }

    @Override
    public String closedFor() {
        DestroyReason reason = closedFor;
        return reason == null ? "" : reason.name();
    }

    Hop lastHop() throws TorException {
        ending.check();
        Hop[] all = hops.all();
        if (all.length == 0) {
            throw new TorException(ErrorKind.CIRCUIT_FAILED, "circuit " + id + " has no hop yet");
        }
        return all[all.length - 1];
    }
}
