package dev.cepa.directory;

import dev.cepa.channel.ChannelManager;
import dev.cepa.crypto.Primitives;
import dev.cepa.directory.BootstrapProgress.Phase;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.NetDir;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import dev.cepa.path.PathTuning;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One client's view of the network: brings it up from disk or from directory servers, keeps it fresh, and publishes it as
 * immutable snapshots (dir-spec section 5). It goes on by itself for ever: a network that is down at the start, or lost
 * later, is tried again until it answers.
 *
 * <p>Thread-safe. What is published is set under {@link #lock}; what goes on behind it is the {@link DirectoryUpdater}'s, in
 * virtual threads that all end within a moment of {@link #close}.
 */
public final class DirectoryManager implements Closeable {
    private static final int DEFAULT_PATHS_PERCENT = 60;
    /** Snapshots are published so often at most while microdescriptors arrive. */
    private static final long PUBLISH_NANOS = 250_000_000;

    /** Whoever wants to know of new snapshots. */
    @FunctionalInterface
    public interface Listener {
        /**
         * A new snapshot can be had. Called on the directory's own thread: return soon.
         *
         * @param otherGuards whether another set of guards is in use from now on, so that circuits of before should carry no
         *     new streams
         */
        void published(NetDir dir, boolean otherGuards);
    }

    /** What was published last. */
    private record Snapshot(NetDir dir, PathSelector selector, boolean enough) {}

    private final DirectorySettings settings;
    private final GuardManager guards;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final BootstrapProgress progress;
    private final DirectoryLink link;
    private final KnownDirectory known;
    private final DirectoryFetcher fetcher;
    private final DirectoryUpdater updater;
    private final DirectoryStore store;
    private final TorEvents events;
    private final CopyOnWriteArrayList<Listener> listeners = new CopyOnWriteArrayList<>();

    /** Held while a snapshot is made and published, so that an older one never follows a newer one. */
    private final ReentrantLock publishing = new ReentrantLock();

    private long lastPublished;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final DirectoryServers servers;
    private volatile PathSettings paths;
    private volatile @Nullable Snapshot snapshot;
    /** What guards are chosen by before there is a consensus: bridges alone. */
    private volatile @Nullable PathSelector beginning;
    /** Null unless bridges are used; replaced under {@link #lock}. */
    private volatile @Nullable BridgeDirectory bridges;

    private boolean networkEnabled = true;
    private boolean dropsBridgeDescriptors;
    /** Why there will never be a directory; guarded by {@link #lock}. */
    private @Nullable TorException fatal;

    private volatile @Nullable Thread thread;
    private boolean closed;

    /**
     * Nothing happens before {@link #start}.
     *
     * @param guards is told of each new snapshot, and asked for directory guards
     * @param circuitIds gives numbers that are unique within the client
     */
    public DirectoryManager(
            DirectorySettings settings,
            ChannelManager channels,
            GuardManager guards,
            PathSettings paths,
            TorEvents events,
            LongSupplier circuitIds) {
        this(settings, channels, guards, paths, events, circuitIds, new BootstrapProgress(events));
    }

    private DirectoryManager(
            DirectorySettings settings,
            ChannelManager channels,
            GuardManager guards,
            PathSettings paths,
            TorEvents events,
            LongSupplier circuitIds,
            BootstrapProgress progress) {
        this(
                settings, new DirectoryTunnels(settings, channels, events, circuitIds, progress), progress, guards, paths, events,
                InstantSource.system(), new SecureRandom());
    }

    DirectoryManager(
            DirectorySettings settings,
            DirectoryLink link,
            BootstrapProgress progress,
            GuardManager guards,
            PathSettings paths,
            TorEvents events,
            InstantSource clock,
            RandomGenerator random) {
        this.settings = settings;
        this.guards = guards;
        this.paths = paths;
        this.clock = clock;
        this.random = random;
        this.progress = progress;
        this.link = link;
        this.events = events;
        events.add(progress);
        servers = new DirectoryServers(settings, clock, random);
        servers.setPathSettings(paths);
        fetcher = new DirectoryFetcher(link, servers, guards, events, clock);
        store = new DirectoryStore(settings.cacheDirectory(), events);
        this.known = new KnownDirectory(store);
        MicrodescUpdater microdescs = new MicrodescUpdater(this, settings, fetcher, known, progress, guards, clock, random);
        this.updater = new DirectoryUpdater(
                this, settings, fetcher, servers, link, store, new CertificatePool(settings, store),
                new ConsensusIntake(settings, store, events), known, microdescs, progress, events, clock, random);
        fetcher.setBridgesOnly(paths.tuning().usesBridges());
    }

    /** Begins: loads what is on disk and fetches the rest. A second call does nothing. */
    public void start() {
        lock.lock();
        try {
            if (thread == null && !closed) {
                progress.reach(Phase.STARTING);
                thread = Thread.ofVirtual().name("cepa-directory").start(updater);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * The network as we know it, good enough to build circuits.
     *
     * @throws TorException of kind NO_DIRECTORY while there is none, OUTDATED if the network requires what this version lacks
     */
    public NetDir current() throws TorException {
        return selector().dir();
    }

    /** Like {@link #current}, with the weights and the user's settings to choose relays by. */
    public PathSelector selector() throws TorException {
        Snapshot known = snapshot;
        if (known != null && isUsable(known)) {
            return known.selector();
        }
        failIfHopeless();
        throw new TorException(
                ErrorKind.NO_DIRECTORY,
                known == null
                        ? "there is no consensus yet"
                        : known.enough()
                                ? "the consensus has expired"
                                : "not enough microdescriptors have come yet to build circuits");
    }

    /** The consensus as it is on disk, unverified; null if there is none. */
    public byte @Nullable [] storedConsensus() {
        return store.readConsensus();
    }

    /**
     * Looks for microdescriptors on disk.
     *
     * @param wanted is given the SHA-256 digest of each and says whether to have it
     * @return those wanted, as they are, one behind the other; the same one may be there twice
     */
    public byte[] storedMicrodescs(Predicate<byte[]> wanted) {
        ByteArrayOutputStream found = new ByteArrayOutputStream();
        store.readMicrodescs((buf, offset, length, lastListed) -> {
            MessageDigest sha256 = Primitives.sha256();
            sha256.update(buf, offset, length);
            if (wanted.test(sha256.digest())) {
                found.write(buf, offset, length);
            }
        });
        return found.toByteArray();
    }

    /** The network as we know it, whether or not it is enough to build circuits; null before there is a consensus. */
    public @Nullable NetDir latest() {
        Snapshot known = snapshot;
        return known == null ? null : known.dir();
    }

    /** Whether circuits can be built. */
    public boolean isUsable() {
        Snapshot known = snapshot;
        return known != null && isUsable(known);
    }

    private boolean isUsable(Snapshot known) {
        return known.enough()
                && Lifetime.of(known.dir().consensus()).isReasonablyLive(clock.instant(), settings.tolerance());
    }

    /**
     * Waits until circuits can be built.
     *
     * @throws TorException of kind TIMEOUT, CLOSED, or OUTDATED if waiting is of no use
     */
    public void awaitUsable(Deadline deadline) throws TorException {
        lock.lock();
        try {
            while (!isUsable()) {
                failIfHopeless();
                deadline.await(changed, "enough directory information");
            }
        } finally {
            lock.unlock();
        }
    }

    /** Other settings by which relays are chosen; the snapshot is published anew with them. */
    public void setPathSettings(PathSettings settings) {
        paths = settings;
        servers.setPathSettings(settings);
        fetcher.setBridgesOnly(settings.tuning().usesBridges());
        boolean started;
        lock.lock();
        try {
            started = thread != null && !closed;
        } finally {
            lock.unlock();
        }
        if (started) {
            prepareBridges();
        }
        publish();
        if (settings.tuning().usesBridges()) {
            updater.hurry();
        }
    }

    /** Has the bridges of the settings be the ones that are used, or none. */
    void prepareBridges() {
        BridgeDirectory with;
        BridgeDirectory before;
        lock.lock();
        try {
            before = bridges;
            with = paths.tuning().usesBridges()
                    ? before != null ? before : new BridgeDirectory(
                            this, settings, fetcher, link, guards, progress, events, clock, random)
                    : null;
            if (closed) {
                return;
            }
            bridges = with;
            if (with != null) {
                with.configure(paths.tuning().bridges());
                with.setNetworkEnabled(networkEnabled);
            }
        } finally {
            lock.unlock();
        }
        if (with == null) {
            if (before != null) {
                before.close();
            }
            return;
        }
        if (dropsBridgeDescriptors && before != null) {
            with.dropDescriptors();
        } else {
            publish(); // so that it is known which identities bridges had
            with.load();
        }
        publish();
        with.start();
    }

    /** Whether what is known of bridges is forgotten with each change of the settings. */
    public void setDropsBridgeDescriptors(boolean drops) {
        lock.lock();
        try {
            dropsBridgeDescriptors = drops;
        } finally {
            lock.unlock();
        }
    }

    /** Something was found out about a bridge, good or bad. */
    void bridgesChanged(boolean good) {
        publish();
        if (good) {
            updater.hurry();
        }
    }

    /** Whether anybody can be asked for anything. */
    boolean mayAsk() {
        return bridges == null || guards.knowsBridge();
    }

    /** Whether anything is fetched; at first it is. What is under way when this is turned off comes to its end. */
    public void setNetworkEnabled(boolean enabled) {
        updater.setNetworkEnabled(enabled);
        lock.lock();
        try {
            networkEnabled = enabled;
            if (bridges != null) {
                bridges.setNetworkEnabled(enabled);
            }
        } finally {
            lock.unlock();
        }
    }

    /** The network is back or is another one: what waits for another try is tried now. */
    public void noteNetworkChange() {
        BridgeDirectory with = bridges;
        if (with != null) {
            with.hurry();
        }
        updater.hurry();
    }

    /** Adds somebody to tell of each new snapshot. */
    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    /**
     * Publishes what is known now; does nothing before there is a consensus.
     *
     * @return whether it is enough to build circuits
     */
    boolean publish() {
        publishing.lock();
        try {
            NetDir listed = known.snapshot();
            BridgeDirectory with = bridges;
            NetDir dir = with == null ? listed : with.over(listed);
            if (dir == null) {
                return false;
            }
            lastPublished = System.nanoTime();
            PathSelector selector = new PathSelector(dir, paths, random);
            boolean otherGuards = guards.update(selector);
            if (listed == null) {
                beginning = selector;
                return false;
            }
            double done = selector.fractionOfUsablePaths() / pathsNeeded(paths.tuning(), dir.consensus());
            boolean enough = done >= 1 && !guards.isMissingGuardMicrodesc() && guards.knowsBridge();
            // Told before it is published, so that nobody reports what comes next first.
            if (enough) {
                progress.reach(Phase.ENOUGH);
            } else if (dir.missingMicrodescs() < dir.size()) {
                progress.loading(done);
            }
            take(new Snapshot(dir, selector, enough));
            for (Listener listener : listeners) {
                listener.published(dir, otherGuards);
            }
            return enough;
        } finally {
            publishing.unlock();
        }
    }

    /** Which part of all paths must be known before circuits are built. */
    static double pathsNeeded(PathTuning tuning, ConsensusInfo consensus) {
        double asked = tuning.pathsNeeded();
        return asked > 0 ? asked : consensus.param("min_paths_for_circs_pct", DEFAULT_PATHS_PERCENT, 25, 95) / 100.0;
    }

    /** Like {@link #publish}, unless that was done a moment ago or is being done: a snapshot is a copy of megabytes. */
    void publishSoon() {
        if (publishing.tryLock()) {
            try {
                if (System.nanoTime() - lastPublished > PUBLISH_NANOS) {
                    publish();
                }
            } finally {
                publishing.unlock();
            }
        }
    }

    private void take(Snapshot next) {
        lock.lock();
        try {
            snapshot = next;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The selector of the last snapshot, whether or not it is enough for circuits. */
    @Nullable PathSelector latestSelector() {
        Snapshot known = snapshot;
        return known == null ? beginning : known.selector();
    }

    /** There will be no directory. */
    void giveUp(TorException reason) {
        lock.lock();
        try {
            fatal = reason;
            snapshot = null;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void failIfHopeless() throws TorException {
        lock.lock();
        try {
            if (fatal != null) {
                throw new TorException(fatal.kind(), String.valueOf(fatal.getMessage()), fatal);
            }
            if (closed) {
                throw new TorException(ErrorKind.CLOSED, "the client is closed");
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the directory's thread to end after {@link #close}; false if it has not by then. */
    boolean join(Duration wait) throws InterruptedException {
        Thread running = thread;
        return running == null || running.join(wait);
    }

    /** Ends everything; whoever waits is told. */
    @Override
    public void close() {
        Thread running;
        lock.lock();
        try {
            closed = true;
            running = thread;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (running != null) {
            running.interrupt();
        }
        BridgeDirectory with = bridges;
        if (with != null) {
            with.close();
        }
        link.close();
    }
}
