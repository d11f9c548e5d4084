package dev.cepa.pool;

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
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Builds internal circuits when they are asked for: guard, two middle relays, and the relay that is wanted; or guard, middle
 * relay and rendezvous point. Thread-safe, without state of its own.
 */
public final class OnDemandCircuits implements ServiceCircuits {
    private static final int ATTEMPTS = 3;
    private static final long LOOK_MILLIS = 100;

    private final CircuitBuilder builder;
    private final GuardManager guards;
    private final BuildTimeouts timeouts;
    private final Supplier<@Nullable PathSelector> paths;

    /** @param paths gives the selector of the current directory; null while there is none */
    public OnDemandCircuits(
            ChannelManager channels,
            GuardManager guards,
            CircuitSettings settings,
            BuildTimeouts timeouts,
            Supplier<@Nullable PathSelector> paths,
            TorEvents events,
            LongSupplier circuitIds) {
        this.builder = new CircuitBuilder(channels, guards, settings, events, circuitIds);
        this.guards = guards;
        this.timeouts = timeouts;
        this.paths = paths;
    }

    @Override
    public Circuit to(HopTarget last, Purpose purpose, Deadline deadline) throws TorException {
        return build(last, purpose, deadline);
    }

    @Override
    public Circuit toRendezvousPoint(Deadline deadline) throws TorException {
        return build(null, Purpose.RENDEZVOUS, deadline);
    }

    @Override
    public HopTarget pickIntroductionPoint(Collection<HopTarget> others, Deadline deadline) throws TorException {
        PathSelector selector = selector(deadline);
        NetDir dir = selector.dir();
        int[] listed = others.stream().mapToInt(other -> dir.indexOf(other.link().rsaId())).filter(i -> i >= 0).toArray();
        int relay = selector.pickMiddle(true, listed);
        for (int i = 0; i < 20 && !dir.supports(relay, Protocols.Name.HS_INTRO, 4); i++) {
            relay = selector.pickMiddle(true, listed);
        }
        return CircuitBuilder.hop(dir, relay, selector);
    }

    @Override
    public NetDir directory(Deadline deadline) throws TorException {
        return selector(deadline).dir();
    }

    @Override
    public HopTarget hop(NetDir dir, int relay, Deadline deadline) throws TorException {
        return CircuitBuilder.hop(dir, relay, selector(deadline));
    }

    /** @param last null for any rendezvous point */
    private Circuit build(@Nullable HopTarget last, Purpose purpose, Deadline deadline) throws TorException {
        for (int attempt = 1; ; attempt++) {
            try {
                return buildOnce(last, purpose, deadline);
            } catch (TorException e) {
                boolean hopeless = switch (e.kind()) {
                    case CLOSED, CONFIG, NO_PATH, NO_DIRECTORY, RESOURCE_LIMIT, INTERNAL -> true;
                    default -> false;
                };
                if (hopeless || attempt == ATTEMPTS || deadline.passed()) {
                    throw e;
                }
            }
        }
    }

    private Circuit buildOnce(@Nullable HopTarget last, Purpose purpose, Deadline deadline) throws TorException {
        PathSelector selector = selector(deadline);
        NetDir dir = selector.dir();
        int end = last == null ? rendezvousPoint(selector) : dir.indexOf(last.link().rsaId());
        RsaId endId = last == null ? dir.rsaId(end) : last.link().rsaId();
        if (last != null && end >= 0 && selector.settings().strictNodes() && selector.isExcluded(end)) {
            throw new TorException(ErrorKind.NO_PATH, "ExcludeNodes and StrictNodes forbid relay " + last);
        }
        GuardAttempt attempt = guards.select(GuardManager.Usage.TRAFFIC, GuardRestriction.exit(endId));
        List<HopTarget> path = new ArrayList<>(4);
        try {
            int guard = attempt.relayIn(dir);
            if (guard < 0) {
                throw new TorException(ErrorKind.NO_PATH, attempt.guard() + " is no longer in the consensus");
            }
            path.add(CircuitBuilder.hop(dir, guard, selector));
            int first = end < 0 ? selector.pickMiddle(true, guard) : selector.pickMiddle(true, guard, end);
            path.add(CircuitBuilder.hop(dir, first, selector));
            if (last == null) {
                path.add(CircuitBuilder.hop(dir, end, selector));
            } else {
                int second = end < 0
                        ? selector.pickMiddle(true, guard, first)
                        : selector.pickMiddle(true, guard, first, end);
                path.add(CircuitBuilder.hop(dir, second, selector));
                path.add(last);
            }
        } catch (TorException | RuntimeException e) {
            attempt.closed();
            throw e;
        }
        Circuit circuit;
        try {
            circuit = builder.build(path, attempt, purpose.word(), new Within(deadline, path.size()));
        } catch (TorException e) {
            attempt.ended(e.kind() == ErrorKind.TIMEOUT, e.kind() != ErrorKind.CLOSED);
            throw e;
        }
        circuit.onClose(() -> {
            attempt.closed();
            TorException reason = circuit.closeReason();
            attempt.ended(false, reason != null && reason.kind() != ErrorKind.CLOSED);
        });
        return circuit;
    }

    private static int rendezvousPoint(PathSelector selector) throws TorException {
        int relay = selector.pickMiddle(true);
        for (int i = 0; i < 20 && !selector.dir().supports(relay, Protocols.Name.HS_REND, 2); i++) {
            relay = selector.pickMiddle(true);
        }
        return relay;
    }

    private PathSelector selector(Deadline deadline) throws TorException {
        for (PathSelector selector = paths.get(); ; selector = paths.get()) {
            if (selector != null) {
                return selector;
            }
            if (deadline.passed()) {
                throw new TorException(ErrorKind.NO_DIRECTORY, "not enough directory information to choose a path yet");
            }
            try {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new TorException(ErrorKind.CLOSED, "interrupted while waiting for directory information", e);
            }
        }
    }

    /** Bounds building by what circuits of that length take, and by the caller's own deadline. */
    private final class Within implements CircuitSource.Progress {
        private final Deadline deadline;
        private final int hops;

        Within(Deadline deadline, int hops) {
            this.deadline = deadline;
            this.hops = hops;
        }

        @Override
        public Deadline begun() {
            return deadline.atMost(timeouts.closeTimeout(hops));
        }

        @Override
        public void firstHopDone() {}

        @Override
        public void complete() {
            timeouts.networkIsLive();
        }

        @Override
        public void held() {}

        @Override
        public void silent() {}
    }
}
