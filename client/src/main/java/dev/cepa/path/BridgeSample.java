package dev.cepa.path;

import dev.cepa.cell.RsaId;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.BridgeRelay;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The sample of a client that uses bridges: its guards are the bridges that the user names, each known by its address, and
 * what no consensus says of them the user does. All of them may be sampled; the rest of the rules is the same (guard-spec
 * section 4.1, 4.2). Not thread-safe: {@link GuardManager} holds its lock around every call.
 */
final class BridgeSample extends GuardSample {
    private BridgeSample(String version, RandomGenerator random, TorEvents events) {
        super(BRIDGES, version, random, events);
    }

    // Whoever knows it as any other sample does not load this class before bridges are used.

    /** An empty one. */
    static GuardSample create(String version, RandomGenerator random, TorEvents events) {
        return new BridgeSample(version, random, events);
    }

    /** What one bridge is taken for that has no other line. */
    private record Key(@Nullable InetSocketAddress address, RsaId id) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key key && id.equals(key.id)
                    && (address == null ? key.address == null : address.equals(key.address));
        }

        @Override
        public int hashCode() {
            return id.hashCode();
        }
    }

    @Override
    Object key(Guard guard) {
        return new Key(guard.bridge, guard.id);
    }

    @Override
    void update(GuardWorld world, long now) {
        for (Guard guard : sampled()) {
            identifyByLine(guard, world);
            describe(guard, world);
        }
        super.update(world, now);
    }

    /** The user says by now who a bridge is that we have not met yet. */
    private void identifyByLine(Guard guard, GuardWorld world) {
        for (BridgeLine line : world.selector().settings().tuning().bridges()) {
            RsaId id = line.fingerprint();
            if (id != null && line.address().equals(guard.bridge)) {
                identify(this, guard, id);
            }
        }
    }

    private static void describe(Guard guard, GuardWorld world) {
        BridgeRelay known = world.dir().bridge(world.dir().indexOf(guard.id));
        guard.described = guard.identified && known != null && known.addresses().contains(guard.bridge);
        BridgeLine line = lineOf(guard, world);
        if (line == null) {
            guard.shown = "[bridge that is not configured]";
        } else {
            guard.shown = line.name().isEmpty() && guard.identified ? "" : line.toString();
        }
    }

    /** The line of the configuration that this guard is of; null if there is none. */
    private static @Nullable BridgeLine lineOf(Guard guard, GuardWorld world) {
        InetSocketAddress address = guard.bridge;
        if (address == null) {
            return null;
        }
        for (BridgeLine line : world.selector().settings().tuning().bridges()) {
            boolean same = guard.identified
                    ? line.fits(address, guard.id)
                    : line.address().equals(address) && line.fingerprint() == null;
            if (same) {
                return line;
            }
        }
        return null;
    }

    /** Bridges are what the user says, whatever the consensus is or was. */
    @Override
    boolean isLive(GuardWorld world) {
        return true;
    }

    @Override
    boolean isListed(Guard guard, GuardWorld world) {
        return lineOf(guard, world) != null;
    }

    @Override
    boolean isAllowed(Guard guard, GuardWorld world) {
        BridgeLine line = lineOf(guard, world);
        return line != null && world.selector().mayConnect(line.address())
                && !line.isIn(world.selector().settings().excludeNodes(), guard.id);
    }

    /** Directory questions too need a bridge that is known: they are asked by its keys. */
    @Override
    boolean isKnown(Guard guard, GuardManager.Usage usage, GuardWorld world) {
        return guard.described;
    }

    @Override
    void expand(GuardWorld world, long now) {
        List<BridgeLine> eligible = new ArrayList<>();
        for (BridgeLine line : world.selector().settings().tuning().bridges()) {
            if (find(line) == null) {
                eligible.add(line);
            }
        }
        int usable = countUsable(world, GuardRestriction.NONE, now);
        while (!eligible.isEmpty() && usable < world.params().minFilteredSample()) {
            BridgeLine line = eligible.remove(random.nextInt(eligible.size()));
            RsaId id = line.fingerprint();
            Guard guard = new Guard(
                    id == null ? line.placeholder() : id, line.address(), sampledOn(world, now), version);
            guard.identified = id != null;
            describe(guard, world);
            if (add(guard, world).isUsable()) {
                usable++;
            }
        }
    }

    private @Nullable Guard find(BridgeLine line) {
        for (Guard guard : sampled()) {
            boolean same = guard.identified
                    ? guard.bridge != null && line.fits(guard.bridge, guard.id)
                    : line.address().equals(guard.bridge) && line.fingerprint() == null;
            if (same) {
                return guard;
            }
        }
        return null;
    }

    /**
     * The guard at that address: of several, because the user has changed his mind about who is there, the last that fits
     * what he says now. Null if there is none.
     */
    static @Nullable Guard at(GuardSample bridges, InetSocketAddress address) {
        Guard found = null;
        for (Guard guard : bridges.sampled()) {
            if (address.equals(guard.bridge) && (found == null || guard.listed || !found.listed)) {
                found = guard;
            }
        }
        return found;
    }

    /** The identity of a bridge has been learned: it is that from now on. */
    static void identify(GuardSample bridges, Guard guard, RsaId id) {
        if (!guard.identified) {
            guard.id = id;
            guard.identified = true;
            bridges.changed = true;
        }
    }
}
