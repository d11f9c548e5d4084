package dev.cepa.path;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which relay is a circuit's first hop (guard-spec). A client keeps a few guards for months, goes on to others only while
 * those are down, and goes back when they return. Thread-safe: one lock, never held during I/O. It owns the samples and
 * the {@code Guard} lines of the state file.
 */
public final class GuardManager {
    /** What a circuit is for. */
    public enum Usage {
        /** Carrying streams: the guard's microdescriptor is needed. */
        TRAFFIC,
        /** One-hop directory fetches. */
        DIRECTORY
    }

    private static final Logger LOG = LoggerFactory.getLogger(GuardManager.class);
    private static final String KEY = "Guard";
    /** More circuits than anybody has; the oldest finished ones are forgotten then. */
    private static final int MAX_ATTEMPTS = 1024;
    private static final int MAX_BACKOFF_SECONDS = 60;

    private final ReentrantLock lock = new ReentrantLock();
    private final StateFile state;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final TorEvents events;
    private final GuardSample normal;
    private final GuardSample restricted;
    /** Null until bridges are used: till then its lines are among the others. */
    private @Nullable GuardSample bridges;
    /** Lines of other samples and unreadable ones: written back as they are. */
    private final List<String> otherLines = new ArrayList<>();
    /** Circuits whose guard is not primary and that are under way or waiting, and finished circuits that are open. */
    private final List<GuardAttempt> attempts = new ArrayList<>();

    private GuardSample current;
    private @Nullable GuardWorld world;
    private boolean chosen;
    private boolean warnedOfExtremeRestriction;
    private int backoffSeconds = 1;

    /**
     * Takes the guards from the state file; {@link #update} must follow before one can be selected.
     *
     * @param random must be cryptographically strong outside tests
     */
    public GuardManager(StateFile state, InstantSource clock, RandomGenerator random, TorEvents events) {
        this.state = state;
        this.clock = clock;
        this.random = random;
        this.events = events;
        // A word of a line of words.
        String sampler = state.version().replace(' ', '-');
        this.normal = new GuardSample(GuardSample.DEFAULT, sampler, random, events);
        this.restricted = new GuardSample(GuardSample.RESTRICTED, sampler, random, events);
        this.current = normal;
        load();
        state.beforeSave(this::store);
    }

    private void load() {
        List<Guard> normalGuards = new ArrayList<>();
        List<Guard> restrictedGuards = new ArrayList<>();
        for (String line : state.values(KEY)) {
            String sample = Guard.sampleOf(line);
            boolean ours = sample.equals(GuardSample.DEFAULT) || sample.equals(GuardSample.RESTRICTED);
            Guard guard = ours ? Guard.parse(line, now()) : null;
            if (guard == null) {
                if (ours || sample.isEmpty()) {
                    LOG.warn("A Guard line of the state file can't be read; it is left as it is: {}", line);
                }
                otherLines.add(line);
            } else {
                (sample.equals(GuardSample.DEFAULT) ? normalGuards : restrictedGuards).add(guard);
            }
        }
        normal.load(normalGuards);
        restricted.load(restrictedGuards);
    }

    /**
     * Takes over a new snapshot or new settings.
     *
     * @return whether another set of guards is in use from now on, because the settings leave few or leave more again:
     *     circuits of before should carry no new streams
     */
    public boolean update(PathSelector selector) {
        lock.lock();
        try {
            GuardWorld next = GuardWorld.of(selector, clock.instant());
            world = next;
            GuardSample before = current;
            if (selector.settings().tuning().usesBridges()) {
                current = bridges();
            } else if (next.live()) {
                current = chooseSample(next);
                warnOfExtremeRestriction(next);
            } else if (isBridges(current)) {
                current = normal;
            }
            boolean switched = chosen && before != current;
            chosen |= next.live() || isBridges(current);
            current.update(next, now());
            noteChanges();
            return switched;
        } finally {
            lock.unlock();
        }
    }

    /** The sample of bridges, which is read when first wanted. */
    private GuardSample bridges() {
        GuardSample known = bridges;
        if (known == null) {
            known = BridgeSample.create(state.version(), random, events);
            List<Guard> guards = new ArrayList<>();
            for (Iterator<String> i = otherLines.iterator(); i.hasNext(); ) {
                String line = i.next();
                Guard guard = Guard.sampleOf(line).equals(GuardSample.BRIDGES) ? Guard.parse(line, now()) : null;
                if (guard != null && guard.bridge != null) {
                    guards.add(guard);
                    i.remove();
                }
            }
            known.load(guards);
            bridges = known;
        }
        return known;
    }

    @SuppressWarnings("ReferenceEquality") // samples are what they are
    private boolean isBridges(GuardSample sample) {
        return sample == bridges;
    }

    /** The restricted sample if the settings leave few guards; with some slack against going back and forth. */
    private GuardSample chooseSample(GuardWorld world) {
        double few = world.possible() * (world.params().meaningfulRestrictionPercent() / 100.0);
        if (!chosen || isBridges(current)) {
            return world.passing() >= (int) few ? normal : restricted;
        }
        if (world.passing() >= (int) (few * 1.05)) {
            return normal;
        }
        return world.passing() < (int) (few * 0.95) ? restricted : current;
    }

    private void warnOfExtremeRestriction(GuardWorld world) {
        int extreme = (int) (world.possible() * (world.params().extremeRestrictionPercent() / 100.0));
        if (world.passing() < extreme && !warnedOfExtremeRestriction) {
            warnedOfExtremeRestriction = true;
            int percent = 100 * (world.possible() - world.passing()) / world.possible();
            events.emit(new TorEvent.Warning(
                    "The configuration excludes " + percent + "% of all possible guards. That is likely to make this"
                            + " client stand out from the rest of the world.", null));
        }
    }

    /**
     * What guards are looked up in: the selector of the last {@link #update}.
     *
     * @throws TorException of kind NO_DIRECTORY before the first
     */
    public PathSelector selector() throws TorException {
        lock.lock();
        try {
            GuardWorld known = world;
            if (known == null) {
                throw new TorException(ErrorKind.NO_DIRECTORY, "there are no guards yet");
            }
            return known.selector();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Selects a guard for one circuit (guard-spec section 4.6).
     *
     * @throws NoGuardException of kind NO_DIRECTORY while there is no consensus or no guard's microdescriptor, NO_PATH if the
     *     settings or the restriction leave none, NETWORK_DOWN if all that are left are down
     */
    public GuardAttempt select(Usage usage, GuardRestriction restriction) throws TorException {
        lock.lock();
        try {
            long now = now();
            GuardWorld known = world;
            if (known == null) {
                throw noGuard(ErrorKind.NO_DIRECTORY, "there is no consensus to choose a guard from yet", now);
            }
            if (!known.selector().settings().useEntryGuards()) {
                return withoutGuards(known, usage, restriction, now);
            }
            GuardRestriction holding = restriction;
            if (usage == Usage.DIRECTORY && !restriction.excluded().isEmpty() && current.isShort(known, now)) {
                holding = new GuardRestriction(restriction.exit(), Set.of(), restriction.apart());
            }
            Guard guard = current.select(known, usage, holding, now);
            noteChanges();
            if (guard == null) {
                throw nothingLeft(known, usage, holding, now);
            }
            GuardAttempt attempt = new GuardAttempt(
                    this, guard.id, guard, usage, holding,
                    guard.pending ? GuardAttempt.State.USABLE_IF_NO_BETTER_GUARD : GuardAttempt.State.USABLE_ON_COMPLETION,
                    now);
            if (guard.pending) {
                remember(attempt);
            }
            return attempt;
        } finally {
            lock.unlock();
        }
    }

    private GuardAttempt withoutGuards(GuardWorld world, Usage usage, GuardRestriction restriction, long now)
            throws TorException {
        int relay = usage == Usage.DIRECTORY
                ? world.selector().pickDirectoryCache()
                : world.selector().pickGuardCandidate(false, restriction.relaysIn(world.dir()));
        return new GuardAttempt(
                this, world.dir().rsaId(relay), null, usage, restriction, GuardAttempt.State.USABLE_ON_COMPLETION, now);
    }

    private NoGuardException nothingLeft(GuardWorld world, Usage usage, GuardRestriction restriction, long now) {
        int filtered = 0;
        int allowed = 0;
        int known = 0;
        for (Guard guard : current.sampled()) {
            if (guard.filtered) {
                filtered++;
                if (restriction.allows(guard, world.selector())) {
                    allowed++;
                    if (current.isKnown(guard, usage, world)) {
                        known++;
                    }
                }
            }
        }
        if (filtered == 0 && isBridges(current)) {
            return noGuard(
                    ErrorKind.NO_PATH, "ExcludeNodes, ReachableAddresses, ClientUseIPv4 and ClientUseIPv6 leave none of the"
                            + " bridges", now);
        }
        if (filtered == 0) {
            return noGuard(
                    ErrorKind.NO_PATH, "none of " + current.sampled().size()
                            + " sampled guards is listed and allowed by EntryNodes, ExcludeNodes and ReachableAddresses", now);
        }
        if (allowed == 0) {
            return noGuard(ErrorKind.NO_PATH, "none of " + filtered + " guards fits the rest of the path", now);
        }
        if (known == 0 && isBridges(current)) {
            return noGuard(ErrorKind.NO_DIRECTORY, "no bridge has told its descriptor yet", now);
        }
        if (known == 0) {
            return noGuard(ErrorKind.NO_DIRECTORY, "no guard's microdescriptor has arrived yet", now);
        }
        // All are down, or being tried. They are tried again from the top, ever more slowly while nothing answers.
        current.markAllMaybeReachable();
        return noGuard(
                ErrorKind.NETWORK_DOWN,
                "none of " + known + (isBridges(current) ? " bridges" : " guards") + " can be reached", now);
    }

    private NoGuardException noGuard(ErrorKind kind, String message, long now) {
        int wait = backoffSeconds;
        if (kind == ErrorKind.NETWORK_DOWN) {
            backoffSeconds = Math.min(MAX_BACKOFF_SECONDS, backoffSeconds * 2);
        }
        return new NoGuardException(kind, message, Instant.ofEpochSecond(now + wait));
    }

    GuardAttempt.Usability succeeded(GuardAttempt attempt) {
        lock.lock();
        try {
            backoffSeconds = 1;
            Guard guard = attempt.guard;
            GuardWorld known = world;
            if (attempt.state == GuardAttempt.State.DEAD || (guard != null && guard.removed)) {
                die(attempt);
                return GuardAttempt.Usability.NEVER;
            }
            if (guard == null || known == null || attempt.state == GuardAttempt.State.COMPLETE) {
                attempt.state = GuardAttempt.State.COMPLETE;
                return GuardAttempt.Usability.USABLE;
            }
            long now = now();
            sampleOf(guard).noteSuccess(guard, known, now);
            noteChanges();
            attempt.stateSetAt = now;
            if (attempt.state == GuardAttempt.State.USABLE_ON_COMPLETION || guard.primary) {
                attempt.state = GuardAttempt.State.COMPLETE;
            } else {
                attempt.state = GuardAttempt.State.WAITING_FOR_BETTER_GUARD;
            }
            remember(attempt);
            return checkWaiting(attempt);
        } finally {
            lock.unlock();
        }
    }

    boolean isFirstChoice(GuardAttempt attempt) {
        lock.lock();
        try {
            return attempt.state == GuardAttempt.State.USABLE_ON_COMPLETION || attempt.state == GuardAttempt.State.COMPLETE;
        } finally {
            lock.unlock();
        }
    }

    void failed(GuardAttempt attempt, boolean inSilence) {
        lock.lock();
        try {
            boolean open = attempt.state == GuardAttempt.State.USABLE_ON_COMPLETION
                    || attempt.state == GuardAttempt.State.USABLE_IF_NO_BETTER_GUARD;
            if (open && attempt.guard != null && !attempt.guard.removed) {
                sampleOf(attempt.guard).noteFailure(attempt.guard, inSilence, now());
            }
            die(attempt);
        } finally {
            lock.unlock();
        }
    }

    /** A bridge that does not tell its descriptor is as good as down. */
    void useless(GuardAttempt attempt) {
        lock.lock();
        try {
            Guard guard = attempt.guard;
            if (guard != null && !guard.removed && !guard.described && guard.reachable != Guard.Reachability.NO) {
                sampleOf(guard).noteFailure(guard, false, now());
            }
        } finally {
            lock.unlock();
        }
    }

    void closed(GuardAttempt attempt) {
        lock.lock();
        try {
            if (attempt.state == GuardAttempt.State.USABLE_IF_NO_BETTER_GUARD && attempt.guard != null) {
                attempt.guard.pending = false;
            }
            die(attempt);
        } finally {
            lock.unlock();
        }
    }

    void goesOn(GuardAttempt attempt) {
        lock.lock();
        try {
            Guard guard = attempt.guard;
            GuardWorld known = world;
            if (guard != null && known != null && attempt.stage == PathBias.Stage.NEW) {
                attempt.stage = guard.bias.begun(guard.toString(), known.bias(), events);
                leaveIfDropped(guard, known);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Has others take the place of a guard that fails too often. */
    private void leaveIfDropped(Guard guard, GuardWorld known) {
        if (guard.bias.isDropped() && guard.filtered) {
            current.update(known, now());
            noteChanges();
        }
    }

    void complete(GuardAttempt attempt) {
        lock.lock();
        try {
            if (attempt.guard != null) {
                attempt.stage = attempt.guard.bias.built(attempt.stage);
            }
        } finally {
            lock.unlock();
        }
    }

    void used(GuardAttempt attempt) {
        lock.lock();
        try {
            Guard guard = attempt.guard;
            GuardWorld known = world;
            if (guard != null && known != null) {
                attempt.stage = guard.bias.used(attempt.stage, guard.toString(), known.bias(), events);
                leaveIfDropped(guard, known);
            }
        } finally {
            lock.unlock();
        }
    }

    void answered(GuardAttempt attempt) {
        lock.lock();
        try {
            if (attempt.guard != null) {
                attempt.stage = attempt.guard.bias.answered(attempt.stage);
            }
        } finally {
            lock.unlock();
        }
    }

    void stopCounting(GuardAttempt attempt) {
        lock.lock();
        try {
            Guard guard = attempt.guard;
            if (guard != null && attempt.stage != PathBias.Stage.OVER) {
                guard.bias.ended(attempt.stage, false, false);
                attempt.stage = PathBias.Stage.OVER;
                state.markDirty();
            }
        } finally {
            lock.unlock();
        }
    }

    void ended(GuardAttempt attempt, boolean timedOut, boolean remote) {
        lock.lock();
        try {
            if (attempt.guard != null && attempt.stage != PathBias.Stage.NEW) {
                attempt.stage = attempt.guard.bias.ended(attempt.stage, timedOut, remote);
                state.markDirty();
            }
        } finally {
            lock.unlock();
        }
    }

    GuardAttempt.Usability checkWaiting(GuardAttempt attempt) {
        lock.lock();
        try {
            if (attempt.state == GuardAttempt.State.WAITING_FOR_BETTER_GUARD) {
                Guard guard = attempt.guard;
                GuardWorld known = world;
                if (guard == null || guard.removed || known == null) {
                    die(attempt);
                } else {
                    upgradeWaiting(known, now());
                    if (attempt.state == GuardAttempt.State.WAITING_FOR_BETTER_GUARD
                            && attempt.stateSetAt < now() - known.params().idleTimeout()) {
                        die(attempt);
                    }
                }
            }
            return switch (attempt.state) {
                case COMPLETE -> GuardAttempt.Usability.USABLE;
                case DEAD -> GuardAttempt.Usability.NEVER;
                default -> GuardAttempt.Usability.WAIT;
            };
        } finally {
            lock.unlock();
        }
    }

    /** Lets the best of the waiting circuits be used once nothing better can come (guard-spec section 4.9). */
    private void upgradeWaiting(GuardWorld world, long now) {
        if (!current.allPrimaryAreDown(world, now)) {
            return;
        }
        GuardAttempt best = null;
        for (GuardAttempt attempt : attempts) {
            if (attempt.state == GuardAttempt.State.WAITING_FOR_BETTER_GUARD
                    && (best == null || isBetter(attempt, GuardRestriction.NONE, best))) {
                best = attempt;
            }
        }
        if (best == null) {
            return;
        }
        long recent = now - world.params().connectTimeout();
        for (GuardAttempt attempt : attempts) {
            // A circuit of before says nothing for a guard that has been found down since.
            boolean mayBlock = (attempt.state == GuardAttempt.State.COMPLETE && !isDown(attempt.guard))
                    || (attempt.state == GuardAttempt.State.USABLE_IF_NO_BETTER_GUARD && attempt.stateSetAt > recent);
            if (mayBlock && isBetter(attempt, best.restriction, best)) {
                return;
            }
        }
        for (GuardAttempt attempt : attempts) {
            if (attempt == best
                    || (attempt.state == GuardAttempt.State.WAITING_FOR_BETTER_GUARD
                            && best.restriction.isNone()
                            && !isBetter(best, GuardRestriction.NONE, attempt))) {
                attempt.state = GuardAttempt.State.COMPLETE;
                attempt.stateSetAt = now;
            }
        }
    }

    private static boolean isDown(@Nullable Guard guard) {
        return guard != null && guard.reachable == Guard.Reachability.NO;
    }

    private boolean isBetter(GuardAttempt a, GuardRestriction restriction, GuardAttempt b) {
        GuardWorld known = world;
        return a.guard != null && b.guard != null && known != null
                && !a.guard.removed
                && (b.guard.removed || (restriction.allows(a.guard, known.selector()) && a.guard.isBetterThan(b.guard)));
    }

    /**
     * An attempt to get a bridge's descriptor from it. It counts as any other: a bridge that fails is down, and one that
     * answers becomes a confirmed guard.
     *
     * @return null if that bridge is not sampled, because there are enough others
     */
    public @Nullable GuardAttempt attemptBridge(InetSocketAddress address) {
        lock.lock();
        try {
            Guard guard = bridges == null ? null : BridgeSample.at(bridges, address);
            if (guard == null || !guard.filtered) {
                return null;
            }
            long now = now();
            guard.lastTried = now;
            return new GuardAttempt(
                    this, guard.id, guard, Usage.DIRECTORY, GuardRestriction.NONE, GuardAttempt.State.USABLE_ON_COMPLETION,
                    now);
        } finally {
            lock.unlock();
        }
    }

    /** The identity that the bridge at that address had when it was first used; null if it never was. */
    public @Nullable RsaId identityOfBridge(InetSocketAddress address) {
        lock.lock();
        try {
            Guard guard = bridges == null ? null : BridgeSample.at(bridges, address);
            return guard == null || !guard.identified || !guard.listed ? null : guard.id;
        } finally {
            lock.unlock();
        }
    }

    /** The bridge at that address, whose identity the user does not say, is that relay: it must be from now on. */
    public void learnBridge(InetSocketAddress address, RsaId id) {
        lock.lock();
        try {
            GuardSample known = bridges;
            Guard guard = known == null ? null : BridgeSample.at(known, address);
            if (known != null && guard != null) {
                BridgeSample.identify(known, guard, id);
                noteChanges();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether circuits can be built through at least one bridge, as far as is known; true if none are used. */
    public boolean knowsBridge() {
        lock.lock();
        try {
            if (!isBridges(current)) {
                return true;
            }
            for (Guard guard : current.sampled()) {
                if (guard.filtered && guard.described) {
                    return true;
                }
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Something came from the network: it is up, and guards that fail from now on are to blame themselves. */
    public void noteInternetConnectivity() {
        lock.lock();
        try {
            current.noteInternet(now());
            backoffSeconds = 1;
        } finally {
            lock.unlock();
        }
    }

    /** The network is another one now, or is back: all guards may be tried again. */
    public void noteNetworkChange() {
        lock.lock();
        try {
            current.markAllMaybeReachable();
            backoffSeconds = 1;
        } finally {
            lock.unlock();
        }
    }

    /** The primary guards, best first; empty before the first {@link #update}. */
    public List<RsaId> primaryGuards() {
        lock.lock();
        try {
            List<RsaId> ids = new ArrayList<>();
            for (Guard guard : current.primary()) {
                ids.add(guard.id);
            }
            return ids;
        } finally {
            lock.unlock();
        }
    }

    /** Whether that sampled guard is not known to be down at this moment. */
    boolean mayTry(RsaId id) {
        lock.lock();
        try {
            for (Guard guard : current.sampled()) {
                if (guard.id.equals(id)) {
                    guard.considerRetry(now());
                    return guard.reachable != Guard.Reachability.NO;
                }
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether circuits should wait because one of the guards that they would use lacks its microdescriptor: building
     * through others meanwhile would show us to more guards than necessary.
     */
    public boolean isMissingGuardMicrodesc() {
        lock.lock();
        try {
            GuardWorld known = world;
            if (known == null) {
                return true;
            }
            int considered = 0;
            for (Guard guard : current.primary()) {
                guard.considerRetry(now());
                if (guard.reachable != Guard.Reachability.NO) {
                    if (!guard.hasMicrodesc(known.dir())) {
                        return true;
                    }
                    if (++considered >= known.params().guardsToUse()) {
                        break;
                    }
                }
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** All sampled guards, in the order of sampling, for the control port. */
    public List<GuardInfo> guards() {
        lock.lock();
        try {
            List<GuardInfo> infos = new ArrayList<>();
            for (Guard guard : current.sampled()) {
                infos.add(describe(guard));
            }
            return infos;
        } finally {
            lock.unlock();
        }
    }

    private static GuardInfo describe(Guard guard) {
        String status = "up";
        long since = 0;
        if (!guard.isConfirmed()) {
            status = "never-connected";
        } else if (!guard.listed || !guard.filtered) {
            status = "unusable";
            since = guard.unlistedSince;
        } else if (guard.reachable == Guard.Reachability.NO) {
            status = "down";
            since = guard.failingSince;
        }
        return new GuardInfo(
                guard.id, guard.nickname, status, since > 0 ? Instant.ofEpochSecond(since) : null, guard.primary,
                guard.toString());
    }

    /** Forgets the guards of the sample in use, and samples anew at the next {@link #update}. */
    public void dropGuards() {
        lock.lock();
        try {
            current.drop();
            GuardWorld known = world;
            if (known != null) {
                current.update(known, now());
            }
            noteChanges();
        } finally {
            lock.unlock();
        }
    }

    /** Puts the guards into the state file's lines; the state file has it done before every save. */
    void store() {
        List<String> lines = new ArrayList<>();
        lock.lock();
        try {
            store(normal, lines);
            store(restricted, lines);
            if (bridges != null) {
                store(bridges, lines);
            }
            lines.addAll(otherLines);
        } finally {
            lock.unlock();
        }
        state.replace(KEY, lines);
    }

    /** A bridge of unknown identity is not kept: C tor would not know what to do with it. */
    private static void store(GuardSample sample, List<String> lines) {
        int index = 0;
        for (Guard guard : sample.sampled()) {
            if (guard.identified) {
                lines.add(guard.format(sample.name(), index++));
            }
        }
    }

    private GuardSample sampleOf(Guard guard) {
        if (guard.bridge != null && bridges != null) {
            return bridges;
        }
        return restricted.sampled().contains(guard) ? restricted : normal;
    }

    private void remember(GuardAttempt attempt) {
        if (!attempts.contains(attempt)) {
            for (int i = 0; attempts.size() >= MAX_ATTEMPTS && i < attempts.size(); i++) {
                if (attempts.get(i).state == GuardAttempt.State.COMPLETE) {
                    attempts.remove(i);
                }
            }
            attempts.add(attempt);
        }
    }

    private void die(GuardAttempt attempt) {
        attempt.state = GuardAttempt.State.DEAD;
        attempts.remove(attempt);
    }

    private void noteChanges() {
        boolean changed = normal.takeChanged();
        changed |= restricted.takeChanged();
        if (bridges != null && bridges.takeChanged() || changed) {
            state.markDirty();
        }
    }

    private long now() {
        return clock.instant().getEpochSecond();
    }
}
