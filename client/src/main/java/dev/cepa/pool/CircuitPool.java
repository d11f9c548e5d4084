package dev.cepa.pool;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelManager;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.circuit.TorStream;
import dev.cepa.circuit.Tunnel;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.path.BuildTimeouts;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathSelector;
import java.io.Closeable;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The client's circuits for streams: finds one that a stream may use, has one built if there is none, and opens the stream
 * on another when an exit can't (path-spec sections 2.1 to 2.3). Thread-safe. What it has is in {@link PoolState};
 * {@link CircuitLauncher} builds, {@link PoolKeeper} builds ahead and clears away.
 */
public final class CircuitPool implements StreamSource, StreamOpener, Closeable {
    /** So often it is looked whether the circuit that an answer is waited for on has been found broken. */
    private static final Duration LOOK_INTERVAL = Duration.ofMillis(500);

    final PoolState state;
    private final Supplier<@Nullable PathSelector> paths;
    private final Selectors selectors;
    private final CircuitLauncher launcher;
    private final PoolKeeper keeper;
    private final TorEvents events;
    /** Numbers of owners who share circuits with nobody; below those that listeners may have. */
    private int nextOwner = Integer.MIN_VALUE;

    private boolean started;
    private volatile Runnable requestListener = () -> {};
    /** Null while nobody controls the client. */
    private volatile @Nullable UnattachedStreams unattached;
    /** Null while no host's exit is tracked. */
    private volatile @Nullable TrackedExits tracked;

    /**
     * @param paths gives the selector of the current directory; null while there is none
     */
    public CircuitPool(
            PoolSettings settings,
            CircuitSettings circuitSettings,
            Supplier<@Nullable PathSelector> paths,
            ChannelManager channels,
            GuardManager guards,
            BuildTimeouts timeouts,
            TorEvents events,
            LongSupplier circuitIds) {
        this(
                settings, new CircuitBuilder(channels, guards, circuitSettings, events, circuitIds), paths,
                new Liveness(channels::lastReceivedNanos, timeouts, guards), timeouts, events);
    }

    CircuitPool(
            PoolSettings settings,
            CircuitSource source,
            Supplier<@Nullable PathSelector> paths,
            Liveness liveness,
            BuildTimeouts timeouts,
            TorEvents events) {
        long now = System.nanoTime();
        this.paths = paths;
        this.events = events;
        state = new PoolState(settings, timeouts, new SecureRandom(), now);
        selectors = new Selectors(paths, state.lock, state.changed, state::checkOpen);
        state.predictor.used(PortPredictor.FIRST_PORT, now);
        launcher = new CircuitLauncher(state, source, liveness);
        keeper = new PoolKeeper(state, launcher, paths, liveness);
    }

    /** Starts keeping circuits ready and closing old ones; a second call does nothing. */
    public void start() {
        state.lock.lock();
        try {
            if (!started && !state.closed) {
                started = true;
                Thread.ofVirtual().name("cepa-pool").start(keeper);
            }
        } finally {
            state.lock.unlock();
        }
    }

    /** Takes over other settings; they hold for all circuits, open ones too. */
    public void setSettings(PoolSettings changed) {
        state.lock.lock();
        try {
            state.settings = changed;
            if (changed.conflux().mode() == ConfluxChoice.Mode.OFF) {
                state.circuits.doubtSets();
            }
            state.signalAll();
        } finally {
            state.lock.unlock();
        }
    }

    /** Whether circuits are built at all; turning it off closes them, and no stream can be opened until it is on again. */
    public void setNetworkEnabled(boolean on) {
        List<PooledCircuit> all = List.of();
        state.lock.lock();
        try {
            state.enabled = on;
            if (!on) {
                all = state.circuits.removeAll();
            }
            state.retryAt = System.nanoTime();
            state.signalAll();
        } finally {
            state.lock.unlock();
        }
        closeAll(all);
    }

    @Override
    public TorStream openStream(StreamRequest request, Deadline deadline) throws TorException {
        refuseOnion(request);
        UnattachedStreams waiting = unattached;
        if (waiting != null && waiting.isFor(request)) {
            UnattachedStreams.Decision decision = waiting.await(request, deadline);
            Tunnel chosen = decision.circuit();
            refuseOnion(decision.request());
            return chosen == null
                    ? openAnywhere(decision.request(), deadline)
                    : openEarly(chosen, decision.request(), deadline);
        }
        return openAnywhere(request, deadline);
    }

    /** On the one circuit that a controller wants it on. */
    private static TorStream openEarly(Tunnel circuit, StreamRequest request, Deadline deadline) throws TorException {
        TorStream stream =
                circuit.openOptimistic(request.host(), request.port(), request.beginFlags(), request.origin());
        if (request.optimistic()) {
            return stream;
        }
        request.sendEarly(stream.output());
        return Circuit.connected(stream, deadline);
    }

    private TorStream openAnywhere(StreamRequest request, Deadline deadline) throws TorException {
        return use(request, deadline, (pooled, circuit, limit) -> {
            if (request.optimistic()) {
                return openOn(circuit, request, limit);
            }
            TorStream stream =
                    circuit.openOptimistic(request.host(), request.port(), request.beginFlags(), request.origin());
            request.sendEarly(stream.output());
            try {
                awaitConnected(stream, pooled, limit);
                return stream;
            } catch (TorException e) {
                stream.close();
                throw e;
            }
        });
    }

    /** Has programs' streams wait there if they are to wait for a controller. */
    public void leaveUnattached(UnattachedStreams streams) {
        unattached = streams;
    }

    /** Waits for the exit's answer, but not to the end once the circuit is found to be broken. */
    private void awaitConnected(TorStream stream, PooledCircuit pooled, Deadline deadline) throws TorException {
        while (true) {
            try {
                stream.awaitConnected(deadline.atMost(LOOK_INTERVAL));
                return;
            } catch (TorException e) {
                if (e.kind() != ErrorKind.TIMEOUT || deadline.passed() || isDoubtful(pooled)) {
                    throw e;
                }
            }
        }
    }

    private boolean isDoubtful(PooledCircuit pooled) {
        state.lock.lock();
        try {
            return pooled.doubtful;
        } finally {
            state.lock.unlock();
        }
    }

    /** No exit may hear of an onion service. */
    static void refuseOnion(StreamRequest request) throws TorException {
        if (HostText.isOnion(request.host())) {
            throw new TorException(ErrorKind.BAD_REQUEST, "an onion service can't be reached through an exit");
        }
    }

    static TorStream openOn(Tunnel circuit, StreamRequest request, Deadline deadline) throws TorException {
        refuseOnion(request);
        TorStream stream =
                circuit.openOptimistic(request.host(), request.port(), request.beginFlags(), request.origin());
        return request.optimistic() ? stream : Circuit.connected(stream, deadline);
    }

    @Override
    public OpenedStream open(StreamRequest request, Deadline deadline) throws TorException {
        TorStream stream = openStream(request, deadline);
        return new OpenedStream(stream.input(), stream.output(), stream);
    }

    @Override
    public List<Resolved.Answer> resolve(StreamRequest request, Deadline deadline) throws TorException {
        refuseOnion(request);
        return use(request, deadline, (pooled, circuit, limit) -> circuit.resolve(request.host(), limit));
    }

    /** What is done with a circuit, within its time. */
    private interface Action<T> {
        T on(PooledCircuit pooled, Tunnel circuit, Deadline deadline) throws TorException;
    }

    /**
     * Has hosts reached by the exit that they were last reached by ({@code TrackHostExits}).
     *
     * @param hosts names; those of a whole domain with a dot before; a dot alone means all; none to track nothing
     * @param lifetime how long an exit is remembered after it was last used
     */
    public void trackHosts(List<String> hosts, Duration lifetime) {
        tracked = hosts.isEmpty() ? null : new TrackedExits(hosts, lifetime, InstantSource.system());
    }

    private <T> T use(StreamRequest request, Deadline deadline, Action<T> action) throws TorException {
        TrackedExits known = request.exits() == null && request.port() != 0 ? tracked : null;
        if (known == null) {
            return attempt(request, deadline, action, null);
        }
        ExitChoice last = known.find(request.host());
        if (last != null) {
            try {
                return attempt(request.withExits(last), deadline, action, known);
            } catch (TorException e) {
                known.forget(request.host());
                if (e.kind() == ErrorKind.CLOSED || deadline.passed()) {
                    throw e;
                }
            }
        }
        return attempt(request, deadline, action, known);
    }

    private <T> T attempt(
            StreamRequest request, Deadline deadline, Action<T> action, @Nullable TrackedExits known) throws TorException {
        Set<RsaId> avoid = new HashSet<>();
        int epoch = asked(request);
        for (int attempt = 0; ; attempt++) {
            PooledCircuit pooled = acquire(request, epoch, avoid, true, deadline);
            try {
                Tunnel circuit = pooled.circuit;
                if (circuit == null) {
                    throw new TorException(ErrorKind.INTERNAL, "a pending circuit was taken");
                }
                note(pooled, false);
                T done = action.on(pooled, circuit, deadline.atMost(StreamRetry.answerTime(attempt, settings().answerTimeout())));
                note(pooled, true);
                if (known != null) {
                    known.reached(request.host(), pooled.exit);
                }
                return done;
            } catch (TorException e) {
                if (e instanceof StreamException) {
                    note(pooled, true);
                }
                boolean over = deadline.passed(); // then it may not have had the time that an exit may take
                if (!over && StreamRetry.isCircuitsFault(e)) {
                    doubt(pooled);
                }
                if (over || !StreamRetry.isWorthwhile(e, attempt)) {
                    throw e;
                }
                avoid.add(pooled.exit);
            } finally {
                release(pooled);
            }
        }
    }

    /** It gets no more streams; those that it carries may go on. */
    private void doubt(PooledCircuit pooled) {
        state.lock.lock();
        try {
            pooled.doubtful = !pooled.pinned;
            state.keeperWanted.signal();
        } finally {
            state.lock.unlock();
        }
    }

    /** Tells the guard that a stream is tried on one of its circuits, or was answered there. */
    private static void note(PooledCircuit pooled, boolean answered) {
        for (GuardAttempt attempt : pooled.attempts) {
            if (answered) {
                attempt.answered();
            } else {
                attempt.used();
            }
        }
    }

    /** Notes that a stream is wanted; returns the epoch that it belongs to. */
    private int asked(StreamRequest request) {
        requestListener.run();
        state.lock.lock();
        try {
            if (request.prebuilt()) {
                state.predictor.used(request.port(), System.nanoTime());
                state.keeperWanted.signal();
            }
            return state.circuits.epoch();
        } finally {
            state.lock.unlock();
        }
    }

    private PoolSettings settings() {
        state.lock.lock();
        try {
            return state.settings;
        } finally {
            state.lock.unlock();
        }
    }

    /**
     * A circuit that the stream may use, reserved until {@link #release}.
     *
     * @param sets whether a set of circuits will do
     */
    private PooledCircuit acquire(StreamRequest request, int epoch, Set<RsaId> avoid, boolean sets, Deadline deadline)
            throws TorException {
        Acquisition acquisition = new Acquisition(state, launcher, selectors, request, epoch, avoid, sets, deadline);
        PooledCircuit pooled = acquisition.run();
        Tunnel circuit = pooled.circuit;
        if (events.hasListeners() && circuit != null) {
            events.emit(new TorEvent.CircuitChosen(circuit.id(), acquisition.outcome(), acquisition.elapsed()));
        }
        return pooled;
    }

    private void release(PooledCircuit pooled) {
        state.lock.lock();
        try {
            state.circuits.opened(pooled);
        } finally {
            state.lock.unlock();
        }
    }

    /**
     * A circuit that the caller has for himself, until he closes it.
     *
     * @param port that its exit must take; 0: any exit
     * @param prebuilt whether it may be one that was built before
     */
    public PinnedStreams pin(int port, boolean prebuilt, Deadline deadline) throws TorException {
        StreamRequest request =
                new StreamRequest("", port, newOwner(), Begin.IPV6_OK, false, prebuilt, false);
        PooledCircuit pooled = acquire(request, asked(request), Set.of(), false, deadline);
        state.lock.lock();
        try {
            pooled.pinned = true;
        } finally {
            state.lock.unlock();
        }
        release(pooled);
        Tunnel circuit = pooled.circuit;
        if (circuit == null) {
            throw new TorException(ErrorKind.INTERNAL, "a pending circuit was taken");
        }
        return new PinnedStreams(circuit);
    }

    /** The key of somebody who shares circuits with nobody else. */
    public IsolationKey newOwner() {
        state.lock.lock();
        try {
            return IsolationKey.group(nextOwner++);
        } finally {
            state.lock.unlock();
        }
    }

    /**
     * Waits until some circuit is ready, building one if need be; it stays for the first stream.
     *
     * @throws TorException if none could be built by then
     */
    public void prepare(Deadline deadline) throws TorException {
        PooledCircuit awaited = null;
        while (true) {
            PathSelector selector = selectors.await(deadline);
            state.lock.lock();
            try {
                state.checkOpen();
                for (PooledCircuit c : state.circuits.all()) {
                    if (c.state == PooledCircuit.State.READY && c.isAllowedBy(selector)) {
                        return;
                    }
                }
                if (awaited != null && awaited.failure != null) {
                    throw awaited.failure;
                }
                boolean building = awaited != null
                        && awaited.state == PooledCircuit.State.BUILDING
                        && awaited.isYoung(System.nanoTime());
                if (building || !state.reserve(null)) {
                    deadline.atMost(Duration.ofSeconds(1)).await(state.changed, "the first circuit");
                    continue;
                }
            } finally {
                state.lock.unlock();
            }
            ExitRequest web = ExitRequest.name(PortPredictor.FIRST_PORT, false, true);
            ExitRequest request = PortPredictor.isTaken(web, selector) ? web : ExitRequest.any();
            awaited = launcher.launch(selector, request, null);
        }
    }

    /** No stream that is asked for from now on shares a circuit with those before. */
    public void retireAll() {
        TrackedExits known = tracked;
        if (known != null) {
            known.clear();
        }
        state.lock.lock();
        try {
            state.circuits.startEpoch();
            state.keeperWanted.signal();
        } finally {
            state.lock.unlock();
        }
    }

    /** The network is another one now, or was away: circuits of before get no new streams, as they are likely to be dead. */
    public void networkChanged() {
        state.lock.lock();
        try {
            state.circuits.doubtAll();
            state.failures = 0;
            state.retryAt = System.nanoTime();
            state.signalAll();
        } finally {
            state.lock.unlock();
        }
    }

    /** Has somebody told of each stream that is asked for; on the thread that asks. */
    public void onRequest(Runnable listener) {
        requestListener = listener;
    }

    /** Builds nothing ahead any more until a stream is asked for. */
    public void rest() {
        state.lock.lock();
        try {
            state.predictor.clear();
        } finally {
            state.lock.unlock();
        }
    }

    /** How many streams are open. */
    public int streamCount() {
        state.lock.lock();
        try {
            int count = 0;
            for (PooledCircuit c : state.circuits.all()) {
                count += c.streams.getAsInt();
            }
            return count;
        } finally {
            state.lock.unlock();
        }
    }

    /** What the pool has and has done. */
    public PoolStatistics statistics() {
        state.lock.lock();
        try {
            return state.statistics();
        } finally {
            state.lock.unlock();
        }
    }

    /** Wakes whoever waits for a first directory, and has circuits held against new settings. */
    public void directoryChanged() {
        PathSelector selector = paths.get();
        if (selector != null) {
            state.timeouts.update(selector.dir().consensus(), selector.settings());
        }
        state.lock.lock();
        try {
            state.signalAll();
        } finally {
            state.lock.unlock();
        }
    }

    /** Closes every circuit; streams being opened fail with kind CLOSED. */
    @Override
    public void close() {
        List<PooledCircuit> all;
        state.lock.lock();
        try {
            state.closed = true;
            all = state.circuits.removeAll();
            state.signalAll();
        } finally {
            state.lock.unlock();
        }
        closeAll(all);
    }

    private static void closeAll(List<PooledCircuit> all) {
        for (PooledCircuit pooled : all) {
            Tunnel circuit = pooled.circuit;
            if (circuit != null) {
                circuit.close();
            }
        }
    }
}
