package dev.cepa.onion;

import dev.cepa.cell.RsaId;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.TorStream;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.pool.InternalCircuits;
import dev.cepa.pool.IsolationKey;
import dev.cepa.pool.StreamRequest;
import java.io.Closeable;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Opens streams to onion services. Keeps the circuits to services for streams that may share them, as isolation says, and
 * closes those that nobody uses. Thread-safe; the lock is held only to look and to note, and taken before those of its parts.
 */
public final class OnionClient implements Closeable {
    /** Circuits that one stream is tried on. */
    private static final int ATTEMPTS = 3;
    /** How long a service may take to answer a stream. */
    private static final Duration ANSWER_TIME = Duration.ofSeconds(20);
    /** Circuits to services at once; beyond, one that nobody uses has to make room. */
    private static final int MOST_CIRCUITS = 500;

    private static final Duration LOOK_INTERVAL = Duration.ofSeconds(15);
    /** How long a circuit that gets no new streams may be without one: its first may be about to come. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final InternalCircuits circuits;
    private final boolean testing;
    private final Supplier<Duration> maxIdle;
    private final TorEvents events;
    private final InstantSource clock;
    private final SecureRandom random;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Guarded by the lock, as all below. */
    private final Map<Key, Joined> joined = new HashMap<>();
    /** Circuits that get no new streams, as long as they have some. */
    private final List<Joined> leaving = new ArrayList<>();

    private OnionSettings settings = OnionSettings.DEFAULT;
    /** Added while running. */
    private final Map<OnionAddress, ClientAuthKey> addedKeys = new HashMap<>();

    /** Null as long as no service was asked for: most clients never ask, and their memory is not taken. */
    private @Nullable Parts parts;

    /** Null as long as no controller has asked. */
    private @Nullable DescriptorErrands errands;

    private int epoch;
    private boolean enabled = true;
    private boolean closed;
    private @Nullable Thread keeper;

    /** What the work is done with. */
    private record Parts(
            DescriptorStore descriptors, IntroMemory memory, Connector connector, SingleFlight<Key, Joined> connections) {}

    /** Whose streams share a circuit to which service. */
    private record Key(OnionAddress address, IsolationKey isolation, int epoch) {}

    private record Joined(Circuit circuit) {
        boolean isIdle(long nanos) {
            return circuit.streamCount() == 0 && System.nanoTime() - circuit.lastUsedNanos() > nanos;
        }
    }

    /** What became of a client key that was added. */
    public enum KeyAdded {
        /** There was none for that service. */
        NEW,
        /** It has taken the place of another. */
        REPLACED,
        /** A descriptor at hand, which could not be read, can be read with it. */
        READS_DESCRIPTOR
    }

    /**
     * @param testing whether this is a test network, where time periods are short
     * @param maxIdle how long a circuit is kept for the next stream
     */
    public OnionClient(
            InternalCircuits circuits,
            boolean testing,
            Supplier<Duration> maxIdle,
            TorEvents events,
            InstantSource clock,
            SecureRandom random) {
        this.circuits = circuits;
        this.testing = testing;
        this.maxIdle = maxIdle;
        this.events = events;
        this.clock = clock;
        this.random = random;
    }

    private Parts parts() {
        lock.lock();
        try {
            Parts made = parts;
            if (made == null) {
                DescriptorFetcher fetcher = new DescriptorFetcher(circuits, events, clock, random);
                DescriptorStore descriptors = new DescriptorStore(fetcher, circuits, testing, clock);
                descriptors.setClientKeys(clientKeys());
                descriptors.setFetching(settings.fetches());
                IntroMemory memory = new IntroMemory(clock, random);
                Connector connector = new Connector(circuits, descriptors, memory, random);
                made = new Parts(descriptors, memory, connector, new SingleFlight<>());
                parts = made;
            }
            return made;
        } finally {
            lock.unlock();
        }
    }

    /** Takes over other settings; they hold from the next descriptor that is read on. */
    public void setSettings(OnionSettings changed) {
        lock.lock();
        try {
            settings = changed;
            if (parts != null) {
                parts.descriptors.setClientKeys(clientKeys());
                parts.descriptors.setFetching(changed.fetches());
            }
        } finally {
            lock.unlock();
        }
    }

    /** The keys that services are reached with: those of the settings, and those that were added while running. */
    public Map<OnionAddress, ClientAuthKey> clientKeys() {
        lock.lock();
        try {
            return addedKeys.isEmpty() ? settings.clientKeys() : settings.withClientKeys(addedKeys).clientKeys();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Has a service reached with that key from now on.
     *
     * @param configured whether the next settings have it too, so that they decide; else it stays whatever they say
     */
    public KeyAdded addClientKey(OnionAddress address, ClientAuthKey key, boolean configured) {
        Parts known;
        boolean replaced;
        lock.lock();
        try {
            replaced = clientKeys().containsKey(address);
            if (configured) {
                addedKeys.remove(address);
                settings = settings.withClientKeys(Map.of(address, key));
            } else {
                addedKeys.put(address, key);
            }
            known = parts;
            if (known != null) {
                known.descriptors.setClientKeys(clientKeys());
            }
        } finally {
            lock.unlock();
        }
        if (known != null && known.descriptors.opensNow(address)) {
            return KeyAdded.READS_DESCRIPTOR;
        }
        return replaced ? KeyAdded.REPLACED : KeyAdded.NEW;
    }

    /** Forgets the key for a service, and its descriptor; returns whether there was one. */
    public boolean removeClientKey(OnionAddress address) {
        lock.lock();
        try {
            boolean known = clientKeys().containsKey(address);
            addedKeys.remove(address);
            settings = settings.withoutClientKey(address);
            if (known && parts != null) {
                parts.descriptors.setClientKeys(clientKeys());
                parts.descriptors.forget(address);
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    /** The descriptor of a service that is at hand, as it came; null if there is none. */
    public byte @Nullable [] descriptor(OnionAddress address) {
        Parts known;
        lock.lock();
        try {
            known = parts;
        } finally {
            lock.unlock();
        }
        return known == null ? null : known.descriptors.document(address);
    }

    /** What controllers want of directories. */
    public DescriptorErrands errands() {
        lock.lock();
        try {
            DescriptorErrands made = errands;
            if (made == null) {
                made = new DescriptorErrands(circuits, parts().descriptors, testing, events, clock);
                errands = made;
            }
            return made;
        } finally {
            lock.unlock();
        }
    }

    /** Whether a relay is listed in the directory; false as long as there is none. */
    public boolean isListed(RsaId relay) {
        try {
            return circuits.directory(Deadline.in(Duration.ZERO)).indexOf(relay) >= 0;
        } catch (TorException e) {
            return false;
        }
    }

    /**
     * Opens a stream to a service.
     *
     * @param request whose host is an onion address
     * @throws TorException whose kind says why not: an {@link dev.cepa.error.OnionServiceException} if the service can't be
     *     reached, a {@link StreamException} if it does not want the stream
     */
    public TorStream open(StreamRequest request, Deadline deadline) throws TorException {
        OnionAddress address = OnionAddress.parse(request.host());
        for (int attempt = 1; ; attempt++) {
            Key key = key(address, request.isolation());
            Joined at = joined(key, deadline);
            try {
                TorStream stream = at.circuit.openServiceOptimistic(request.host(), request.port(), request.origin());
                if (!request.optimistic()) {
                    request.sendEarly(stream.output());
                    Circuit.connected(stream, deadline.atMost(ANSWER_TIME));
                }
                return stream;
            } catch (StreamException e) {
                throw e;
            } catch (TorException e) {
                if (attempt == ATTEMPTS || deadline.passed() || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                // The circuit has broken, or the service is silent on it.
                retire(key, at);
            }
        }
    }

    private Key key(OnionAddress address, IsolationKey isolation) throws TorException {
        lock.lock();
        try {
            checkOpen();
            return new Key(address, isolation, epoch);
        } finally {
            lock.unlock();
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

    private Joined joined(Key key, Deadline deadline) throws TorException {
        Joined at = find(key);
        return at != null
                ? at
                : parts().connections.run(key, deadline, "a circuit to an onion service", () -> {
                    Joined meanwhile = find(key);
                    return meanwhile != null ? meanwhile : connect(key, deadline);
                });
    }

    private @Nullable Joined find(Key key) {
        lock.lock();
        try {
            Joined at = joined.get(key);
            return at != null && at.circuit.isConnected() ? at : null;
        } finally {
            lock.unlock();
        }
    }

    private Joined connect(Key key, Deadline deadline) throws TorException {
        makeRoom();
        Joined made = new Joined(parts().connector.connect(key.address, deadline));
        boolean wanted = false;
        lock.lock();
        try {
            checkOpen();
            if (key.epoch == epoch) {
                joined.put(key, made);
            } else {
                leaving.add(made);
            }
            startKeeper();
            wanted = true;
        } finally {
            lock.unlock();
            if (!wanted) {
                made.circuit.close();
            }
        }
        return made;
    }

    private void makeRoom() throws TorException {
        Joined idle = null;
        lock.lock();
        try {
            checkOpen();
            if (joined.size() < MOST_CIRCUITS) {
                return;
            }
            long now = System.nanoTime();
            for (Joined at : joined.values()) {
                boolean longer = idle == null || now - at.circuit.lastUsedNanos() > now - idle.circuit.lastUsedNanos();
                if (at.circuit.streamCount() == 0 && longer) {
                    idle = at;
                }
            }
            if (idle == null) {
                throw new TorException(
                        ErrorKind.RESOURCE_LIMIT, "circuits to " + MOST_CIRCUITS + " onion services are in use");
            }
            joined.values().remove(idle);
        } finally {
            lock.unlock();
        }
        idle.circuit.close();
    }

    private void retire(Key key, Joined at) {
        lock.lock();
        try {
            if (joined.remove(key, at)) {
                leaving.add(at);
            }
        } finally {
            lock.unlock();
        }
    }

    private void startKeeper() {
        if (keeper == null) {
            keeper = Thread.ofVirtual().name("cepa-onion").start(this::keep);
        }
    }

    /** Closes what is not used, as long as there is anything. */
    private void keep() {
        while (true) {
            List<Circuit> idle = new ArrayList<>();
            lock.lock();
            try {
                changed.await(LOOK_INTERVAL.toNanos(), TimeUnit.NANOSECONDS);
                collectIdle(joined.values().iterator(), maxIdle.get(), idle);
                collectIdle(leaving.iterator(), GRACE, idle);
                if (closed || joined.isEmpty() && leaving.isEmpty()) {
                    keeper = null;
                    return;
                }
            } catch (InterruptedException e) {
                return;
            } finally {
                lock.unlock();
                for (Circuit circuit : idle) {
                    circuit.close();
                }
            }
        }
    }

    private static void collectIdle(Iterator<Joined> from, Duration maxIdle, List<Circuit> idle) {
        while (from.hasNext()) {
            Joined at = from.next();
            if (!at.circuit.isOpen() || at.isIdle(maxIdle.toNanos())) {
                from.remove();
                idle.add(at.circuit);
            }
        }
    }

    /** No stream from now on shares a circuit with those before, and nothing is remembered of services visited. */
    public void retireAll() {
        lock.lock();
        try {
            epoch++;
            leaving.addAll(joined.values());
            joined.clear();
            changed.signalAll();
            if (parts != null) {
                parts.descriptors.clear();
                parts.memory.clear();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The network is another one now, or was away: circuits of before get no new streams. */
    public void networkChanged() {
        lock.lock();
        try {
            leaving.addAll(joined.values());
            joined.clear();
            changed.signalAll();
            if (parts != null) {
                parts.memory.clear();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether services may be reached at all; turning it off closes the circuits. */
    public void setNetworkEnabled(boolean on) {
        lock.lock();
        try {
            enabled = on;
        } finally {
            lock.unlock();
        }
        if (!on) {
            closeAll();
        }
    }

    /** How many streams are open. */
    public int streamCount() {
        lock.lock();
        try {
            int count = 0;
            for (Joined at : joined.values()) {
                count += at.circuit.streamCount();
            }
            for (Joined at : leaving) {
                count += at.circuit.streamCount();
            }
            return count;
        } finally {
            lock.unlock();
        }
    }

    private void closeAll() {
        List<Joined> all;
        lock.lock();
        try {
            all = new ArrayList<>(joined.values());
            all.addAll(leaving);
            joined.clear();
            leaving.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        for (Joined at : all) {
            at.circuit.close();
        }
    }

    /** Closes every circuit. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        closeAll();
    }
}
