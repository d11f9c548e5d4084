package dev.cepa.pool;

import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelManager;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.circuit.TorStream;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.NetDir;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.GuardManager;
import dev.cepa.path.NoGuardException;
import dev.cepa.path.PathSelector;
import java.io.Closeable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The client's circuits for streams: finds one that a stream may use, builds one if there is none, keeps clean ones ready
 * and retires old ones (path-spec sections 2.1 to 2.3).
 *
 * <p>Thread-safe. One lock guards the list of circuits and is held only to look and to note; choosing a path and every
 * wait for the network happen outside of it. Circuits are built on virtual threads of their own, so that a build goes on
 * for the next stream when the one that caused it gives up.
 */
public final class CircuitPool implements StreamOpener, Closeable {
    /** Circuits tried for one stream. */
    private static final int STREAM_ATTEMPTS = 3;
    /** Builds that one stream may see fail, on any of its circuits, before it fails too. */
    private static final int BUILD_ATTEMPTS = 12;
    /** How long the exit may take to answer, by attempt (C tor's schedule). */
    private static final long[] ANSWER_SECONDS = {10, 10, 15};
    /** Spare circuits are for the web, until ports are predicted. */
    private static final int SPARE_PORT = 443;

    private static final long SWEEP_NANOS = TimeUnit.SECONDS.toNanos(5);

    private volatile PoolSettings settings;
    private final Supplier<@Nullable PathSelector> paths;
    private final CircuitBuilder builder;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Condition sweepNow = lock.newCondition();
    private final List<PooledCircuit> circuits = new ArrayList<>();
    private int pending;
    private boolean started;
    private boolean enabled = true;
    private boolean closed;
    private long spareRetryAt;
    private int spareFailures;

    /**
     * @param paths gives the selector of the current directory; null while there is none
     */
    public CircuitPool(
            PoolSettings settings,
            CircuitSettings circuitSettings,
            Supplier<@Nullable PathSelector> paths,
            ChannelManager channels,
            GuardManager guards,
            TorEvents events,
            LongSupplier circuitIds) {
        this.settings = settings;
        this.paths = paths;
        this.builder = new CircuitBuilder(channels, guards, circuitSettings, events, circuitIds);
        spareRetryAt = System.nanoTime();
    }

    /** Starts keeping spare circuits ready and retiring old ones; a second call does nothing. */
    public void start() {
        lock.lock();
        try {
            if (!started && !closed) {
                started = true;
                Thread.ofVirtual().name("cepa-pool").start(this::sweepUntilClosed);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes over other settings; they hold for all circuits, open ones too. */
    public void setSettings(PoolSettings changed) {
        settings = changed;
        directoryChanged();
    }

    /** Whether circuits are built at all; turning it off closes them, and no stream can be opened until it is on again. */
    public void setNetworkEnabled(boolean on) {
        List<Circuit> open = List.of();
        lock.lock();
        try {
            enabled = on;
            if (!on) {
                open = takeAll();
            }
            changed.signalAll();
            sweepNow.signal();
        } finally {
            lock.unlock();
        }
        open.forEach(Circuit::close);
    }

    /**
     * Opens a stream, over as many circuits as it takes.
     *
     * @throws TorException whose kind says why the last attempt failed
     */
    public TorStream openStream(StreamRequest request, Deadline deadline) throws TorException {
        return use(request, deadline, (circuit, limit) -> request.optimistic()
                ? circuit.openOptimistic(request.host(), request.port(), request.beginFlags())
                : circuit.open(request.host(), request.port(), request.beginFlags(), limit));
    }

    @Override
    public OpenedStream open(StreamRequest request, Deadline deadline) throws TorException {
        TorStream stream = openStream(request, deadline);
        return new OpenedStream(stream.input(), stream.output(), stream);
    }

    @Override
    public List<Resolved.Answer> resolve(StreamRequest request, Deadline deadline) throws TorException {
        return use(request, deadline, (circuit, limit) -> circuit.resolve(request.host(), limit));
    }

    /** What is done with a circuit, within its time. */
    private interface Action<T> {
        T on(Circuit circuit, Deadline deadline) throws TorException;
    }

    private <T> T use(StreamRequest request, Deadline deadline, Action<T> action) throws TorException {
        Set<RsaId> avoid = new HashSet<>();
        for (int attempt = 0; ; attempt++) {
            PooledCircuit pooled = acquire(request, avoid, deadline);
            try {
                Circuit circuit = pooled.circuit;
                if (circuit == null) {
                    throw new TorException(ErrorKind.INTERNAL, "a pending circuit was taken");
                }
                return action.on(circuit, deadline.atMost(Duration.ofSeconds(ANSWER_SECONDS[attempt])));
            } catch (TorException e) {
                if (attempt + 1 == STREAM_ATTEMPTS || deadline.passed() || !worthAnotherCircuit(e.kind())) {
                    throw e;
                }
                avoid.add(pooled.exit);
            } finally {
                release(pooled);
            }
        }
    }

    private static boolean worthAnotherCircuit(ErrorKind kind) {
        return switch (kind) {
            case CIRCUIT_FAILED, EXIT_POLICY, NAME_NOT_FOUND, HOST_UNREACHABLE, TIMEOUT, PROTOCOL, RELAY_UNREACHABLE,
                    RESOURCE_LIMIT, STREAM_CLOSED -> true;
            default -> false;
        };
    }

    /** A circuit that the stream may use, reserved until {@link #release}. */
    private PooledCircuit acquire(StreamRequest request, Set<RsaId> avoid, Deadline deadline) throws TorException {
        int failures = 0;
        TorException lastFailure = null;
        PooledCircuit awaited = null;
        while (true) {
            PathSelector selector = selector(deadline);
            ExitRequest exit = exitRequest(request, selector).avoiding(avoid);
            lock.lock();
            try {
                if (awaited != null && awaited.failure != null) {
                    lastFailure = awaited.failure;
                    failures++;
                }
                if (awaited != null && !awaited.isPending()) {
                    awaited = null; // ready, failed, or ready and closed again before this thread came to look
                }
                PooledCircuit found = find(request.isolation(), exit, selector);
                if (found != null) {
                    found.opening++;
                    return found;
                }
                checkOpen();
                if (deadline.passed() && lastFailure != null) {
                    throw lastFailure;
                }
                if (awaited == null) {
                    awaited = findPending(request.isolation(), exit, selector);
                }
                if (awaited != null || pending >= settings.maxPendingCircuits()) {
                    deadline.await(changed, "a circuit");
                    continue;
                }
            } finally {
                lock.unlock();
            }
            if (lastFailure != null) {
                if (failures >= BUILD_ATTEMPTS || isFinal(lastFailure)) {
                    throw lastFailure;
                }
                pauseAfter(lastFailure, failures, deadline);
            }
            try {
                awaited = launch(builder.plan(selector, exit), request.isolation());
            } catch (TorException e) {
                if (isFinal(e)) {
                    throw e;
                }
                failures++;
                lastFailure = e;
            }
        }
    }

    private void release(PooledCircuit pooled) {
        lock.lock();
        try {
            pooled.opening--;
        } finally {
            lock.unlock();
        }
    }

    /** The best open circuit: one that these streams use already, else a clean one, which becomes theirs. */
    private @Nullable PooledCircuit find(IsolationKey key, ExitRequest exit, PathSelector selector) {
        PooledCircuit clean = null;
        for (PooledCircuit c : circuits) {
            if (!c.isOpen() || !c.isAllowedBy(selector) || !fits(c, exit, selector)) {
                continue;
            }
            if (c.key == null) {
                clean = clean == null ? c : clean;
            } else if (c.key.equals(key) && !isTooDirty(c)) {
                return c;
            }
        }
        if (clean != null) {
            clean.key = key;
            clean.dirtyAt = System.nanoTime();
            sweepNow.signal();
        }
        return clean;
    }

    private @Nullable PooledCircuit findPending(IsolationKey key, ExitRequest exit, PathSelector selector) {
        PooledCircuit unclaimed = null;
        for (PooledCircuit c : circuits) {
            if (c.isPending() && c.isAllowedBy(selector) && fits(c, exit, selector)) {
                if (key.equals(c.key)) {
                    return c;
                }
                unclaimed = c.key == null ? c : unclaimed;
            }
        }
        if (unclaimed != null) {
            unclaimed.key = key;
        }
        return unclaimed;
    }

    private static boolean fits(PooledCircuit c, ExitRequest exit, PathSelector selector) {
        if (exit.avoid().contains(c.exit) || exit.stable() && !c.stable) {
            return false;
        }
        int relay = selector.dir().indexOf(c.exit);
        return relay >= 0 && selector.exitSupports(relay, exit);
    }

    private boolean isTooDirty(PooledCircuit c) {
        return c.key != null && System.nanoTime() - c.dirtyAt > settings.maxCircuitDirtiness().toNanos();
    }

    /** Builds on a virtual thread; whoever waits is woken when it is done. */
    private PooledCircuit launch(CircuitBuilder.Plan plan, @Nullable IsolationKey key) throws TorException {
        PooledCircuit pooled = new PooledCircuit(
                plan.selector(), plan.stable(), key, plan.guard(), plan.middle(), plan.exit());
        lock.lock();
        try {
            if (closed || !enabled) {
                plan.attempt().closed();
            }
            checkOpen();
            circuits.add(pooled);
            pending++;
        } finally {
            lock.unlock();
        }
        Thread.ofVirtual().name("cepa-build").start(() -> build(pooled, plan));
        return pooled;
    }

    private void build(PooledCircuit pooled, CircuitBuilder.Plan plan) {
        Circuit circuit = null;
        TorException failure = null;
        try {
            circuit = builder.build(plan, Deadline.in(settings.buildTimeout()));
            circuit.onClose(() -> {
                plan.attempt().closed();
                forget(pooled);
            });
        } catch (TorException e) {
            failure = e;
        } catch (RuntimeException e) {
            failure = new TorException(ErrorKind.INTERNAL, "building a circuit failed: " + e, e);
        }
        boolean tooLate;
        lock.lock();
        try {
            pending--;
            tooLate = closed || !enabled;
            pooled.circuit = circuit;
            pooled.failure = failure;
            pooled.readyAt = System.nanoTime();
            if (pooled.key != null) {
                pooled.dirtyAt = pooled.readyAt;
            }
            if (circuit == null || !circuit.isOpen()) {
                circuits.remove(pooled);
            }
            boolean ok = circuit != null;
            spareFailures = ok ? 0 : Math.min(spareFailures + 1, 10);
            spareRetryAt = pooled.readyAt + (ok ? 0 : TimeUnit.MILLISECONDS.toNanos(50L << spareFailures));
            changed.signalAll();
            sweepNow.signal();
        } finally {
            lock.unlock();
        }
        if (tooLate && circuit != null) {
            circuit.close();
        }
    }

    private void forget(PooledCircuit pooled) {
        lock.lock();
        try {
            circuits.remove(pooled);
            changed.signalAll();
            sweepNow.signal();
        } finally {
            lock.unlock();
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
            PathSelector selector = selector(deadline);
            lock.lock();
            try {
                checkOpen();
                for (PooledCircuit c : circuits) {
                    if (c.isOpen() && c.isAllowedBy(selector)) {
                        return;
                    }
                }
                if (awaited != null && awaited.failure != null) {
                    throw awaited.failure;
                }
                if (awaited != null && awaited.isPending()) {
                    deadline.await(changed, "the first circuit");
                    continue;
                }
            } finally {
                lock.unlock();
            }
            awaited = launch(builder.plan(selector, spareRequest(selector)), null);
        }
    }

    /** No stream from now on shares a circuit with those before. */
    public void retireAll() {
        lock.lock();
        try {
            long longAgo = System.nanoTime() - settings.maxCircuitDirtiness().toNanos() - 1;
            for (PooledCircuit c : circuits) {
                if (c.key != null) {
                    c.dirtyAt = longAgo;
                }
            }
            sweepNow.signal();
        } finally {
            lock.unlock();
        }
    }

    private void sweepUntilClosed() {
        while (true) {
            List<Circuit> retired;
            boolean wantsSpare;
            PathSelector selector = paths.get();
            lock.lock();
            try {
                retired = retire(selector);
                wantsSpare = !closed && enabled && selector != null && wantsSpare(selector);
                if (closed) {
                    return;
                }
                if (retired.isEmpty() && !wantsSpare) {
                    sweepNow.awaitNanos(SWEEP_NANOS);
                    continue;
                }
            } catch (InterruptedException e) {
                return; // nobody interrupts this thread but a closing JVM
            } finally {
                lock.unlock();
            }
            for (Circuit circuit : retired) {
                circuit.close(DestroyReason.FINISHED);
            }
            if (wantsSpare) {
                launchSpare();
            }
        }
    }

    private List<Circuit> retire(@Nullable PathSelector selector) {
        List<Circuit> retired = new ArrayList<>();
        long now = System.nanoTime();
        for (Iterator<PooledCircuit> i = circuits.iterator(); i.hasNext(); ) {
            PooledCircuit c = i.next();
            Circuit circuit = c.circuit;
            if (circuit == null || c.opening > 0) {
                continue;
            }
            boolean unused = c.key == null && now - c.readyAt > settings.idleTimeout().toNanos();
            boolean ended = isTooDirty(c) || selector != null && !c.isAllowedBy(selector);
            if (!circuit.isOpen()) {
                i.remove();
            } else if (unused || ended && circuit.streamCount() == 0) {
                i.remove();
                retired.add(circuit);
            }
        }
        return retired;
    }

    private boolean wantsSpare(PathSelector selector) {
        if (pending >= settings.maxPendingCircuits() || System.nanoTime() - spareRetryAt < 0) {
            return false;
        }
        int clean = 0;
        for (PooledCircuit c : circuits) {
            if (c.key == null && c.failure == null && c.isAllowedBy(selector)) {
                clean++;
            }
        }
        return clean < settings.spareCircuits();
    }

    private void launchSpare() {
        try {
            PathSelector selector = paths.get();
            if (selector != null) {
                launch(builder.plan(selector, spareRequest(selector)), null);
            }
        } catch (TorException e) {
            lock.lock();
            try {
                spareFailures = Math.min(spareFailures + 1, 10);
                spareRetryAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(50L << spareFailures);
            } finally {
                lock.unlock();
            }
        }
    }

    private static ExitRequest spareRequest(PathSelector selector) {
        ExitRequest web = ExitRequest.name(SPARE_PORT, false, true);
        NetDir dir = selector.dir();
        for (int relay = 0; relay < dir.size(); relay++) {
            if (selector.exitSupports(relay, web)) {
                return web;
            }
        }
        return ExitRequest.any();
    }

    private static ExitRequest exitRequest(StreamRequest request, PathSelector selector) {
        int port = request.port();
        if (port == 0) {
            return ExitRequest.any();
        }
        boolean stable = selector.settings().isLongLived(port);
        String host = request.host();
        if (host.indexOf(':') >= 0) {
            return ExitRequest.ipv6(port, stable);
        }
        boolean wantsIpv4 = (request.beginFlags() & Begin.IPV4_NOT_OK) == 0;
        return ExitRequest.name(port, stable, wantsIpv4);
    }

    private PathSelector selector(Deadline deadline) throws TorException {
        for (PathSelector selector = paths.get(); ; selector = paths.get()) {
            if (selector != null) {
                return selector;
            }
            if (deadline.passed()) {
                throw new TorException(ErrorKind.NO_DIRECTORY, "not enough directory information to choose a path yet");
            }
            lock.lock();
            try {
                checkOpen();
                deadline.atMost(Duration.ofMillis(200)).await(changed, "directory information");
            } finally {
                lock.unlock();
            }
        }
    }

    /** Wakes whoever waits for a first directory. */
    public void directoryChanged() {
        lock.lock();
        try {
            changed.signalAll();
            sweepNow.signal();
        } finally {
            lock.unlock();
        }
    }

    private static boolean isFinal(TorException e) {
        return switch (e.kind()) {
            case NO_EXIT, CLOSED, BAD_REQUEST, CONFIG, INTERNAL -> true;
            default -> false;
        };
    }

    /** Failing at once is common while a guard is down; failing again and again must not become a busy loop. */
    private void pauseAfter(TorException failure, int failures, Deadline deadline) throws TorException {
        long millis = failures <= 2 ? 0 : Math.min(1000, 20L << failures);
        if (failure instanceof NoGuardException none) {
            millis = Math.clamp(Duration.between(Instant.now(), none.retryAt()).toMillis(), 100, 2000);
        }
        if (millis == 0) {
            return;
        }
        if (deadline.nanosLeft() <= TimeUnit.MILLISECONDS.toNanos(millis)) {
            throw failure;
        }
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TorException(ErrorKind.CLOSED, "interrupted while waiting for a circuit", e);
        }
    }

    private void checkOpen() throws TorException {
        if (closed) {
            throw new TorException(ErrorKind.CLOSED, "the client is closed");
        }
        if (!enabled) {
            throw new TorException(ErrorKind.CONFIG, "the network is disabled (DisableNetwork 1)");
        }
    }

    /** Closes every circuit; streams being opened fail with kind CLOSED. */
    @Override
    public void close() {
        List<Circuit> open;
        lock.lock();
        try {
            closed = true;
            open = takeAll();
            changed.signalAll();
            sweepNow.signal();
        } finally {
            lock.unlock();
        }
        open.forEach(Circuit::close);
    }

    private List<Circuit> takeAll() {
        List<Circuit> open = new ArrayList<>();
        for (PooledCircuit c : circuits) {
            if (c.circuit != null) {
                open.add(c.circuit);
            }
        }
        circuits.clear();
        return open;
    }
}
