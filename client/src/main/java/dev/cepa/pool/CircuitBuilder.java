package dev.cepa.pool;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.channel.Channel;
import dev.cepa.channel.ChannelManager;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.circuit.ConfluxSet;
import dev.cepa.circuit.CongestionSettings;
import dev.cepa.circuit.HopTarget;
import dev.cepa.directory.BridgeHop;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.BridgeRelay;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.Protocols;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.GuardManager;
import dev.cepa.path.GuardRestriction;
import dev.cepa.path.PathSelector;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the path of a three-hop circuit, and builds it (path-spec section 2, tor-spec section 5). Thread-safe and
 * without state of its own: the guards remember how it went.
 */
final class CircuitBuilder implements CircuitSource {
    /** How often a finished circuit asks whether a better guard has shown up meanwhile. */
    private static final long GUARD_WAIT_MILLIS = 100;
    /** How long it does so at most. */
    private static final Duration GUARD_PATIENCE = Duration.ofSeconds(60);
    /** How long a channel is waited for; each of the relay's addresses has its own, shorter time. */
    private static final Duration CONNECT_TIME = Duration.ofSeconds(60);

    private final ChannelManager channels;
    private final GuardManager guards;
    private final CircuitSettings settings;
    private final TorEvents events;
    private final LongSupplier circuitIds;

    CircuitBuilder(
            ChannelManager channels,
            GuardManager guards,
            CircuitSettings settings,
            TorEvents events,
            LongSupplier circuitIds) {
        this.channels = channels;
        this.guards = guards;
        this.settings = settings;
        this.events = events;
        this.circuitIds = circuitIds;
    }

    /**
     * Chooses exit, guard and middle, in this order: guards are the least free to vary, and are told what the exit rules
     * out.
     *
     * @throws TorException of kind NO_EXIT, NO_PATH or NETWORK_DOWN
     */
    @Override
    public Plan plan(PathSelector selector, ExitRequest request) throws TorException {
        NetDir dir = selector.dir();
        int exit = selector.pickExit(request);
        GuardAttempt attempt =
                guards.select(GuardManager.Usage.TRAFFIC, GuardRestriction.exit(dir.rsaId(exit)));
        try {
            int guard = attempt.relayIn(dir);
            if (guard < 0) {
                throw new TorException(ErrorKind.NO_PATH, attempt.name() + " is no longer in the consensus");
            }
            int middle = selector.pickMiddle(request.stable(), guard, exit);
            return new Plan(selector, guard, middle, exit, request.stable(), attempt);
        } catch (TorException | RuntimeException e) {
            attempt.closed();
            throw e;
        }
    }

    @Override
    public Circuit build(Plan plan, Progress progress) throws TorException {
        return build(path(plan), plan.attempt(), "GENERAL", progress);
    }

    @Override
    public SetPlan planSet(PathSelector selector, ExitRequest request, int legs) throws TorException {
        LegPaths paths = new LegPaths(selector, guards, request, legs);
        return new SetPlan(paths.chooseAll(), paths);
    }

    @Override
    public BuiltSet buildSet(SetPlan plan, SetOptions options) throws TorException {
        ConfluxSet set = new ConfluxSet(options.settings(), settings, channels.memory(), events);
        return new SetBuild(this, set, plan, options).run();
    }

    /** The relays of a plan, the guard first; the attempt is ended if something of them is missing. */
    private static List<HopTarget> path(Plan plan) throws TorException {
        NetDir dir = plan.selector().dir();
        try {
            return List.of(
                    firstHop(dir, plan.guard(), plan.selector()),
                    hop(dir, plan.middle(), plan.selector()),
                    hop(dir, plan.exit(), plan.selector()).withCongestion(congestion(dir, plan.exit())));
        } catch (TorException e) {
            plan.attempt().closed();
            throw e;
        }
    }

    /** Builds a leg of a set, not yet linked; the attempt is ended if that fails. */
    Circuit buildLeg(ConfluxSet set, Plan plan, Progress progress) throws TorException {
        FirstHop first = (channel, hop, deadline) -> set.createLeg(channel, hop, circuitIds.getAsLong(), deadline);
        return build(path(plan), plan.attempt(), first, progress);
    }

    /** Like C tor, asks none but exits: what is sent to the relays before is little. */
    static @Nullable CongestionSettings congestion(NetDir dir, int exit) {
        return dir.supports(exit, Protocols.Name.FLOW_CTRL, 2)
                ? CongestionParams.of(dir.consensus(), CongestionParams.Kind.EXIT)
                : null;
    }

    /**
     * Builds a circuit; the attempt is ended if that fails.
     *
     * @param path the guard first, at least two relays
     * @param purpose for events, in the control specification's words
     */
    Circuit build(List<HopTarget> path, GuardAttempt attempt, String purpose, Progress progress) throws TorException {
        FirstHop first = (channel, hop, deadline) ->
                Circuit.create(channel, hop, settings, events, circuitIds.getAsLong(), purpose, deadline);
        return build(path, attempt, first, progress);
    }

    /** Creates a circuit. */
    @FunctionalInterface
    private interface FirstHop {
        Circuit create(Channel channel, HopTarget hop, Deadline deadline) throws TorException;
    }

    private Circuit build(List<HopTarget> path, GuardAttempt attempt, FirstHop firstHop, Progress progress)
            throws TorException {
        Circuit circuit = null;
        boolean done = false;
        try {
            HopTarget first = path.getFirst();
            Channel channel = connect(attempt, first);
            // The time that is learned is the circuit's own, without what opening a channel took.
            Deadline deadline = progress.begun();
            circuit = create(attempt, channel, first, firstHop, progress, deadline);
            progress.firstHopDone();
            attempt.goesOn();
            for (int i = 1; i < path.size(); i++) {
                circuit.extend(path.get(i), deadline);
            }
            progress.complete();
            attempt.complete();
            circuit.markBuilt();
            awaitGuard(attempt, progress, Deadline.in(GUARD_PATIENCE));
            done = true;
            return circuit;
        } finally {
            if (!done) {
                if (circuit != null) {
                    circuit.close();
                }
                attempt.closed();
            }
        }
    }

    private Channel connect(GuardAttempt attempt, HopTarget first) throws TorException {
        long begun = System.nanoTime();
        try {
            return channels.get(first.link(), Deadline.in(CONNECT_TIME));
        } catch (TorException e) {
            throw blame(attempt, begun, e);
        }
    }

    private Circuit create(
            GuardAttempt attempt, Channel channel, HopTarget first, FirstHop firstHop, Progress progress, Deadline deadline)
            throws TorException {
        long begun = System.nanoTime();
        try {
            return firstHop.create(channel, first, deadline);
        } catch (TorException e) {
            if (e.kind() == ErrorKind.TIMEOUT) {
                channel.retire(); // its connection may be dead without our having been told; a new one shows
                if (channel.lastReceivedNanos() - begun < 0) {
                    progress.silent();
                }
            }
            throw blame(attempt, begun, e);
        }
    }

    /** What fails at the first hop is the guard's failure; what happens behind it is not. */
    private TorException blame(GuardAttempt attempt, long begun, TorException e) {
        if (e.kind() != ErrorKind.CLOSED && e.kind() != ErrorKind.RESOURCE_LIMIT) {
            attempt.failed(channels.lastReceivedNanos() - begun < 0);
        }
        return e;
    }

    /** A circuit over a guard that is not the first choice waits until the better ones are known to be down. */
    private static void awaitGuard(GuardAttempt attempt, Progress progress, Deadline deadline) throws TorException {
        boolean told = false;
        for (GuardAttempt.Usability u = attempt.succeeded(); u != GuardAttempt.Usability.USABLE; u = attempt.usability()) {
            if (u == GuardAttempt.Usability.WAIT && !told) {
                progress.held();
                told = true;
            }
            if (u == GuardAttempt.Usability.NEVER || deadline.passed()) {
                throw new TorException(ErrorKind.CIRCUIT_FAILED, "a better guard than " + attempt.name() + " is in use");
            }
            try {
                TimeUnit.MILLISECONDS.sleep(GUARD_WAIT_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new TorException(ErrorKind.CLOSED, "interrupted while waiting for a better guard", e);
            }
        }
    }

    /** A relay of the snapshot as the first hop, which is a bridge if any are used. */
    static HopTarget firstHop(NetDir dir, int relay, PathSelector selector) throws TorException {
        BridgeRelay bridge = dir.bridge(relay);
        if (bridge != null) {
            return BridgeHop.of(bridge, selector);
        }
        if (selector.settings().tuning().usesBridges()) {
            throw new TorException(ErrorKind.NO_PATH, "$" + dir.rsaId(relay) + " is not a bridge");
        }
        return hop(dir, relay, selector);
    }

    /** A relay of the snapshot as a hop. Addresses that the settings rule out are left out where another remains. */
    static HopTarget hop(NetDir dir, int relay, PathSelector selector) throws TorException {
        byte[] ntorKey = dir.ntorKey(relay);
        if (ntorKey == null) {
            throw new TorException(ErrorKind.NO_DIRECTORY, "no microdescriptor of $" + dir.rsaId(relay));
        }
        List<InetSocketAddress> reachable = selector.addresses(relay);
        List<InetSocketAddress> addresses = reachable.isEmpty() ? List.of(dir.ipv4(relay)) : reachable;
        @Nullable Ed25519Id ed25519Id = dir.ed25519Id(relay);
        boolean ntorV3 = ed25519Id != null && dir.supports(relay, Protocols.Name.RELAY, 4);
        return new HopTarget(
                new ChannelTarget(dir.rsaId(relay), ed25519Id, addresses), ntorKey, ntorV3, dir.nickname(relay));
    }
}
