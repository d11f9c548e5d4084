package dev.cepa.path;

import dev.cepa.cell.RsaId;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.NetDir;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A sample of the network's guards, kept over months, and the sets within it: filtered, confirmed, primary (guard-spec
 * section 4). It owns its guards. Not thread-safe: {@link GuardManager} holds its lock around every call.
 */
class GuardSample {
    static final String DEFAULT = "default";
    static final String RESTRICTED = "restricted";
    static final String BRIDGES = "bridges";

    private static final int FEW_GUARDS = 10;

    private final String name;
    final String version;
    final RandomGenerator random;
    private final TorEvents events;
    /** In the order of sampling; their indices are their places. */
    private final List<Guard> sampled = new ArrayList<>();
    /** In the order of sampling, whatever the order of confirmation. */
    private final List<Guard> confirmed = new ArrayList<>();

    private List<Guard> primary = new ArrayList<>();
    private boolean primaryUpToDate;
    boolean changed;
    private long lastOnInternet;
    /** Whether primary guards have been excused for the network since one of them was last up. */
    private boolean excused;

    GuardSample(String name, String version, RandomGenerator random, TorEvents events) {
        this.name = name;
        this.version = version.replace(' ', '-');
        this.random = random;
        this.events = events;
    }

    String name() {
        return name;
    }

    List<Guard> sampled() {
        return sampled;
    }

    List<Guard> primary() {
        return primary;
    }

    /** Whether what the state file keeps has changed since the last call. */
    boolean takeChanged() {
        boolean was = changed;
        changed = false;
        return was;
    }

    /** Takes over guards of the state file, in any order; of several that are the same, the first. */
    void load(List<Guard> guards) {
        Set<Object> ids = new HashSet<>();
        for (Guard guard : guards) {
            if (ids.add(key(guard))) {
                sampled.add(guard);
            }
        }
        sampled.sort(Comparator.comparingInt(g -> g.sampledIdx));
        renumber();
        updateConfirmed();
    }

    /** What there is one guard of. */
    Object key(Guard guard) {
        return guard.id;
    }

    /** Brings everything up to date with a new snapshot or new settings (guard-spec section 4.2, 4.3, 4.10). */
    void update(GuardWorld world, long now) {
        if (isLive(world)) {
            updateListed(world, now);
            removeExpired(world.params(), now);
        }
        updateFiltered(world, now);
        updateConfirmed();
        updatePrimary(world, now);
    }

    /** Whether the sample may be changed by what is known of the network. */
    boolean isLive(GuardWorld world) {
        return world.live();
    }

    /** Whether it could be anybody's guard. */
    boolean isListed(Guard guard, GuardWorld world) {
        int relay = world.dir().indexOf(guard.id);
        return relay >= 0 && world.selector().isPossibleGuard(relay);
    }

    /** Whether the settings let it be one of ours. */
    boolean isAllowed(Guard guard, GuardWorld world) {
        int relay = world.dir().indexOf(guard.id);
        return relay >= 0 && world.selector().passesGuardFilter(relay);
    }

    /** Whether enough is known of it for that. */
    boolean isKnown(Guard guard, GuardManager.Usage usage, GuardWorld world) {
        return usage == GuardManager.Usage.DIRECTORY || guard.hasMicrodesc(world.dir());
    }

    private void updateListed(GuardWorld world, long now) {
        for (Guard guard : sampled) {
            boolean listed = isListed(guard, world);
            if (listed != guard.listed || listed == guard.unlistedSince > 0) {
                guard.listed = listed;
                guard.unlistedSince = listed ? 0 : blurred(now, world.params().removeUnlistedAfter() / 5);
                changed = true;
            }
        }
    }

    private void removeExpired(GuardParams params, long now) {
        for (int i = sampled.size() - 1; i >= 0; i--) {
            Guard guard = sampled.get(i);
            if (isExpired(guard, params, now)) {
                sampled.remove(i);
                confirmed.remove(guard);
                primary.remove(guard);
                guard.primary = false;
                guard.removed = true;
                primaryUpToDate = false;
                changed = true;
                events.emit(new TorEvent.GuardStatus(guard.toString(), "DROPPED"));
            }
        }
        renumber();
    }

    /**
     * A guard goes when it has been unlisted for long, was never confirmed in its lifetime, or was confirmed long ago.
     * Unlike in guard-spec's text of 2023, a confirmed guard's lifetime counts from its confirmation alone.
     */
    private static boolean isExpired(Guard guard, GuardParams params, long now) {
        if (!guard.listed && guard.unlistedSince < now - params.removeUnlistedAfter()) {
            return true;
        }
        return guard.confirmedOn == 0
                ? guard.sampledOn < now - params.lifetime()
                : guard.confirmedOn < now - params.confirmedLifetime();
    }

    private void updateFiltered(GuardWorld world, long now) {
        for (Guard guard : sampled) {
            boolean was = guard.filtered;
            guard.filtered = passesFilter(guard, world);
            guard.considerRetry(now);
            if (was != guard.filtered) {
                primaryUpToDate = false;
            }
        }
    }

    private boolean passesFilter(Guard guard, GuardWorld world) {
        return guard.listed && !guard.bias.isDropped() && isAllowed(guard, world);
    }

    /** Collects the confirmed guards and closes gaps in their numbering. */
    private void updateConfirmed() {
        confirmed.clear();
        for (Guard guard : sampled) {
            if (guard.isConfirmed()) {
                confirmed.add(guard);
            }
        }
        List<Guard> byConfirmation = new ArrayList<>(confirmed);
        byConfirmation.sort(Comparator.comparingInt(g -> g.confirmedIdx));
        for (int i = 0; i < byConfirmation.size(); i++) {
            Guard guard = byConfirmation.get(i);
            if (guard.confirmedIdx != i) {
                guard.confirmedIdx = i;
                changed = true;
            }
        }
    }

    /** Fills the primary list: confirmed guards first, then those that were primary, then the sample's next. */
    private void updatePrimary(GuardWorld world, long now) {
        int wanted = world.params().primaryGuards();
        List<Guard> next = new ArrayList<>(wanted);
        for (Guard guard : confirmed) {
            if (next.size() < wanted && guard.filtered) {
                next.add(guard);
            }
        }
        for (Guard guard : primary) {
            if (next.size() < wanted && guard.filtered && !next.contains(guard)) {
                next.add(guard);
            }
        }
        for (Guard guard : sampled) {
            guard.primary = next.contains(guard);
        }
        primaryUpToDate = true;
        while (next.size() < wanted) {
            Guard guard = firstUsable(world, GuardRestriction.NONE, null, now);
            if (guard == null) {
                break;
            }
            guard.primary = true;
            next.add(guard);
        }
        if (!next.equals(primary)) {
            next.sort(Comparator.comparingInt(g -> g.sampledIdx));
            primary = next;
        }
    }

    private void ensurePrimary(GuardWorld world, long now) {
        if (!primaryUpToDate) {
            updatePrimary(world, now);
        }
    }

    /**
     * The first guard in the order of sampling that is usable and neither confirmed, primary nor pending.
     *
     * @param usage what it must be known well enough for; null if that does not matter yet
     */
    private @Nullable Guard firstUsable(
            GuardWorld world, GuardRestriction restriction, GuardManager.@Nullable Usage usage, long now) {
        if (countUsable(world, restriction, now) < world.params().minFilteredSample()) {
            expand(world, now);
        }
        for (Guard guard : sampled) {
            if (guard.isUsable() && !guard.isConfirmed() && !guard.primary && !guard.pending
                    && restriction.allows(guard, world.selector())
                    && (usage == null || isKnown(guard, usage, world))) {
                return guard;
            }
        }
        return null;
    }

    int countUsable(GuardWorld world, GuardRestriction restriction, long now) {
        int count = 0;
        for (Guard guard : sampled) {
            guard.considerRetry(now);
            if (guard.isUsable() && restriction.allows(guard, world.selector())) {
                count++;
            }
        }
        return count;
    }

    /** Adds guards to the sample until enough are usable or it is as large as it may be (guard-spec section 4.2). */
    void expand(GuardWorld world, long now) {
        boolean restricted = name.equals(RESTRICTED);
        int most = world.params().maxSample(restricted ? world.passing() : world.possible());
        int usable = countUsable(world, GuardRestriction.NONE, now);
        if (!world.live() || usable >= world.params().minFilteredSample() || sampled.size() >= most) {
            return;
        }
        NetDir dir = world.dir();
        double[] weights = world.selector().guardWeights();
        boolean[] eligible = new boolean[dir.size()];
        int left = 0;
        for (int relay = 0; relay < weights.length; relay++) {
            // A restricted sample is drawn from what the settings allow; the default one is the same whatever they say.
            if (world.selector().isPossibleGuard(relay) && (!restricted || world.selector().passesGuardFilter(relay))) {
                eligible[relay] = true;
                left++;
            }
        }
        for (Guard guard : sampled) {
            int relay = dir.indexOf(guard.id);
            if (relay >= 0 && eligible[relay]) {
                eligible[relay] = false;
                left--;
            }
        }
        while (left > 0 && usable < world.params().minFilteredSample() && sampled.size() < most) {
            int relay = draw(weights, eligible);
            eligible[relay] = false;
            left--;
            if (add(world, relay, now).isUsable()) {
                usable++;
            }
        }
    }

    private int draw(double[] weights, boolean[] eligible) {
        double total = 0;
        int count = 0;
        for (int relay = 0; relay < weights.length; relay++) {
            if (eligible[relay]) {
                total += weights[relay];
                count++;
            }
        }
        double point = total > 0 ? random.nextDouble() * total : random.nextInt(count);
        int last = -1;
        for (int relay = 0; relay < weights.length && point >= 0; relay++) {
            double weight = total > 0 ? weights[relay] : 1;
            if (eligible[relay] && weight > 0) {
                last = relay;
                point -= weight;
            }
        }
        return last;
    }

    private Guard add(GuardWorld world, int relay, long now) {
        return add(
                new Guard(world.dir().rsaId(relay), world.dir().nickname(relay), sampledOn(world, now), version), world);
    }

    long sampledOn(GuardWorld world, long now) {
        return blurred(now, world.params().lifetime() / 10);
    }

    Guard add(Guard guard, GuardWorld world) {
        guard.sampledIdx = sampled.size();
        guard.filtered = passesFilter(guard, world);
        sampled.add(guard);
        changed = true;
        events.emit(new TorEvent.GuardStatus(guard.toString(), "NEW"));
        return guard;
    }

    /** A guard for one circuit, in the state that its circuit begins in; null if there is none. */
    @Nullable Guard select(GuardWorld world, GuardManager.Usage usage, GuardRestriction restriction, long now) {
        ensurePrimary(world, now);
        Guard guard = selectPrimary(world, usage, restriction, now);
        if (guard != null) {
            guard.lastTried = now;
            return guard;
        }
        for (Guard candidate : confirmed) {
            candidate.considerRetry(now);
            if (guard == null && !candidate.primary && candidate.isUsable() && !candidate.pending
                    && restriction.allows(candidate, world.selector())
                    && isKnown(candidate, usage, world)) {
                guard = candidate;
            }
        }
        if (guard == null) {
            guard = firstUsable(world, restriction, usage, now);
        }
        if (guard != null) {
            guard.pending = true;
            guard.lastTried = now;
        }
        return guard;
    }

    private @Nullable Guard selectPrimary(
            GuardWorld world, GuardManager.Usage usage, GuardRestriction restriction, long now) {
        List<Guard> usable = new ArrayList<>(2);
        int enough = world.params().guardsToUse(usage);
        int considered = 0;
        for (Guard guard : primary) {
            guard.considerRetry(now);
            if (!restriction.allows(guard, world.selector())) {
                // A cache that lacks a document makes us look further; a path that can't have a guard does not, so that
                // the path's end can't make us use more guards than we would (unless we would have none).
                if (usage == GuardManager.Usage.TRAFFIC) {
                    considered++;
                }
            } else if (guard.reachable != Guard.Reachability.NO && isKnown(guard, usage, world)) {
                usable.add(guard);
                considered++;
            }
            if (considered >= enough && !usable.isEmpty()) {
                break;
            }
        }
        return usable.isEmpty() ? null : usable.get(random.nextInt(usable.size()));
    }

    /** Whether so few guards are usable that none must be left out for what it lacks. */
    boolean isShort(GuardWorld world, long now) {
        return countUsable(world, GuardRestriction.NONE, now) < FEW_GUARDS;
    }

    void noteFailure(Guard guard, boolean inSilence, long now) {
        guard.reachable = Guard.Reachability.NO;
        guard.failedInSilence = inSilence;
        guard.pending = false;
        if (guard.failingSince == 0) {
            guard.failingSince = now;
        }
        if (guard.lastTried == 0) {
            guard.lastTried = now;
        }
        events.emit(new TorEvent.GuardStatus(guard.toString(), "DOWN"));
    }

    /** A circuit through that guard was built (guard-spec section 4.6). */
    void noteSuccess(Guard guard, GuardWorld world, long now) {
        long before = lastOnInternet;
        excused &= !guard.primary;
        noteInternet(now);
        if (guard.reachable != Guard.Reachability.YES) {
            events.emit(new TorEvent.GuardStatus(guard.toString(), "UP"));
        }
        guard.reachable = Guard.Reachability.YES;
        guard.failingSince = 0;
        guard.pending = false;
        if (!guard.isConfirmed()) {
            guard.confirmedOn = blurred(now, world.params().lifetime() / 10);
            guard.confirmedIdx = confirmed.size();
            updateConfirmed();
            changed = true;
            updatePrimary(world, now);
        }
        if (!guard.primary && before + world.params().internetLikelyDown() < now) {
            // We were cut off from the network for a while: that says nothing about the primary guards.
            ensurePrimary(world, now);
            primary.forEach(Guard::markMaybeReachable);
        }
    }

    /**
     * Something came from the network. If all primary guards are down, those that went down while nothing came from anybody
     * are excused: it was the network that was down, and without this its return would leave us with guards that are not
     * our first choice for ten minutes. Once, until one of them is up: they may be down in earnest.
     */
    void noteInternet(long now) {
        lastOnInternet = now;
        if (excused || primary.isEmpty()) {
            return;
        }
        boolean any = false;
        for (Guard guard : primary) {
            if (guard.reachable != Guard.Reachability.NO) {
                return;
            }
            any |= guard.failedInSilence;
        }
        if (any) {
            excused = true;
            for (Guard guard : primary) {
                if (guard.failedInSilence) {
                    guard.markMaybeReachable();
                }
            }
        }
    }

    void markAllMaybeReachable() {
        sampled.forEach(Guard::markMaybeReachable);
        excused = false;
    }

    boolean allPrimaryAreDown(GuardWorld world, long now) {
        ensurePrimary(world, now);
        for (Guard guard : primary) {
            guard.considerRetry(now);
            if (guard.reachable != Guard.Reachability.NO) {
                return false;
            }
        }
        return true;
    }

    /** Forgets all guards. */
    void drop() {
        for (Guard guard : sampled) {
            guard.removed = true;
            events.emit(new TorEvent.GuardStatus(guard.toString(), "DROPPED"));
        }
        sampled.clear();
        confirmed.clear();
        primary.clear();
        primaryUpToDate = false;
        changed = true;
    }

    private void renumber() {
        for (int i = 0; i < sampled.size(); i++) {
            sampled.get(i).sampledIdx = i;
        }
    }

    /** A moment up to {@code slop} seconds ago, so that what is kept does not tell when we were online. */
    private long blurred(long now, long slop) {
        return Math.max(1, now - random.nextLong(Math.max(1, slop)));
    }
}
