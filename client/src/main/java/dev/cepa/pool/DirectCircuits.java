package dev.cepa.pool;

import dev.cepa.channel.Channel;
import dev.cepa.channel.ChannelManager;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.NetDir;
import dev.cepa.path.PathSelector;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Circuits of services that do not hide where they are: of one hop to introduction and rendezvous points. Those that can't
 * be reached so, and all others, are the hidden ones. Thread-safe.
 *
 * <p>Clients choose rendezvous points, and could choose any address, of our own network for one. So only relays of the
 * directory are connected to, at the addresses that it has.
 */
public final class DirectCircuits implements ServiceCircuits {
    private static final Logger LOG = LoggerFactory.getLogger(DirectCircuits.class);
    /** Then there is time left to try it the long way. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final ServiceCircuits hidden;
    private final CircuitSettings settings;
    private final Supplier<@Nullable PathSelector> paths;
    private final ChannelManager channels;
    private final TorEvents events;
    private final LongSupplier circuitIds;

    /** @param paths gives the selector of the current directory; null while there is none */
    public DirectCircuits(
            ServiceCircuits hidden,
            CircuitSettings settings,
            Supplier<@Nullable PathSelector> paths,
            ChannelManager channels,
            TorEvents events,
            LongSupplier circuitIds) {
        this.hidden = hidden;
        this.settings = settings;
        this.paths = paths;
        this.channels = channels;
        this.events = events;
        this.circuitIds = circuitIds;
    }

    @Override
    public Circuit to(HopTarget last, Purpose purpose, Deadline deadline) throws TorException {
        if (purpose == Purpose.SERVICE_INTRODUCTION || purpose == Purpose.SERVICE_RENDEZVOUS) {
            HopTarget near = listed(last);
            if (near != null) {
                try {
                    return direct(near, purpose, deadline.atMost(PATIENCE));
                } catch (TorException e) {
                    if (deadline.passed() || e.kind() == ErrorKind.CLOSED) {
                        throw e;
                    }
                    LOG.debug("Relay {} is not reached directly: {}", near, e.getMessage());
                }
            }
        }
        return hidden.to(last, purpose, deadline);
    }

    /** The relay as the directory has it; null if it does not, or we must not connect to it. */
    private @Nullable HopTarget listed(HopTarget relay) throws TorException {
        PathSelector selector = paths.get();
        int number = selector == null ? -1 : selector.dir().indexOf(relay.link().rsaId());
        if (selector == null || number < 0 || selector.isExcluded(number)) {
            return null;
        }
        HopTarget listed = CircuitBuilder.hop(selector.dir(), number, selector);
        for (InetSocketAddress address : listed.link().addresses()) {
            if (!selector.mayConnect(address)) {
                return null;
            }
        }
        return listed;
    }

    private Circuit direct(HopTarget relay, Purpose purpose, Deadline deadline) throws TorException {
        Channel channel = channels.get(relay.link(), deadline);
        Circuit circuit = Circuit.create(
                channel, relay, settings, events, circuitIds.getAsLong(), purpose.word(), deadline);
        circuit.markBuilt();
        return circuit;
    }

    @Override
    public Circuit toRendezvousPoint(Deadline deadline) throws TorException {
        return hidden.toRendezvousPoint(deadline);
    }

    @Override
    public HopTarget pickIntroductionPoint(Collection<HopTarget> others, Deadline deadline) throws TorException {
        return hidden.pickIntroductionPoint(others, deadline);
    }

    @Override
    public NetDir directory(Deadline deadline) throws TorException {
        return hidden.directory(deadline);
    }

    @Override
    public HopTarget hop(NetDir dir, int relay, Deadline deadline) throws TorException {
        return hidden.hop(dir, relay, deadline);
    }

    @Override
    public Duration buildTimeout() {
        return hidden.buildTimeout();
    }

    @Override
    public boolean areDirect() {
        return true;
    }
}
