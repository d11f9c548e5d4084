package dev.cepa.directory;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.BridgeRelay;
import dev.cepa.netdoc.BridgedNetDir;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.ServerDescriptor;
import dev.cepa.path.BridgeLine;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.GuardManager;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bridges of one client and what each says of itself. No consensus lists them, so each is asked for its own descriptor,
 * by a circuit that ends at it; till then nothing goes through it (C tor: {@code bridges.c}). Exists only while bridges are
 * used.
 *
 * <p>Thread-safe. All state is guarded by {@link #lock}, not held during I/O but for that of the store, which has
 * {@link #storing}. One virtual thread sees what is due; each question has one of its own.
 */
final class BridgeDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(BridgeDirectory.class);
    private static final Duration AGAIN = Duration.ofHours(3);
    private static final Duration AGAIN_TESTING = Duration.ofSeconds(10);
    /** A bridge makes a new descriptor at least so often: an older one is asked for again before the usual time. */
    private static final Duration FRESH = Duration.ofHours(18);
    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final Duration NAP = Duration.ofSeconds(30);

    /** One bridge. */
    private static final class Bridge {
        final BridgeLine line;
        final Backoff backoff;
        BridgeStore.@Nullable Entry known;
        Instant due = Instant.MIN;
        @Nullable Thread asking;
        @Nullable String failure;
        boolean warned;

        Bridge(BridgeLine line, Backoff backoff) {
            this.line = line;
            this.backoff = backoff;
        }
    }

    private final DirectoryManager manager;
    private final DirectorySettings settings;
    private final BridgeQuestion questions;
    private final GuardManager guards;
    private final BootstrapProgress progress;
    private final TorEvents events;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final BridgeStore store;
    private final ReentrantLock storing = new ReentrantLock();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition woken = lock.newCondition();
    private List<Bridge> bridges = List.of();
    private boolean networkEnabled = true;
    private boolean closed;
    private @Nullable Thread thread;

    BridgeDirectory(
            DirectoryManager manager, DirectorySettings settings, DirectoryFetcher fetcher, DirectoryLink link,
            GuardManager guards, BootstrapProgress progress, TorEvents events, InstantSource clock, RandomGenerator random) {
        this.manager = manager;
        this.settings = settings;
        this.questions = new BridgeQuestion(settings, fetcher, link, guards, clock);
        this.guards = guards;
        this.progress = progress;
        this.events = events;
        this.clock = clock;
        this.random = random;
        this.store = new BridgeStore(settings.cacheDirectory());
    }

    /**
     * These are the bridges from now on, asked from the next {@link #start}; what is known of those that stay is kept. The
     * guards must hear of them before that.
     */
    void configure(List<BridgeLine> lines) {
        lock.lock();
        try {
            List<Bridge> next = new ArrayList<>();
            for (BridgeLine line : lines) {
                Bridge before = find(line);
                Bridge bridge = new Bridge(line, backoff());
                if (before != null) {
                    bridge.known = before.known;
                    bridge.due = before.due;
                }
                next.add(bridge);
            }
            for (Bridge before : bridges) {
                withdraw(before);
            }
            bridges = next;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Bridge find(BridgeLine line) {
        for (Bridge bridge : bridges) {
            if (bridge.line.address().equals(line.address())
                    && Objects.equals(bridge.line.fingerprint(), line.fingerprint())) {
                return bridge;
            }
        }
        return null;
    }

    private Backoff backoff() {
        return settings.testingNetwork()
                ? new Backoff(random, Duration.ofMillis(500), Duration.ofSeconds(3))
                : new Backoff(random, Duration.ofSeconds(3), Duration.ofMinutes(10));
    }

    private static void withdraw(Bridge bridge) {
        Thread asking = bridge.asking;
        bridge.asking = null;
        if (asking != null) {
            asking.interrupt();
        }
    }

    /**
     * Takes over what is on disk. A bridge whose fingerprint the user does not say is known by the one that it had when it
     * was first used.
     */
    void load() {
        List<BridgeStore.Entry> entries;
        storing.lock();
        try {
            entries = store.read();
        } finally {
            storing.unlock();
        }
        Instant now = clock.instant();
        lock.lock();
        try {
            for (Bridge bridge : bridges) {
                RsaId id = questions.identity(bridge.line);
                for (BridgeStore.Entry entry : entries) {
                    if (Objects.equals(entry.descriptor().rsaId(), id)
                            && BridgeQuestion.problem(entry.descriptor(), now) == null) {
                        takeNewer(bridge, entry, now);
                    }
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void takeNewer(Bridge bridge, BridgeStore.Entry entry, Instant now) {
        BridgeStore.Entry known = bridge.known;
        Instant published = entry.descriptor().published();
        if (known == null || published.isAfter(known.descriptor().published())) {
            bridge.known = entry;
            bridge.due = published.plus(FRESH).isAfter(now) ? now.plus(again()) : Instant.MIN;
        }
    }

    /** Begins to ask what is due, or looks again at what is. */
    void start() {
        lock.lock();
        try {
            woken.signalAll();
            if (thread == null && !closed) {
                thread = Thread.ofVirtual().name("cepa-bridges").start(this::run);
            }
        } finally {
            lock.unlock();
        }
    }

    /** The network with the bridges that are known. */
    NetDir over(@Nullable NetDir network) {
        Map<RsaId, List<Bridge>> known = new LinkedHashMap<>();
        lock.lock();
        try {
            for (Bridge bridge : bridges) {
                if (bridge.known != null) {
                    known.computeIfAbsent(bridge.known.descriptor().rsaId(), id -> new ArrayList<>()).add(bridge);
                }
            }
        } finally {
            lock.unlock();
        }
        List<BridgeRelay> relays = new ArrayList<>();
        for (List<Bridge> same : known.values()) {
            ServerDescriptor newest = null;
            List<InetSocketAddress> addresses = new ArrayList<>();
            for (Bridge bridge : same) {
                BridgeStore.Entry entry = bridge.known;
                addresses.add(bridge.line.address());
                if (entry != null && (newest == null || entry.descriptor().published().isAfter(newest.published()))) {
                    newest = entry.descriptor();
                }
            }
            if (newest != null) {
                relays.add(new BridgeRelay(newest, addresses, same.getFirst().line.name()));
            }
        }
        return BridgedNetDir.of(network, relays);
    }

    /** Forgets all descriptors, and asks for them again. */
    void dropDescriptors() {
        lock.lock();
        try {
            for (Bridge bridge : bridges) {
                bridge.known = null;
                bridge.due = Instant.MIN;
            }
            woken.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void setNetworkEnabled(boolean enabled) {
        lock.lock();
        try {
            networkEnabled = enabled;
            woken.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** There may be a network again: bridges that failed are asked at once. */
    void hurry() {
        lock.lock();
        try {
            for (Bridge bridge : bridges) {
                if (bridge.failure != null) {
                    bridge.due = Instant.MIN;
                    bridge.backoff.reset();
                }
            }
            woken.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Ends all questions; never blocks. */
    void close() {
        lock.lock();
        try {
            closed = true;
            bridges.forEach(BridgeDirectory::withdraw);
            if (thread != null) {
                thread.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            lock.lock();
            try {
                while (!closed) {
                    Duration wait = networkEnabled ? askDue(clock.instant()) : NAP;
                    // The clock is looked at now and then, because a computer may have been asleep.
                    woken.await((wait.compareTo(NAP) < 0 ? wait : NAP).toNanos(), TimeUnit.NANOSECONDS);
                }
            } finally {
                lock.unlock();
            }
        } catch (InterruptedException e) {
            // The client is closed, or uses bridges no more.
        }
    }

    /** With the lock held; how long until the next is due. */
    private Duration askDue(Instant now) {
        Duration wait = NAP;
        for (Bridge bridge : bridges) {
            if (bridge.asking != null) {
                continue;
            }
            if (now.isBefore(bridge.due)) {
                Duration left = Duration.between(now, bridge.due);
                wait = left.compareTo(wait) < 0 ? left : wait;
            } else {
                Thread[] self = new Thread[1];
                self[0] = Thread.ofVirtual().name("cepa-bridge").unstarted(() -> ask(bridge, self[0]));
                bridge.asking = self[0];
                self[0].start();
            }
        }
        return wait;
    }

    private Duration again() {
        Duration usual = settings.testingNetwork() ? AGAIN_TESTING : AGAIN;
        // Not all bridges at one moment, nor at one interval.
        return usual.plusMillis(random.nextLong(usual.toMillis() / 4));
    }

    private void ask(Bridge bridge, Thread self) {
        BridgeStore.Entry entry = null;
        TorException failure = null;
        GuardAttempt attempt = guards.attemptBridge(bridge.line.address());
        try {
            entry = attempt == null ? null : questions.ask(bridge.line, knownOf(bridge), attempt);
        } catch (TorException e) {
            failure = e;
        } catch (IOException e) {
            failure = new TorException(ErrorKind.RELAY_UNREACHABLE, String.valueOf(e.getMessage()), e);
        } catch (RuntimeException e) {
            failure = new TorException(ErrorKind.INTERNAL, "a mistake in asking a bridge: " + e, e);
        }
        settle(bridge, self, attempt, entry, failure);
    }

    /** What it said before; nothing after a failure, for which a key that is not its any more may be the reason. */
    private @Nullable ServerDescriptor knownOf(Bridge bridge) {
        lock.lock();
        try {
            return bridge.known == null || bridge.failure != null ? null : bridge.known.descriptor();
        } finally {
            lock.unlock();
        }
    }

    private void settle(
            Bridge bridge, Thread self, @Nullable GuardAttempt attempt, BridgeStore.@Nullable Entry entry,
            @Nullable TorException failure) {
        boolean news = false;
        boolean lost = false;
        List<BridgeStore.Entry> all = new ArrayList<>();
        lock.lock();
        try {
            if (bridge.asking != self) {
                if (attempt != null) {
                    attempt.closed();
                }
                return; // withdrawn
            }
            bridge.asking = null;
            Instant now = clock.instant();
            if (entry != null) {
                news = bridge.known == null || !Arrays.equals(bridge.known.text(), entry.text());
                bridge.known = entry;
                bridge.backoff.reset();
                bridge.failure = null;
                bridge.warned = false;
                bridge.due = now.plus(again());
            } else if (failure != null) {
                lost = bridge.failure == null;
                bridge.failure = trouble(bridge.failure, failure);
                bridge.due = now.plus(bridge.backoff.next());
            } else {
                bridge.due = now.plus(LOOK); // others are enough, or the settings forbid it
            }
            for (Bridge one : bridges) {
                if (one.known != null) {
                    all.add(one.known);
                }
            }
            woken.signalAll();
        } finally {
            lock.unlock();
        }
        if (failure != null && attempt != null) {
            attempt.useless(failure.kind() == ErrorKind.CLOSED);
            warn(bridge, failure);
        }
        if (entry != null && news) {
            LOG.info("{} has told its descriptor", bridge.line);
            keep(bridge, entry, all);
        }
        if (news || lost) {
            manager.bridgesChanged(news);
        }
        tellTrouble();
    }

    /** What is wrong with it; the same words while it is the same, though it was not even tried this time. */
    private static String trouble(@Nullable String before, TorException failure) {
        if (before != null && failure.getCause() instanceof TorException cause && before.equals(cause.getMessage())) {
            return before;
        }
        return String.valueOf(failure.getMessage());
    }

    private void keep(Bridge bridge, BridgeStore.Entry entry, List<BridgeStore.Entry> all) {
        storing.lock();
        try {
            store.add(entry, HostText.format(bridge.line.address().getAddress().getAddress()), clock.instant(), all);
        } finally {
            storing.unlock();
        }
    }

    /** A bridge that is not who it should be is worth a word of its own, once. */
    private void warn(Bridge bridge, TorException failure) {
        boolean first;
        lock.lock();
        try {
            first = failure.kind() == ErrorKind.PROTOCOL && !bridge.warned;
            bridge.warned |= first;
        } finally {
            lock.unlock();
        }
        if (first) {
            events.emit(new TorEvent.Warning(
                    bridge.line + " can't be used: " + failure.getMessage()
                            + ". Compare its Bridge line with where you have it from.",
                    failure));
        }
    }

    /** While no bridge is of use, nothing goes on: says why, and what to do. */
    private void tellTrouble() {
        if (guards.knowsBridge()) {
            return;
        }
        StringBuilder why = new StringBuilder();
        int count;
        lock.lock();
        try {
            count = bridges.size();
            for (Bridge bridge : bridges) {
                if (bridge.asking != null && bridge.failure == null) {
                    return; // there is hope
                }
                if (bridge.failure != null && why.length() < 500) {
                    why.append(why.isEmpty() ? "" : "; ").append(bridge.failure);
                }
            }
        } finally {
            lock.unlock();
        }
        progress.stuck((count == 1 ? "the bridge is of no use" : "none of " + count + " bridges is of use")
                + (why.isEmpty() ? ": the settings forbid to connect there" : ": " + why)
                + ". Check the Bridge lines and the network, or get other bridges; trying again");
    }
}
