package dev.cepa.path;

import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.ConsensusInfo;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long a circuit may take to build, learned from those that were built (path-spec section 2.4): a circuit slower than
 * four fifths of them is not used but finished for the sake of its time, and one that takes still longer is given up.
 * Thread-safe. It owns the build times' lines of the state file.
 */
public final class BuildTimeouts {
    private static final Logger LOG = LoggerFactory.getLogger(BuildTimeouts.class);
    private static final String BIN_KEY = "CircuitBuildTimeBin";
    private static final String TOTAL_KEY = "TotalBuildTimes";
    private static final String ABANDONED_KEY = "CircuitBuildAbandonedCount";
    private static final int SAVE_EVERY = 10;
    /** More times than any version keeps. */
    private static final int MAX_TOTAL = 100_000;

    private static final int MAX = Integer.MAX_VALUE;

    private final ReentrantLock lock = new ReentrantLock();
    private final StateFile state;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final TorEvents events;
    private final BuildTimes times = new BuildTimes();

    private PathSettings settings;
    private Params params = Params.DEFAULT;
    /** Of the last circuits that got past their first hop, which were too slow; a ring. */
    private boolean[] slow = new boolean[Params.DEFAULT.recentCircuits];

    private int slowNext;
    private double timeoutMillis;
    private double closeMillis;
    private BuildTimes.@Nullable Pareto fitted;
    private boolean computed;
    /** Circuits that lived and died while nothing at all came from the network. */
    private int deadCircuits;

    /** Whether there are any; readable without the lock. */
    private volatile boolean networkIsDead;

    private volatile long lastLiveMillis;
    private long lastBegunMillis;
    /** Circuits since the learning began: in time, too slow, given up. */
    private int succeeded;

    private int tooSlow;
    private int givenUp;

    private record Params(
            boolean disabled, int minCircuits, int modes, double quantile, double closeQuantile, int recentCircuits,
            int maxTimeouts, int minTimeout, int initialTimeout, int testInterval, int maxOpen, int learnIdle) {

        static final Params DEFAULT = new Params(false, 100, 10, 0.8, 0.99, 20, 18, 10, 60_000, 10, 10, 180);

        static Params of(ConsensusInfo c) {
            int quantile = c.param("cbtquantile", 80, 10, 99);
            int minTimeout = c.param("cbtmintimeout", 10, 10, MAX);
            return new Params(
                    c.param("cbtdisabled", 0, 0, 1) == 1,
                    c.param("cbtmincircs", 100, 1, 10_000),
                    c.param("cbtnummodes", 10, 1, 20),
                    quantile / 100.0,
                    Math.max(quantile, c.param("cbtclosequantile", 99, 10, 99)) / 100.0,
                    c.param("cbtrecentcount", 20, 3, 1000),
                    c.param("cbtmaxtimeouts", 18, 3, 10_000),
                    minTimeout,
                    Math.max(minTimeout, c.param("cbtinitialtimeout", 60_000, 10, MAX)),
                    c.param("cbttestfreq", 10, 1, MAX),
                    c.param("cbtmaxopencircs", 10, 0, 14),
                    c.param("cbtlearntimeout", 180, 10, 60_000));
        }
    }

    /**
     * What is known, as the control port's {@code BUILDTIMEOUT_SET} shows it.
     *
     * @param computed whether it is learned
     * @param times how many build times it rests on
     * @param xm least value of the fitted distribution in milliseconds; 0 if there is none
     * @param alpha its exponent; 0 if there is none
     * @param quantile share of circuits that the timeout lets through
     * @param timeoutRate share of the circuits that were too slow, since the learning began or began anew
     * @param closeRate share of them that were given up
     */
    public record Status(
            boolean computed, int times, Duration timeout, Duration close, int xm, double alpha, double quantile,
            double timeoutRate, double closeRate) {}

    /**
     * Takes the build times from the state file.
     *
     * @param random shuffles them
     */
    public BuildTimeouts(StateFile state, PathSettings settings, InstantSource clock, RandomGenerator random, TorEvents events) {
        this.state = state;
        this.settings = settings;
        this.clock = clock;
        this.random = random;
        this.events = events;
        this.lastLiveMillis = clock.millis();
        this.timeoutMillis = initialMillis();
        this.closeMillis = timeoutMillis;
        load();
        state.beforeSave(this::store);
    }

    /** Takes over the parameters of a new consensus, and settings. */
    public void update(ConsensusInfo consensus, PathSettings changed) {
        lock.lock();
        try {
            double initial = initialMillis();
            settings = changed;
            params = Params.of(consensus);
            if (params.recentCircuits != slow.length) {
                slow = new boolean[params.recentCircuits];
                slowNext = 0;
            }
            if (isDisabled() || (!computed && timeoutMillis == initial)) {
                timeoutMillis = initialMillis();
                closeMillis = timeoutMillis;
                computed = false;
            }
            compute();
        } finally {
            lock.unlock();
        }
    }

    /**
     * After how long a circuit of so many hops is not to be used any more. The learned time is that of three hops; longer
     * circuits get more, since hop n costs n trips.
     */
    public Duration timeout(int hops) {
        lock.lock();
        try {
            return scaled(timeoutMillis, hops);
        } finally {
            lock.unlock();
        }
    }

    /** After how long a circuit of so many hops is given up: not less than {@link #timeout}. */
    public Duration closeTimeout(int hops) {
        lock.lock();
        try {
            return scaled(Math.max(timeoutMillis, closeMillis), hops);
        } finally {
            lock.unlock();
        }
    }

    private static Duration scaled(double millis, int hops) {
        double factor = hops <= 3 ? 1 : hops * (hops + 1) / 12.0;
        return Duration.ofNanos((long) (Math.min(millis * factor, MAX) * 1_000_000));
    }

    /** A circuit was begun, for whatever reason. */
    public void launched() {
        lock.lock();
        try {
            lastBegunMillis = clock.millis();
        } finally {
            lock.unlock();
        }
    }

    /**
     * A circuit's third hop was completed.
     *
     * @param time since it was begun
     * @param inTime whether it was not {@link #timedOut} before
     */
    public void built(Duration time, boolean inTime) {
        lock.lock();
        try {
            long millis = time.toMillis();
            if (isDisabled() || time.isNegative() || millis > 2 * closeMillis + 1000) {
                // So long a time means that the computer slept, or that its clock was set.
                return;
            }
            if (inTime) {
                succeeded++;
                noteRecent(false);
            }
            if (deadCircuits == 0) {
                add((int) Math.max(1, millis));
                compute();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * A circuit was not built within {@link #timeout}. It should go on until {@link #closeTimeout}, unused.
     *
     * @param firstHopDone whether it got past its first hop
     */
    public void timedOut(boolean firstHopDone) {
        lock.lock();
        try {
            if (isDisabled()) {
                return;
            }
            tooSlow++;
            if (firstHopDone) {
                noteRecent(true);
            }
            if (slowRecently() >= params.maxTimeouts) {
                startOver();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * A circuit was not built within {@link #closeTimeout} either.
     *
     * @param started when it was begun
     */
    public void abandoned(Instant started) {
        lock.lock();
        try {
            if (isDisabled()) {
                return;
            }
            givenUp++;
            if (lastLiveMillis < started.toEpochMilli()) {
                deadCircuits++;
                networkIsDead = true;
            }
            if (deadCircuits == 0) {
                add(BuildTimes.ABANDONED);
                compute();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Something came from the network; cheap. Circuits count only while this happens. */
    public void networkIsLive() {
        lastLiveMillis = clock.millis();
        if (networkIsDead) {
            lock.lock();
            try {
                LOG.info("The network is back after {} circuits that failed without it", deadCircuits);
                deadCircuits = 0;
                networkIsDead = false;
            } finally {
                lock.unlock();
            }
        }
    }

    /** Whether too few circuits were built to learn from, so that some should be built for that alone. */
    public boolean needsCircuits() {
        lock.lock();
        try {
            return !isDisabled() && times.size() < params.minCircuits;
        } finally {
            lock.unlock();
        }
    }

    /** How much time there should be between two circuits that are built to learn from. */
    public Duration testInterval() {
        lock.lock();
        try {
            return Duration.ofSeconds(params.testInterval);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether a circuit should be begun now for no other reason than to learn how long it takes.
     *
     * @param unused how many circuits there are that nobody uses
     */
    public boolean wantsTestCircuit(int unused) {
        lock.lock();
        try {
            return !isDisabled()
                    && times.size() < params.minCircuits
                    && unused < params.maxOpen
                    && clock.millis() - lastBegunMillis > 1000L * params.testInterval;
        } finally {
            lock.unlock();
        }
    }

    /** How long a circuit is kept unused while there are too few times to learn from. */
    public Duration idleWhileLearning() {
        lock.lock();
        try {
            return Duration.ofSeconds(params.learnIdle);
        } finally {
            lock.unlock();
        }
    }

    /** What is known at this moment. */
    public Status status() {
        lock.lock();
        try {
            BuildTimes.Pareto fit = fitted;
            int ended = Math.max(1, succeeded + tooSlow);
            double inverseAlpha = fit == null ? 0 : fit.inverseAlpha();
            return new Status(
                    computed, times.size(), scaled(timeoutMillis, 3), scaled(closeMillis, 3), fit == null ? 0 : fit.xm(),
                    inverseAlpha > 0 ? 1 / inverseAlpha : 0, params.quantile,
                    (double) tooSlow / ended, (double) givenUp / ended);
        } finally {
            lock.unlock();
        }
    }

    /** Forgets all that was learned. */
    public void drop() {
        lock.lock();
        try {
            forget();
            timeoutMillis = initialMillis();
            closeMillis = timeoutMillis;
            state.markDirty();
            emit(TorEvent.BuildTimeoutSet.Type.RESET);
        } finally {
            lock.unlock();
        }
    }

    private boolean isDisabled() {
        return params.disabled || !settings.learnBuildTimeout();
    }

    private double initialMillis() {
        Duration own = settings.buildTimeout();
        if (own == null) {
            return params.initialTimeout;
        }
        return Math.min(MAX, isDisabled() ? own.toMillis() : Math.max(own.toMillis(), params.minTimeout));
    }

    private void add(int millis) {
        times.add(millis);
        if (times.size() % SAVE_EVERY == 0) {
            state.markDirty();
        }
    }

    private void compute() {
        if (isDisabled() || times.size() < params.minCircuits) {
            return;
        }
        BuildTimes.Pareto fit = times.fit(params.modes);
        if (fit == null) {
            return;
        }
        int longest = times.longest();
        fitted = fit;
        timeoutMillis = Math.max(params.minTimeout, Math.min(longest, fit.quantile(params.quantile)));
        // A fast guard makes a curve so steep that this would hardly differ from the timeout.
        closeMillis = Math.max(params.initialTimeout, Math.min(2.0 * longest, fit.quantile(params.closeQuantile)));
        computed = true;
        emit(TorEvent.BuildTimeoutSet.Type.COMPUTED);
    }

    private void emit(TorEvent.BuildTimeoutSet.Type type) {
        if (events.hasListeners()) {
            Status s = status();
            boolean learned = type == TorEvent.BuildTimeoutSet.Type.COMPUTED;
            events.emit(new TorEvent.BuildTimeoutSet(
                    type, s.times(), s.timeout(), s.close(), s.xm(), s.alpha(), learned ? s.quantile() : 1,
                    s.timeoutRate(), s.closeRate()));
        }
    }

    private void noteRecent(boolean wasSlow) {
        slow[slowNext] = wasSlow;
        slowNext = (slowNext + 1) % slow.length;
    }

    private int slowRecently() {
        int count = 0;
        for (boolean wasSlow : slow) {
            count += wasSlow ? 1 : 0;
        }
        return count;
    }

    private void forget() {
        times.clear();
        succeeded = 0;
        tooSlow = 0;
        givenUp = 0;
        slow = new boolean[slow.length];
        slowNext = 0;
        fitted = null;
        computed = false;
    }

    /** Nearly all circuits are too slow: the network is not what it was. Forgets everything, and is patient. */
    private void startOver() {
        forget();
        if (timeoutMillis < initialMillis()) {
            timeoutMillis = initialMillis();
            closeMillis = timeoutMillis;
        } else if (timeoutMillis * 2 <= MAX && closeMillis * 2 <= MAX) {
            timeoutMillis *= 2;
            closeMillis *= 2;
        }
        state.markDirty();
        emit(TorEvent.BuildTimeoutSet.Type.RESET);
        LOG.info("Most circuits are too slow; waiting {} ms for them from now on", (long) timeoutMillis);
    }

    private void load() {
        int total = number(TOTAL_KEY);
        int abandoned = number(ABANDONED_KEY);
        List<int[]> bins = new ArrayList<>();
        long sum = abandoned;
        for (String line : state.values(BIN_KEY)) {
            int blank = line.indexOf(' ');
            int millis = blank < 0 ? -1 : AddressPattern.number(line.substring(0, blank));
            int count = blank < 0 ? -1 : AddressPattern.number(line.substring(blank + 1).strip());
            if (millis <= 0 || count < 0) {
                LOG.warn("A {} line of the state file can't be read: {}", BIN_KEY, line);
                sum = -1;
                break;
            }
            sum += count;
            bins.add(new int[] {millis, count});
        }
        if (sum != total || total > MAX_TOTAL) {
            LOG.warn("The circuit build times of the state file don't add up and are not used");
            return;
        }
        bins.add(new int[] {BuildTimes.ABANDONED, abandoned});
        addShuffled(bins, total);
        compute();
    }

    /** Adds a random thousand of those times, in random order: which came first is not on record. */
    private void addShuffled(List<int[]> bins, int total) {
        int[] chosen = new int[Math.min(total, BuildTimes.CAPACITY)];
        long seen = 0;
        for (int[] bin : bins) {
            for (int i = 0; i < bin[1]; i++) {
                // Reservoir sampling: each thousand of them is as likely as any other.
                long at = seen < chosen.length ? seen : random.nextLong(seen + 1);
                if (at < chosen.length) {
                    chosen[(int) at] = bin[0];
                }
                seen++;
            }
        }
        for (int i = chosen.length - 1; i >= 0; i--) {
            int at = random.nextInt(i + 1);
            times.add(chosen[at]);
            chosen[at] = chosen[i];
        }
    }

    private int number(String key) {
        String text = state.value(key);
        return text == null ? 0 : Math.max(0, AddressPattern.number(text));
    }

    /** Puts the build times into the state file's lines; the state file has it done before every save. */
    void store() {
        List<String> bins = new ArrayList<>();
        int total;
        int abandoned;
        lock.lock();
        try {
            int[] histogram = times.histogram();
            for (int i = 0; i < histogram.length; i += 2) {
                bins.add(histogram[i] + " " + histogram[i + 1]);
            }
            total = times.size();
            abandoned = times.abandoned();
        } finally {
            lock.unlock();
        }
        state.replace(BIN_KEY, bins);
        state.replace(TOTAL_KEY, total == 0 ? List.of() : List.of(Integer.toString(total)));
        state.replace(ABANDONED_KEY, abandoned == 0 ? List.of() : List.of(Integer.toString(abandoned)));
    }
}
