package dev.cepa.pool;

import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelManager;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.Protocols;
import dev.cepa.path.BuildTimeouts;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.GuardManager;
import dev.cepa.path.GuardRestriction;
import dev.cepa.path.PathSelector;
import dev.cepa.path.VanguardSettings.Mode;
import dev.cepa.path.Vanguards;
import dev.cepa.path.Vanguards.Stem;
import java.io.Closeable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Internal circuits with vanguards. The part of each that does not depend on its destination, its stem, is taken from those
 * that are ready, else built; then it is extended to the relay that is wanted. Thread-safe. While onion services are used,
 * and for an hour after, some stems are kept ready by a thread that exists for that time only; its state, and that of the
 * threads that build, is the {@link StemList}.
 */
public final class VanguardCircuits implements ServiceCircuits, Closeable {
    /** Relays to which no stem could be extended so often are taken to be out of reach. */
    private static final int EXTENSIONS = 3;
    /** Stems that one caller may see fail before he fails too. */
    private static final int MOST_FAILURES = 8;
    /** Stems that are built for one caller's relay, when those that are ready can't be extended to it. */
    private static final int MOST_MADE_TO_FIT = 8;

    /** Of the circuits whose build times are learned. */
    private static final int HOPS_LEARNED = 3;

    private static final Duration LOOK_INTERVAL = Duration.ofSeconds(1);
    private static final Duration KEEP_INTERVAL = Duration.ofSeconds(10);
    /** An extension is one trip there and back; one that takes longer than this is better made from elsewhere. */
    private static final Duration MOST_TO_EXTEND = Duration.ofSeconds(20);

    /** Builds a circuit along a path. */
    @FunctionalInterface
    interface Builder {
        Circuit build(List<HopTarget> path, GuardAttempt attempt, String purpose, CircuitSource.Progress progress)
                throws TorException;
    }

    private final Builder builder;
    private final GuardManager guards;
    private final Vanguards vanguards;
    private final BuildTimeouts timeouts;
    private final Supplier<@Nullable PathSelector> paths;
    private final Selectors selectors;
    private final StemList stems = new StemList();
    private volatile PoolSettings settings;
    private boolean keeping; // guarded by the stems' lock

    /** @param paths gives the selector of the current directory; null while there is none */
    public VanguardCircuits(
            PoolSettings settings,
            CircuitSettings circuitSettings,
            Supplier<@Nullable PathSelector> paths,
            ChannelManager channels,
            GuardManager guards,
            Vanguards vanguards,
            BuildTimeouts timeouts,
            TorEvents events,
            LongSupplier circuitIds) {
        this(
                settings, new CircuitBuilder(channels, guards, circuitSettings, events, circuitIds)::build, paths, guards,
                vanguards, timeouts);
    }

    VanguardCircuits(
            PoolSettings settings,
            Builder builder,
            Supplier<@Nullable PathSelector> paths,
            GuardManager guards,
            Vanguards vanguards,
            BuildTimeouts timeouts) {
        this.settings = settings;
        this.builder = builder;
        this.paths = paths;
        selectors = new Selectors(paths, stems.lock, stems.changed, stems::checkOpen);
        this.guards = guards;
        this.vanguards = vanguards;
        this.timeouts = timeouts;
    }

    @Override
    public Circuit to(HopTarget last, Purpose purpose, Deadline deadline) throws TorException {
        RsaId target = last.link().rsaId();
        PathSelector selector = selectors.await(deadline);
        int end = selector.dir().indexOf(target);
        if (end >= 0 && selector.settings().strictNodes() && selector.isExcluded(end)) {
            throw new TorException(ErrorKind.NO_PATH, "ExcludeNodes and StrictNodes forbid relay " + last);
        }
        for (int attempt = 1; ; attempt++) {
            StemList.Ready stem = acquire(purpose, target, deadline);
            Circuit circuit = stem.circuit();
            if (purpose.isToOthersChoice()) {
                stem.attempt().stopCounting(); // or they could blame our guard for what they do
            } else {
                stem.attempt().used();
            }
            try {
                circuit.setPurpose(purpose.word());
                circuit.extend(last, deadline.atMost(MOST_TO_EXTEND));
                circuit.markBuilt();
                stem.attempt().answered();
                return circuit;
            } catch (TorException e) {
                circuit.close();
                if (attempt == EXTENSIONS || deadline.passed() || isFinal(e)) {
                    throw e;
                }
            }
        }
    }

    @Override
    public Circuit toRendezvousPoint(Deadline deadline) throws TorException {
        StemList.Ready stem = acquire(Purpose.RENDEZVOUS, null, deadline);
        // All its hops have answered. That somebody is met there, and who ends the circuit then, is up to the service.
        stem.attempt().stopCounting();
        stem.circuit().setPurpose(Purpose.RENDEZVOUS.word());
        stem.circuit().markBuilt();
        return stem.circuit();
    }

    @Override
    public HopTarget pickIntroductionPoint(Collection<HopTarget> others, Deadline deadline) throws TorException {
        PathSelector selector = selectors.await(deadline);
        NetDir dir = selector.dir();
        int[] listed = others.stream().mapToInt(other -> dir.indexOf(other.link().rsaId())).filter(i -> i >= 0).toArray();
        int relay = selector.pickMiddle(true, listed);
        for (int i = 0; i < 20 && !dir.supports(relay, Protocols.Name.HS_INTRO, 4); i++) {
            relay = selector.pickMiddle(true, listed);
        }
        return CircuitBuilder.hop(dir, relay, selector);
    }

    @Override
    public Duration buildTimeout() {
        return timeouts.timeout(HOPS_LEARNED);
    }

    @Override
    public boolean areDirect() {
        return false;
    }

    @Override
    public NetDir directory(Deadline deadline) throws TorException {
        return selectors.await(deadline).dir();
    }

    @Override
    public HopTarget hop(NetDir dir, int relay, Deadline deadline) throws TorException {
        return CircuitBuilder.hop(dir, relay, selectors.await(deadline));
    }

    /** Without a third layer all stems are alike. */
    private static Stem kind(Mode mode, Stem wanted) {
        return mode == Mode.FULL ? wanted : Stem.OPEN;
    }

    /** @param target where it is to be extended to; null if nowhere */
    private StemList.Ready acquire(Purpose purpose, @Nullable RsaId target, Deadline deadline) throws TorException {
        PathSelector selector = selectors.await(deadline);
        Stem kind = kind(vanguards.mode(selector), purpose.stem());
        long failuresBefore = noteUse(kind);
        int madeToFit = 0;
        boolean waits = true;
        try {
            while (true) {
                Mode mode = vanguards.mode(selector);
                StemList.Pending pending;
                boolean noneFits;
                stems.lock.lock();
                try {
                    stems.checkOpen();
                    StemList.Ready found = take(selector, mode, kind, target);
                    if (found != null) {
                        waits = false;
                        stems.changed.signalAll(); // another is wanted in its place
                        return found;
                    }
                    failIfHopeless(failuresBefore, deadline);
                    pending = stems.reserve(kind, System.nanoTime());
                    if (pending == null) {
                        deadline.atMost(LOOK_INTERVAL).await(stems.changed, "an onion-service circuit");
                        continue;
                    }
                    noneFits = target != null && hasReady(selector, mode, kind);
                } finally {
                    stems.lock.unlock();
                }
                // In a network of few relays none drawn without regard to the target might ever fit.
                launch(selector, mode, pending, noneFits ? target : null);
                if (noneFits && ++madeToFit > MOST_MADE_TO_FIT) {
                    throw new TorException(ErrorKind.NO_PATH, "no path for an onion-service circuit to $" + target);
                }
                selector = selectors.await(deadline);
            }
        } finally {
            if (waits) {
                stopWaiting(kind);
            }
        }
    }

    private void stopWaiting(Stem kind) {
        stems.lock.lock();
        try {
            stems.waiting(kind, -1);
        } finally {
            stems.lock.unlock();
        }
    }

    private long noteUse(Stem kind) {
        stems.lock.lock();
        try {
            stems.used(kind, System.nanoTime());
            stems.waiting(kind, 1);
            if (!keeping && settings.predicts() && !stems.isClosed()) {
                keeping = true;
                Thread.ofVirtual().name("cepa-pool-internal").start(this::keep);
            }
            return stems.failures();
        } finally {
            stems.lock.unlock();
        }
    }

    private StemList.@Nullable Ready take(PathSelector selector, Mode mode, Stem kind, @Nullable RsaId target) {
        return stems.take(kind, stem -> isUsable(stem, selector, mode)
                && (target == null || vanguards.mayEndAt(selector, stem.relays(), target)));
    }

    private boolean hasReady(PathSelector selector, Mode mode, Stem kind) {
        return stems.any(stem -> stem.kind() == kind && isUsable(stem, selector, mode));
    }

    private static boolean isUsable(StemList.Ready stem, PathSelector selector, Mode mode) {
        if (!stem.circuit().isConnected() || stem.mode() != mode) {
            return false;
        }
        for (RsaId id : stem.relays()) {
            int relay = selector.dir().indexOf(id);
            if (relay < 0 || selector.isExcluded(relay)) {
                return false;
            }
        }
        return true;
    }

    private void failIfHopeless(long failuresBefore, Deadline deadline) throws TorException {
        TorException failure = stems.lastFailure();
        long failed = stems.failures() - failuresBefore;
        if (failure != null && failed > 0 && (deadline.passed() || isFinal(failure) || failed >= MOST_FAILURES)) {
            throw failure;
        }
    }

    private static boolean isFinal(TorException e) {
        return switch (e.kind()) {
            case CLOSED, BAD_REQUEST, CONFIG, INTERNAL, RESOURCE_LIMIT -> true;
            default -> false;
        };
    }

    /**
     * Begins to build a stem, whose place is reserved, on a thread of its own: it is for the next who comes.
     *
     * @param target the relay that it is to fit to; null if it may be any
     */
    private void launch(PathSelector selector, Mode mode, StemList.Pending pending, @Nullable RsaId target) {
        Thread.ofVirtual().name("cepa-build").start(() -> build(selector, mode, pending, target));
    }

    private void build(PathSelector selector, Mode mode, StemList.Pending pending, @Nullable RsaId target) {
        StemList.Ready stem = null;
        TorException failure = null;
        try {
            stem = build(selector, mode, pending.kind, target, new Watched(pending));
        } catch (TorException e) {
            failure = e;
        } catch (RuntimeException e) {
            failure = new TorException(ErrorKind.INTERNAL, "building a circuit failed: " + e, e);
        }
        StemList.Ready surplus;
        stems.lock.lock();
        try {
            surplus = stems.settle(pending, stem, failure, System.nanoTime());
        } finally {
            stems.lock.unlock();
        }
        if (surplus != null) {
            surplus.circuit().close(DestroyReason.FINISHED);
        }
    }

    private StemList.Ready build(
            PathSelector selector, Mode mode, Stem kind, @Nullable RsaId target, Watched progress) throws TorException {
        NetDir dir = selector.dir();
        // The guard is one of few as it is: with vanguards nothing else of the path rules any out.
        GuardAttempt attempt = guards.select(
                GuardManager.Usage.TRAFFIC,
                mode == Mode.OFF && target != null ? GuardRestriction.exit(target) : GuardRestriction.NONE);
        int end = target == null ? -1 : dir.indexOf(target);
        int[] apart = end < 0 ? new int[0] : new int[] {end};
        List<HopTarget> path = new ArrayList<>(4);
        List<RsaId> relays = new ArrayList<>(4);
        try {
            int guard = attempt.relayIn(dir);
            if (guard < 0) {
                throw new TorException(ErrorKind.NO_PATH, attempt.name() + " is no longer in the consensus");
            }
            for (int relay : vanguards.choose(selector, kind, guard, apart)) {
                path.add(path.isEmpty()
                        ? CircuitBuilder.firstHop(dir, relay, selector)
                        : CircuitBuilder.hop(dir, relay, selector));
                relays.add(dir.rsaId(relay));
            }
        } catch (TorException | RuntimeException e) {
            attempt.closed();
            throw e;
        }
        progress.hops = path.size();
        Circuit circuit;
        try {
            circuit = builder.build(path, attempt, "HS_VANGUARDS", progress);
        } catch (TorException e) {
            attempt.ended(e.kind() == ErrorKind.TIMEOUT, e.kind() != ErrorKind.CLOSED);
            throw e;
        }
        circuit.onClose(() -> {
            attempt.closed();
            TorException reason = circuit.closeReason();
            attempt.ended(false, reason != null && reason.kind() != ErrorKind.CLOSED);
        });
        return new StemList.Ready(circuit, kind, mode, relays, attempt, System.nanoTime());
    }

    /** Keeps stems ready, until nobody has wanted any for long and those that there are have gone. */
    private void keep() {
        while (true) {
            PathSelector selector = paths.get();
            List<StemList.Ready> retired;
            StemList.Pending wanted = null;
            boolean over;
            stems.lock.lock();
            try {
                long now = System.nanoTime();
                Mode mode = selector == null ? null : vanguards.mode(selector);
                retired = stems.retire(
                        stem -> stem.circuit().isOpen() && (mode == null || isUsable(stem, selector, mode)), now);
                over = stems.isClosed() || !settings.predicts() || stems.isIdle(now);
                keeping = !over;
                if (!over && selector != null) {
                    wanted = stems.wanted(now);
                }
                if (!over && wanted == null && retired.isEmpty()) {
                    stems.awaitChange(KEEP_INTERVAL, now);
                    continue;
                }
            } catch (InterruptedException e) {
                return; // nobody interrupts this thread but a closing JVM
            } finally {
                stems.lock.unlock();
            }
            closeAll(retired);
            if (over) {
                return;
            }
            if (wanted != null && selector != null) {
                launch(selector, vanguards.mode(selector), wanted, null);
            }
        }
    }

    /** Takes over other settings. */
    public void setSettings(PoolSettings changed) {
        settings = changed;
        signal();
    }

    /** A new identity: other vanguards, and no circuit of before. */
    public void renew() {
        vanguards.renew();
        drop(false);
    }

    /** Closes what is ready: it is likely to be dead, or goes through guards that are no longer ours. */
    public void drop() {
        drop(false);
    }

    /** Keeps nothing ready any more until a circuit is asked for. */
    public void rest() {
        drop(true);
    }

    /** Whether circuits are built at all. */
    public void setNetworkEnabled(boolean on) {
        stems.lock.lock();
        try {
            stems.setEnabled(on);
        } finally {
            stems.lock.unlock();
        }
        if (!on) {
            drop(true);
        }
    }

    /** How many stems are ready, of both kinds. */
    public int ready() {
        stems.lock.lock();
        try {
            return stems.size();
        } finally {
            stems.lock.unlock();
        }
    }

    private void drop(boolean forgetUse) {
        List<StemList.Ready> all;
        stems.lock.lock();
        try {
            all = stems.removeAll(forgetUse);
        } finally {
            stems.lock.unlock();
        }
        closeAll(all);
    }

    private void signal() {
        stems.lock.lock();
        try {
            stems.changed.signalAll();
        } finally {
            stems.lock.unlock();
        }
    }

    /** Closes those that are ready; circuits that were handed out are their owners'. */
    @Override
    public void close() {
        stems.lock.lock();
        try {
            stems.close();
        } finally {
            stems.lock.unlock();
        }
        drop(true);
    }

    private static void closeAll(List<StemList.Ready> all) {
        for (StemList.Ready stem : all) {
            stem.circuit().close(DestroyReason.FINISHED);
        }
    }

    /** Notes how far a stem is. */
    private final class Watched implements CircuitSource.Progress {
        private final StemList.Pending pending;
        private int hops;

        Watched(StemList.Pending pending) {
            this.pending = pending;
        }

        @Override
        public Deadline begun() {
            return Deadline.in(timeouts.closeTimeout(hops));
        }

        @Override
        public void firstHopDone() {
            timeouts.networkIsLive();
        }

        @Override
        public void complete() {
            timeouts.networkIsLive();
        }

        @Override
        public void held() {
            stems.lock.lock();
            try {
                stems.held(pending, System.nanoTime());
            } finally {
                stems.lock.unlock();
            }
        }
    }
}
