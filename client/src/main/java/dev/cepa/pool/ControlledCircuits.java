package dev.cepa.pool;

import dev.cepa.cell.RsaId;
import dev.cepa.channel.Channel;
import dev.cepa.channel.ChannelManager;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.NetDir;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathSelector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Circuits that a controller builds by paths of its own ({@code EXTENDCIRCUIT}). Streams are on them only if it attaches them;
 * they stay until it closes them or they fail. Thread-safe.
 */
public final class ControlledCircuits {
    private static final int MOST = 256;
    private static final int MOST_HOPS = 8;
    private static final Duration TIME = Duration.ofSeconds(60);

    private final CircuitSettings settings;
    private final Supplier<@Nullable PathSelector> paths;
    private final CircuitBuilder builder;
    private final ChannelManager channels;
    private final TorEvents events;
    private final LongSupplier circuitIds;
    /** Open or being built. */
    private final AtomicInteger count = new AtomicInteger();

    /**
     * None so far.
     *
     * @param paths gives the selector of the current directory; null while there is none
     */
    public ControlledCircuits(
            CircuitSettings settings, Supplier<@Nullable PathSelector> paths, ChannelManager channels, GuardManager guards,
            TorEvents events, LongSupplier circuitIds) {
        this.settings = settings;
        this.paths = paths;
        builder = new CircuitBuilder(channels, guards, settings, events, circuitIds);
        this.channels = channels;
        this.events = events;
        this.circuitIds = circuitIds;
    }

    private PathSelector selector() throws TorException {
        PathSelector selector = paths.get();
        if (selector == null) {
            throw new TorException(ErrorKind.NO_DIRECTORY, "there is not enough directory information to build circuits");
        }
        return selector;
    }

    /**
     * Begins a circuit; what becomes of it events tell.
     *
     * @param relays the first one first; empty for three of the client's choice
     * @param purpose in the control specification's words
     * @return its number
     * @throws TorException if it can't even be begun
     */
    public long launch(List<RsaId> relays, String purpose) throws TorException {
        PathSelector selector = selector();
        List<HopTarget> path = relays.isEmpty() ? chosen(selector) : hops(selector, relays, true);
        if (count.incrementAndGet() > MOST) {
            count.decrementAndGet();
            throw new TorException(ErrorKind.RESOURCE_LIMIT, "a controller has " + MOST + " circuits already");
        }
        long id = circuitIds.getAsLong();
        Thread.ofVirtual().name("cepa-controlled-circuit").start(() -> build(id, path, purpose));
        return id;
    }

    private List<HopTarget> chosen(PathSelector selector) throws TorException {
        CircuitSource.Plan plan = builder.plan(selector, ExitRequest.any());
        // How it fares says nothing of the guard: nobody waits for it.
        plan.attempt().closed();
        NetDir dir = selector.dir();
        List<HopTarget> path = new ArrayList<>(3);
        path.add(CircuitBuilder.firstHop(dir, plan.guard(), selector));
        path.add(CircuitBuilder.hop(dir, plan.middle(), selector));
        path.add(withCongestion(dir, plan.exit(), CircuitBuilder.hop(dir, plan.exit(), selector)));
        return path;
    }

    /** Each relay may become one that streams end at, so that each is asked to control congestion. */
    private static List<HopTarget> hops(PathSelector selector, List<RsaId> relays, boolean fromTheStart) throws TorException {
        if (relays.size() > MOST_HOPS) {
            throw new TorException(ErrorKind.BAD_REQUEST, "a circuit has " + MOST_HOPS + " hops at most");
        }
        NetDir dir = selector.dir();
        List<HopTarget> path = new ArrayList<>(relays.size());
        for (RsaId id : relays) {
            int relay = dir.indexOf(id);
            if (relay < 0) {
                throw new TorException(ErrorKind.NO_PATH, "$" + id + " is not in the consensus");
            }
            HopTarget hop = path.isEmpty() && fromTheStart
                    ? CircuitBuilder.firstHop(dir, relay, selector)
                    : CircuitBuilder.hop(dir, relay, selector);
            path.add(withCongestion(dir, relay, hop));
        }
        return path;
    }

    private static HopTarget withCongestion(NetDir dir, int relay, HopTarget hop) {
        return hop.withCongestion(CircuitBuilder.congestion(dir, relay));
    }

    private void build(long id, List<HopTarget> path, String purpose) {
        Deadline deadline = Deadline.in(TIME);
        Circuit circuit;
        try {
            Channel channel = channels.get(path.getFirst().link(), deadline);
            circuit = Circuit.create(channel, path.getFirst(), settings, events, id, purpose, deadline);
        } catch (TorException e) {
            count.decrementAndGet();
            events.emit(new CircuitStatus(id, CircuitStatus.Status.FAILED, purpose, List.of(), e, null));
            return;
        }
        circuit.onClose(count::decrementAndGet);
        extend(circuit, path.subList(1, path.size()), deadline);
    }

    private static void extend(Circuit circuit, List<HopTarget> hops, Deadline deadline) {
        try {
            for (HopTarget hop : hops) {
                circuit.extend(hop, deadline);
            }
            circuit.markBuilt();
        } catch (TorException e) {
            circuit.close(); // it is, and events have said why
        }
    }

    /**
     * Begins to extend a circuit, whoever has built it; what becomes of it events tell.
     *
     * @throws TorException if there is no way to those relays
     */
    public void extend(Circuit circuit, List<RsaId> relays) throws TorException {
        List<HopTarget> hops = hops(selector(), relays, false);
        if (hops.size() > circuit.extensionsLeft()) {
            throw new TorException(ErrorKind.CIRCUIT_FAILED, "the circuit can't be extended so far");
        }
        Thread.ofVirtual().name("cepa-controlled-circuit").start(() -> extend(circuit, hops, Deadline.in(TIME)));
    }
}
