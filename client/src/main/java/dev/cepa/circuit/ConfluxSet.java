package dev.cepa.circuit;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ConfluxMessage;
import dev.cepa.cell.ConfluxMessage.LinkBody;
import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.channel.Channel;
import dev.cepa.channel.QueueMemory;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.StreamOrigin;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TorEvents;
import dev.cepa.event.TrafficListener;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Circuits to one exit that carry the same streams (proposal 329, as C tor has it). Each leg is {@linkplain #createLeg
 * created} and extended like any circuit, and then {@linkplain #link linked}; when all are, the set is
 * {@linkplain #join joined} and takes streams. Thread-safe.
 *
 * <p>It owns the one table of streams. What is sent has one order under the legs' common {@link SendLock}; what comes is put
 * in order under the receiving lock, by the readers of the legs' channels. Whoever needs both takes the receiving lock first.
 *
 * <p>A leg that ends ends the set if anything may have been lost with it; else the set goes on without it, but is not
 * {@linkplain #isWhole whole} any more. Nothing is sent twice, so nothing can be made up for. Whatever the exit does that
 * breaks the protocol ends the set.
 */
public final class ConfluxSet implements Tunnel, QueueMemory.Queue {
    /** What legs are for, in the control specification's words. */
    private static final String UNLINKED = "CONFLUX_UNLINKED";

    private static final String LINKED = "CONFLUX_LINKED";
    /** Bytes of the nonce that name the set in events: whoever knows all of them can add a leg. */
    private static final int NAME = 16;

    private final ConfluxSettings settings;
    private final CircuitSettings circuitSettings;
    private final TorEvents events;
    private final QueueMemory memory;
    private final byte[] nonce = new byte[ConfluxMessage.NONCE];
    private final SendLock sendLock = new SendLock();
    private final ConfluxOutlet outlet = new ConfluxOutlet(sendLock);
    private final Streams streams;
    private final ReentrantLock receiving = new ReentrantLock();
    private final ConfluxSequencer sequencer; // guarded by receiving
    /** Those that are linking, linked or joined; guarded by receiving. */
    private final List<ConfluxLeg> legs = new ArrayList<>(2);

    private volatile boolean joined; // written under receiving
    private volatile boolean whole; // written under receiving
    private volatile long id; // 0 until it is joined
    private volatile @Nullable ConfluxLeg first; // written under receiving
    private volatile List<HopTarget> path = List.of();
    private volatile List<Circuit> circuits = List.of(); // of the legs it was joined of and still has
    private final Ending ending = new Ending();

    /** A set without legs. */
    public ConfluxSet(
            ConfluxSettings settings, CircuitSettings circuitSettings, QueueMemory memory, TorEvents events) {
        this.settings = settings;
        this.circuitSettings = circuitSettings;
        this.memory = memory;
        this.events = events;
        SecureRandom random = new SecureRandom();
        random.nextBytes(nonce);
        sequencer = new ConfluxSequencer(memory, settings.maxQueuedBytes());
        StreamTable table = new StreamTable(circuitSettings.maxStreams(), random.nextInt());
        streams = new Streams(this::id, table, sendLock, events, this::fail);
    }

    // ---- while it is put together ----

    /**
     * Creates the first hop of a circuit that is to be a leg; see {@link Circuit#create}. Whoever does closes it if it can't
     * be {@linkplain #link linked}.
     */
    public Circuit createLeg(Channel channel, HopTarget first, long circuitId, Deadline deadline) throws TorException {
        return createLeg(new CircuitLink.OnChannel(channel), first, circuitId, deadline);
    }

    Circuit createLeg(CircuitLink link, HopTarget first, long circuitId, Deadline deadline) throws TorException {
        ConfluxLeg leg;
        receiving.lock();
        try {
            ending.check();
            if (joined) {
                throw new IllegalStateException("the set is joined");
            }
            leg = new ConfluxLeg(this, sequencer.addLeg(), new StreamReceiver(streams, ConfluxSet::begun));
        } finally {
            receiving.unlock();
        }
        return Circuit.create(link, first, circuitSettings, events, circuitId, UNLINKED, leg, deadline);
    }

    /** Nobody opens streams to a client by way of an exit. */
    private static void begun(Outlet from, int streamId, ByteReader body) throws ProtocolException {
        throw new ProtocolException("relay command " + RelayMessage.BEGIN + " towards a client");
    }

    /**
     * Tells the exit that the circuit is a leg, and waits until it agrees.
     *
     * @param circuit from {@link #createLeg}, with all its hops
     * @param longest a round trip from which on the leg is too slow to be of use
     * @throws TorException if it can't be linked, which closes the circuit; of kind TIMEOUT if that took too long
     */
    public void link(Circuit circuit, Duration longest) throws TorException {
        try {
            ConfluxLeg leg = circuit.leg();
            Hop exit = circuit.lastHop();
            if (exit.congestion() == null) {
                throw new TorException(ErrorKind.CIRCUIT_FAILED, exit.name() + " does not control congestion");
            }
            receiving.lock();
            try {
                ending.check();
                if (joined || leg.state != ConfluxLeg.State.BUILDING) {
                    throw new IllegalStateException("the leg is linked, or can't be any more");
                }
                leg.circuit = circuit;
                leg.hop = exit;
                leg.state = ConfluxLeg.State.LINKING;
                leg.linkSentNanos = System.nanoTime();
                legs.add(leg);
            } finally {
                receiving.unlock();
            }
            LinkBody body = new LinkBody(nonce, 0, 0, settings.desiredUx());
            circuit.sender().send(exit, Cell.RELAY, new ConfluxMessage.Link(body));
            leg.linked.await(Deadline.in(longest), exit.name() + " to link the circuit");
        } catch (TorException e) {
            circuit.fail(e, true);
            throw e;
        }
    }

    /**
     * Has streams carried from now on.
     *
     * @param count how many legs must be linked
     * @throws TorException if they are not, or not any more; the set is closed then
     */
    public void join(int count) throws TorException {
        ConfluxLeg[] all;
        receiving.lock();
        try {
            ending.check();
            all = legs.toArray(new ConfluxLeg[0]);
            boolean ready = all.length == count && count > 0;
            boolean spreads = false;
            for (ConfluxLeg leg : all) {
                ready &= leg.state == ConfluxLeg.State.LINKED;
                spreads |= leg.exitWantsSpread;
            }
            if (ready) {
                start(all, spreads);
            } else {
                all = new ConfluxLeg[0];
            }
        } finally {
            receiving.unlock();
        }
        if (all.length == 0) {
            TorException e = new TorException(ErrorKind.CIRCUIT_FAILED, "a leg of the set ended before all were linked");
            fail(e);
            throw e;
        }
        memory.add(this);
        for (ConfluxLeg leg : all) {
            Circuit circuit = circuitOf(leg);
            circuit.setPurpose(LINKED);
            circuit.markBuilt();
        }
        if (!isOpen()) {
            memory.remove(this);
        }
    }

    private void start(ConfluxLeg[] all, boolean spreads) {
        sendLock.lock();
        try {
            outlet.start(all, spreads);
        } finally {
            sendLock.unlock();
        }
        for (ConfluxLeg leg : all) {
            leg.state = ConfluxLeg.State.JOINED;
        }
        List<Circuit> joinedOf = new ArrayList<>(all.length);
        for (ConfluxLeg leg : all) {
            joinedOf.add(circuitOf(leg));
        }
        circuits = List.copyOf(joinedOf);
        id = circuitOf(all[0]).id();
        path = circuitOf(all[0]).path();
        first = all[0];
        joined = true;
        whole = true;
    }

    // ---- what comes, on the readers of the legs' channels ----

    void received(ConfluxLeg leg, Hop from, int command, int streamId, byte[] buf, int at, int length)
            throws TorException {
        TorException failure;
        receiving.lock();
        try {
            checkJoined(leg, from, command);
            sequencer.received(leg.inbound, command, streamId, buf, at, length, leg);
            return;
        } catch (TorException e) {
            failure = e;
        } catch (RuntimeException e) {
            failure = new TorException(ErrorKind.INTERNAL, "could not handle a message: " + e, e);
        } finally {
            receiving.unlock();
        }
        fail(failure);
        throw failure;
    }

    void confluxReceived(ConfluxLeg leg, Hop from, ConfluxMessage message) throws TorException {
        switch (message) {
            case ConfluxMessage.Linked(LinkBody body) -> linkedReceived(leg, from, body);
            case ConfluxMessage.Switch(long relative) -> switchReceived(leg, from, relative);
            case ConfluxMessage.Link ignored -> throw towardsClient(message);
            case ConfluxMessage.LinkedAck ignored -> throw towardsClient(message);
        }
    }

    private static ProtocolException towardsClient(ConfluxMessage message) {
        return new ProtocolException("relay command " + message.command() + " towards a client");
    }

    private void linkedReceived(ConfluxLeg leg, Hop from, LinkBody body) throws TorException {
        receiving.lock();
        try {
            if (leg.state != ConfluxLeg.State.LINKING || from != leg.hop) {
                throw new ProtocolException("LINKED that nobody asked for");
            }
            if (!MessageDigest.isEqual(nonce, body.nonce())) {
                throw new ProtocolException("LINKED for another set");
            }
            if (body.lastSent() != 0 || body.lastReceived() != 0) {
                throw new ProtocolException("LINKED that counts messages before any were sent");
            }
            long nanos = Math.max(1000, System.nanoTime() - leg.linkSentNanos);
            leg.linkMicros = TimeUnit.NANOSECONDS.toMicros(nanos);
            leg.exitWantsSpread = body.desiredUx().spreads();
            leg.state = ConfluxLeg.State.LINKED;
        } finally {
            receiving.unlock();
        }
        circuitOf(leg).sender().send(from, Cell.RELAY, new ConfluxMessage.LinkedAck());
        leg.linked.complete(true);
    }

    private void switchReceived(ConfluxLeg leg, Hop from, long relative) throws TorException {
        ProtocolException failure;
        receiving.lock();
        try {
            checkJoined(leg, from, ConfluxMessage.SWITCH);
            sequencer.switched(leg.inbound, relative);
            return;
        } catch (ProtocolException e) {
            failure = e;
        } finally {
            receiving.unlock();
        }
        fail(failure);
        throw failure;
    }

    private void checkJoined(ConfluxLeg leg, Hop from, int command) throws ProtocolException {
        if (leg.state != ConfluxLeg.State.JOINED || from != leg.hop) {
            throw new ProtocolException("relay command " + command + " where no set is joined");
        }
    }

    // ---- streams ----

    @Override
    public TorStream open(String host, int port, int beginFlags, Deadline deadline) throws TorException {
        return Circuit.connected(openOptimistic(host, port, beginFlags), deadline);
    }

    @Override
    public TorStream openOptimistic(String host, int port, int beginFlags, @Nullable StreamOrigin origin)
            throws TorException {
        checkUsable();
        return streams.begin(outlet, memory, host, port, beginFlags, origin);
    }

    @Override
    public List<Resolved.Answer> resolve(String name, Deadline deadline) throws TorException {
        checkUsable();
        return streams.resolve(outlet, name, deadline);
    }

    private void checkUsable() throws TorException {
        ending.check();
        if (!joined) {
            throw new IllegalStateException("the set is not joined");
        }
    }

    @Override
    public int streamCount() {
        return streams.open();
    }

    @Override
    public long lastUsedNanos() {
        return streams.lastUsedNanos();
    }

    // ---- what it is ----

    @Override
    public long id() {
        return id;
    }

    @Override
    public List<HopTarget> path() {
        return path;
    }

    /** The legs that it has now. */
    public List<Circuit> legs() {
        receiving.lock();
        try {
            List<Circuit> circuits = new ArrayList<>(legs.size());
            for (ConfluxLeg leg : legs) {
                circuits.add(circuitOf(leg));
            }
            return circuits;
        } finally {
            receiving.unlock();
        }
    }

    /** Its name in events. */
    String name() {
        return HexFormat.of().formatHex(nonce, 0, NAME);
    }

    SendLock sendLock() {
        return sendLock;
    }

    Condition turn() {
        return outlet.turn();
    }

    ConfluxOutlet outlet() {
        return outlet;
    }

    /** The first leg tells of the streams. Takes no lock: the listener may hold one that events wait for. */
    void describe(ConfluxLeg leg, TorEventListener listener) {
        if (leg == first) {
            streams.describe(listener);
        }
    }

    /** The first leg shows the streams. */
    void showTraffic(ConfluxLeg leg, TrafficListener listener) {
        if (leg == first) {
            streams.showTraffic(listener);
        }
    }

    @Nullable TorStream findStream(long streamId) {
        return streams.findById(streamId);
    }

    private static Circuit circuitOf(ConfluxLeg leg) {
        Circuit circuit = leg.circuit;
        if (circuit == null) {
            throw new IllegalStateException("the leg has no circuit yet");
        }
        return circuit;
    }

    // ---- its end ----

    /** A leg's circuit has ended. */
    void legEnded(ConfluxLeg leg, TorException reason) {
        boolean fatal;
        receiving.lock();
        try {
            boolean wasJoined = leg.state == ConfluxLeg.State.JOINED;
            leg.state = ConfluxLeg.State.LOST;
            legs.remove(leg);
            if (leg == first) {
                first = legs.isEmpty() ? null : legs.getFirst();
            }
            whole = false;
            circuits = circuits.stream().filter(circuit -> circuit != leg.circuit).toList();
            boolean nothingLost = sequencer.lost(leg.inbound);
            sendLock.lock();
            try {
                nothingLost &= outlet.lost(leg);
            } finally {
                sendLock.unlock();
            }
            fatal = wasJoined && !nothingLost;
        } finally {
            receiving.unlock();
        }
        leg.linked.fail(reason);
        if (fatal) {
            fail(reason);
        }
    }

    /** Ends the set; only the first call counts. */
    private void fail(TorException reason) {
        List<Runnable> listeners = ending.end(reason);
        if (listeners == null) {
            return;
        }
        List<ConfluxLeg> all;
        receiving.lock();
        try {
            all = List.copyOf(legs);
            sequencer.close();
            sendLock.lock();
            try {
                outlet.close(reason);
            } finally {
                sendLock.unlock();
            }
        } finally {
            receiving.unlock();
        }
        memory.remove(this);
        for (ConfluxLeg leg : all) {
            circuitOf(leg).fail(reason, true);
        }
        streams.close(reason);
        for (Runnable listener : listeners) {
            listener.run();
        }
    }

    @Override
    public boolean isOpen() {
        return ending.reason() == null;
    }

    @Override
    public boolean isConnected() {
        for (Circuit circuit : circuits) {
            if (!circuit.isConnected()) {
                return false;
            }
        }
        return isOpen();
    }

    /** Whether it has all the legs that it was joined of. */
    @Override
    public boolean isWhole() {
        return whole;
    }

    @Override
    public @Nullable TorException closeReason() {
        return ending.reason();
    }

    @Override
    public void onClose(Runnable listener) {
        ending.onEnd(listener);
    }

    @Override
    public void close() {
        close(DestroyReason.FINISHED);
    }

    @Override
    public void close(DestroyReason reason) {
        fail(new TorException(ErrorKind.CLOSED, "the conflux set was closed: " + reason));
    }

    @Override
    public String toString() {
        return "conflux set of " + legs();
    }

    // ---- memory ----

    @Override
    public @Nullable Long waitingSince() {
        receiving.lock();
        try {
            return sequencer.waitingSince();
        } finally {
            receiving.unlock();
        }
    }

    @Override
    public void giveUp(TorException reason) {
        streams.giveUp(reason);
    }
}
