package dev.cepa.path;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.BridgeRelay;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.Protocols;
import dev.cepa.netdoc.RelayFlags;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Chooses relays of one directory snapshot by bandwidth, position and the user's settings (path-spec section 2.2). Relays
 * are named by their number in that snapshot. Thread-safe if the random source is; weights are summed up once a position,
 * when first needed.
 */
public final class PathSelector {
    /** So many draws may be turned down before the fitting relays are counted out one by one. */
    private static final int DRAWS = 48;

    private static final int USABLE = RelayFlags.RUNNING | RelayFlags.VALID;

    private final NetDir dir;
    private final PathSettings settings;
    private final RandomGenerator random;
    private final BitSet excluded;
    private final BitSet excludedExits;
    /** The relays of EntryNodes, MiddleNodes and ExitNodes; null where the user names none. */
    private final @Nullable BitSet entries;

    private final @Nullable BitSet middles;
    private final @Nullable BitSet exits;
    /** The relays of each NodeFamily. */
    private final BitSet[] families;
    private final AtomicReferenceArray<@Nullable RelayWeights> weights =
            new AtomicReferenceArray<>(Position.values().length);

    /** @param random must be cryptographically strong outside tests */
    public PathSelector(NetDir dir, PathSettings settings, RandomGenerator random) {
        this.dir = dir;
        this.settings = settings;
        this.random = random;
        this.excluded = settings.excludeNodes().resolve(dir);
        this.excludedExits = settings.excludeExitNodes().resolve(dir);
        this.excludedExits.or(excluded);
        this.entries = settings.entryNodes().isEmpty() ? null : settings.entryNodes().resolve(dir);
        this.middles = settings.middleNodes().isEmpty() ? null : settings.middleNodes().resolve(dir);
        this.exits = settings.exitNodes().isEmpty() ? null : settings.exitNodes().resolve(dir);
        List<RelaySet> named = settings.tuning().families();
        this.families = new BitSet[named.size()];
        for (int i = 0; i < families.length; i++) {
            families[i] = named.get(i).resolve(dir);
            for (int bridge = dir.size(); bridge < dir.limit(); bridge++) {
                families[i].set(bridge, named.get(i).contains(dir, bridge));
            }
        }
    }

    /** The snapshot whose relays it chooses. */
    public NetDir dir() {
        return dir;
    }

    /** The settings by which it chooses. */
    public PathSettings settings() {
        return settings;
    }

    /**
     * An exit for such a request, that may be in a path with {@code others} (relays already chosen; often none).
     *
     * @throws TorException of kind NO_EXIT if no exit takes the port, NO_PATH if the settings leave none
     */
    public int pickExit(ExitRequest request, int... others) throws TorException {
        int relay = pick(Position.EXIT, request, stability(request.stable()), others);
        if (relay < 0) {
            relay = pick(Position.EXIT, request, 0, others);
        }
        if (relay >= 0) {
            return relay;
        }
        if (request.within() != null) {
            throw new TorException(
                    ErrorKind.NO_EXIT, "no running exit among those chosen for this stream, and that ExitNodes, ExcludeNodes "
                            + "and ExcludeExitNodes allow, takes port " + request.port());
        }
        if (exits != null || !excludedExits.isEmpty()) {
            throw new TorException(
                    ErrorKind.NO_PATH, "no running exit that ExitNodes, ExcludeNodes and ExcludeExitNodes allow takes port "
                            + request.port());
        }
        throw new TorException(
                ErrorKind.NO_EXIT, request.port() == 0
                        ? "no running exit relay is known"
                        : "no running exit relay takes " + (request.family() == ExitRequest.Family.IPV6 ? "IPv6" : "IPv4")
                                + " connections to port " + request.port());
    }

    /** {@link #pickMiddle(boolean, int...)} of a path that need not last. */
    public int pickMiddle(int... others) throws TorException {
        return pickMiddle(false, others);
    }

    /**
     * A relay that extends a path, that may be together with {@code others}.
     *
     * @param stable whether it should have the Stable flag; if no such relay fits, one without is chosen
     * @throws TorException of kind NO_PATH
     */
    public int pickMiddle(boolean stable, int... others) throws TorException {
        return pickOrRelax(Position.MIDDLE, stable, "middle relay", others);
    }

    /**
     * A first hop for one path only, as {@code UseEntryGuards 0} wants it: a reachable relay with the Guard flag.
     *
     * @throws TorException of kind NO_PATH
     */
    public int pickGuardCandidate(boolean stable, int... others) throws TorException {
        return pickOrRelax(Position.GUARD, stable, "guard relay", others);
    }

    /**
     * A reachable directory cache, with or without a microdescriptor, other than {@code others}.
     *
     * @throws TorException of kind NO_PATH
     */
    public int pickDirectoryCache(int... others) throws TorException {
        int relay = pick(Position.DIRECTORY, null, 0, others);
        if (relay < 0 && !settings.strictNodes()) {
            relay = pickExcludedCache(others);
        }
        if (relay < 0) {
            throw new TorException(ErrorKind.NO_PATH, "no reachable directory cache is left");
        }
        return relay;
    }

    /**
     * A relay with the Fast and Stable flags that is none of {@code others}; their families and subnets do not count.
     *
     * @throws TorException of kind NO_PATH
     */
    int pickVanguard(int... others) throws TorException {
        int relay = pick(Position.VANGUARD, null, stability(true), others);
        if (relay < 0) {
            throw new TorException(ErrorKind.NO_PATH, "no stable relay is left for an onion-service circuit");
        }
        return relay;
    }

    /**
     * The same for a relay that is not kept: if no stable one is left, as in a network that is small and young, one with the
     * Fast flag will do.
     *
     * @throws TorException of kind NO_PATH
     */
    int pickOnce(int... others) throws TorException {
        return pickOrRelax(Position.VANGUARD, true, "relay for an onion-service circuit", others);
    }

    /** Whether that relay has the flags of a vanguard, and the settings let it be in the middle. */
    boolean isFitVanguard(int relay) {
        int all = USABLE | stability(true);
        return (dir.flags(relay) & all) == all && !excluded.get(relay) && (middles == null || middles.get(relay));
    }

    /** Whether a circuit can have that vanguard now. */
    boolean mayBeVanguard(int relay) {
        return isFitVanguard(relay) && dir.hasMicrodesc(relay);
    }

    /** Whether a circuit can have that relay where the user has named it. */
    boolean mayBeNamedHop(int relay) {
        return isBuildable(relay) && !excluded.get(relay);
    }

    /** A cache that ExcludeNodes names, when there is no other: better than none, unless StrictNodes says otherwise. */
    private int pickExcludedCache(int... others) {
        int chosen = -1;
        int count = 0;
        for (int relay = excluded.nextSetBit(0); relay >= 0; relay = excluded.nextSetBit(relay + 1)) {
            if (isCache(relay) && isReachable(relay) && fits(relay, Position.DIRECTORY, null, 0, others)
                    && random.nextInt(++count) == 0) {
                chosen = relay;
            }
        }
        return chosen;
    }

    /** Whether that relay is an exit that the settings allow and that takes such a request. */
    public boolean exitSupports(int relay, ExitRequest request) {
        return mayBeExit(relay) && takes(relay, request);
    }

    /**
     * Whether two relays may be in one path: they are not the same, of one family or, unless the settings allow it, in one
     * subnet (path-spec section 2.2).
     */
    public boolean canBeTogether(int a, int b) {
        return a != b && !dir.sameFamily(a, b) && !(settings.enforceDistinctSubnets() && dir.sameSubnet(a, b))
                && !isOneFamily(a, b);
    }

    /** Whether the user has said that two relays belong together. */
    private boolean isOneFamily(int a, int b) {
        for (BitSet family : families) {
            if (family.get(a) && family.get(b)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether the settings allow a path that was chosen under others. A relay that is listed no more counts as forbidden,
     * because what is said of addresses can't be held against it.
     *
     * @param path at least two relays, the guard first, the exit last; -1 for one that is not listed
     */
    public boolean allowsPath(int... path) {
        int last = path.length - 1;
        for (int i = 0; i <= last; i++) {
            int relay = path[i];
            if (relay < 0) {
                return false;
            }
            boolean allowed = i == 0
                    ? passesGuardFilter(relay)
                    : i == last ? isAllowedExit(relay) : !excluded.get(relay) && (middles == null || middles.get(relay));
            if (!allowed) {
                return false;
            }
            for (int j = 0; j < i; j++) {
                if (!canBeTogether(path[j], relay)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Whether the settings exclude that relay from every path. */
    public boolean isExcluded(int relay) {
        return excluded.get(relay);
    }

    /** Whether a firewall, as the settings describe it, lets us connect to that relay by at least one of its addresses. */
    public boolean isReachable(int relay) {
        BridgeRelay bridge = dir.bridge(relay);
        if (bridge != null) {
            return !addresses(bridge).isEmpty();
        }
        if (settings.clientUseIpv4() && settings.reachableAddresses().acceptsAll()) {
            return true;
        }
        InetSocketAddress ipv6 = dir.ipv6(relay);
        return mayConnect(dir.ipv4(relay)) || (ipv6 != null && mayConnect(ipv6));
    }

    /** Whether the settings let us connect to that address of a relay. */
    public boolean mayConnect(InetSocketAddress address) {
        boolean v6 = address.getAddress() instanceof Inet6Address;
        return (v6 ? settings.clientUseIpv6() : settings.clientUseIpv4())
                && settings.reachableAddresses().accepts(address);
    }

    /**
     * Addresses of a relay in the order in which to try them: both that the settings let us connect to, that of IPv4 first
     * unless they say otherwise; none if there are none.
     */
    public List<InetSocketAddress> addresses(int relay) {
        InetSocketAddress ipv4 = dir.ipv4(relay);
        InetSocketAddress ipv6 = dir.ipv6(relay);
        boolean useIpv4 = mayConnect(ipv4);
        if (ipv6 == null || !mayConnect(ipv6)) {
            return useIpv4 ? List.of(ipv4) : List.of();
        }
        if (!useIpv4) {
            return List.of(ipv6);
        }
        return settings.tuning().preferIpv6() ? List.of(ipv6, ipv4) : List.of(ipv4, ipv6);
    }

    /** The addresses of a bridge that the settings let us connect to, in the order in which to try them. */
    public List<InetSocketAddress> addresses(BridgeRelay bridge) {
        List<InetSocketAddress> allowed = new ArrayList<>(bridge.addresses());
        allowed.removeIf(address -> !mayConnect(address));
        return allowed;
    }

    /** Whether that relay could be anybody's guard (guard-spec section 4.1): it has all the flags that it takes. */
    public boolean isPossibleGuard(int relay) {
        int all = USABLE | RelayFlags.GUARD | RelayFlags.STABLE | RelayFlags.FAST | RelayFlags.V2_DIR;
        return (dir.flags(relay) & (all | RelayFlags.MIDDLE_ONLY)) == all;
    }

    /** Whether the settings let that relay be a guard: EntryNodes, ExcludeNodes, ReachableAddresses. */
    public boolean passesGuardFilter(int relay) {
        if (settings.tuning().usesBridges() && dir.bridge(relay) == null) {
            return false;
        }
        return !excluded.get(relay)
                && (entries == null || entries.get(relay))
                && isReachable(relay);
    }

    /** Bandwidths weighted for the guard position, whatever the settings and flags; for sampling guards. */
    double[] guardWeights() {
        double[] factors = Position.GUARD.factors(dir.consensus());
        double[] all = new double[dir.size()];
        for (int relay = 0; relay < all.length; relay++) {
            all[relay] = dir.bandwidth(relay) * factors[Position.kind(dir.flags(relay))];
        }
        return all;
    }

    /**
     * The share of all paths, weighted by bandwidth, for whose three relays we have microdescriptors: 0 to 1. Circuits
     * are built once it is above the consensus parameter {@code min_paths_for_circs_pct} (60 %).
     */
    public double fractionOfUsablePaths() {
        Fraction guards = new Fraction(Position.GUARD);
        Fraction allMiddles = new Fraction(Position.MIDDLE);
        Fraction allExits = new Fraction(Position.EXIT);
        Fraction chosenExits = new Fraction(Position.EXIT);
        Fraction unflaggedExits = new Fraction(Position.EXIT);
        boolean exitExists = false;
        for (int relay = 0; relay < dir.size(); relay++) {
            int flags = dir.flags(relay);
            if ((flags & RelayFlags.RUNNING) == 0) {
                continue;
            }
            boolean chosenMiddle = middles == null || middles.get(relay);
            if (chosenMiddle) {
                allMiddles.count(relay);
            }
            if (entries == null ? chosenMiddle && (flags & RelayFlags.GUARD) != 0 : entries.get(relay)) {
                guards.count(relay);
            }
            boolean mayExit = !dir.hasMicrodesc(relay) || dir.exitsSomewhere(relay);
            if (mayExit && (flags & RelayFlags.EXIT) != 0) {
                allExits.count(relay);
                exitExists = true; // even before we know what it takes: the network is not one without exits
            }
            if (mayExit && exits != null && exits.get(relay)) {
                ((flags & RelayFlags.EXIT) != 0 ? chosenExits : unflaggedExits).count(relay);
            }
        }
        double middle = allMiddles.fraction();
        double exit = allExits.fraction();
        if (exits != null) {
            // The lesser of the two, so that a directory can't find out by trickling which exits we have configured.
            exit = Math.min(exit, chosenExits.relays > 0 ? chosenExits.fraction() : unflaggedExits.fraction());
        }
        if (!exitExists && exit <= 0) {
            // A network without exits carries onion services only; their last hop is a middle relay.
            exit = middle;
        }
        // Whether there is a bridge is another question, and the others have no part in it.
        return (settings.tuning().usesBridges() ? 1 : guards.fraction()) * middle * exit;
    }

    /** How much of a position's bandwidth is of relays whose microdescriptors we have. */
    private final class Fraction {
        private final double[] factors;
        private double present;
        private double total;
        private int relaysPresent;
        private int relays;

        Fraction(Position position) {
            factors = position.factors(dir.consensus());
        }

        void count(int relay) {
            double weight = dir.bandwidth(relay) * factors[Position.kind(dir.flags(relay))];
            total += weight;
            relays++;
            if (dir.hasMicrodesc(relay)) {
                present += weight;
                relaysPresent++;
            }
        }

        double fraction() {
            return total > 0 ? present / total : relays > 0 ? (double) relaysPresent / relays : 0;
        }
    }

    private int pickOrRelax(Position position, boolean stable, String what, int... others) throws TorException {
        int relay = pick(position, null, stability(stable), others);
        if (relay < 0) {
            relay = pick(position, null, 0, others);
        }
        if (relay < 0) {
            throw new TorException(
                    ErrorKind.NO_PATH, "no " + what + " is left that fits the path and the settings; "
                            + dir.size() + " relays are listed, " + dir.missingMicrodescs() + " without microdescriptor");
        }
        return relay;
    }

    private static int stability(boolean stable) {
        return stable ? RelayFlags.FAST | RelayFlags.STABLE : RelayFlags.FAST;
    }

    /** A weighted choice among the relays that fit; -1 if none does. */
    private int pick(Position position, @Nullable ExitRequest request, int flags, int... others) {
        RelayWeights table = weights(position);
        if (table.total() > 0) {
            // Drawing again until one fits chooses each fitting relay with its share among them.
            for (int i = 0; i < DRAWS; i++) {
                int relay = table.draw(random);
                if (fits(relay, position, request, flags, others)) {
                    return relay;
                }
            }
        }
        double total = 0;
        int count = 0;
        for (int relay = 0; relay < dir.size(); relay++) {
            if (mayBe(position, relay) && fits(relay, position, request, flags, others)) {
                total += table.weight(relay);
                count++;
            }
        }
        if (count == 0) {
            return -1;
        }
        // Without any bandwidth among them, each is as good as the other.
        double point = total > 0 ? random.nextDouble() * total : random.nextInt(count);
        int last = -1;
        for (int relay = 0; relay < dir.size(); relay++) {
            double weight = total > 0 ? table.weight(relay) : 1;
            if (weight > 0 && mayBe(position, relay) && fits(relay, position, request, flags, others)) {
                last = relay;
                point -= weight;
                if (point < 0) {
                    break;
                }
            }
        }
        return last;
    }

    private boolean fits(int relay, Position position, @Nullable ExitRequest request, int flags, int... others) {
        if ((dir.flags(relay) & flags) != flags || (request != null && !takes(relay, request))) {
            return false;
        }
        for (int other : others) {
            boolean alone = position == Position.DIRECTORY || position == Position.VANGUARD;
            if (alone ? relay == other : !canBeTogether(relay, other)) {
                return false;
            }
        }
        return true;
    }

    private boolean takes(int relay, ExitRequest request) {
        if (!request.avoid().isEmpty() && request.avoid().contains(dir.rsaId(relay))) {
            return false;
        }
        if (request.conflux() && !joinsCircuits(relay)) {
            return false;
        }
        RelaySet within = request.within();
        if (within != null && !within.contains(dir, relay)) {
            return false;
        }
        if (request.port() == 0) {
            return dir.exitsSomewhere(relay);
        }
        return request.family() == ExitRequest.Family.IPV6
                ? dir.exitsTo6(relay, request.port())
                : dir.exitsTo4(relay, request.port());
    }

    /** Whether that relay takes part in sets of circuits, and controls congestion, without which there are none. */
    private boolean joinsCircuits(int relay) {
        return dir.supports(relay, Protocols.Name.CONFLUX, 1) && dir.supports(relay, Protocols.Name.FLOW_CTRL, 2);
    }

    private RelayWeights weights(Position position) {
        RelayWeights known = weights.get(position.ordinal());
        if (known != null) {
            return known;
        }
        double[] factors = position.factors(dir.consensus());
        double[] all = new double[dir.size()];
        for (int relay = 0; relay < all.length; relay++) {
            if (mayBe(position, relay)) {
                all[relay] = dir.bandwidth(relay) * factors[Position.kind(dir.flags(relay))];
            }
        }
        RelayWeights summed = new RelayWeights(all);
        weights.set(position.ordinal(), summed);
        return summed;
    }

    /** Whether that relay may be in that position at all, whatever else is in the path. */
    private boolean mayBe(Position position, int relay) {
        return switch (position) {
            case GUARD -> isBuildable(relay) && (dir.flags(relay) & RelayFlags.GUARD) != 0 && isDirect(relay);
            case MIDDLE, VANGUARD -> isBuildable(relay) && !excluded.get(relay)
                    && (middles == null || middles.get(relay));
            case EXIT -> mayBeExit(relay);
            case DIRECTORY -> isCache(relay) && isDirect(relay);
        };
    }

    private boolean isCache(int relay) {
        int all = USABLE | RelayFlags.V2_DIR;
        return (dir.flags(relay) & (all | RelayFlags.MIDDLE_ONLY)) == all;
    }

    private boolean mayBeExit(int relay) {
        return isBuildable(relay)
                && (dir.flags(relay) & (RelayFlags.BAD_EXIT | RelayFlags.MIDDLE_ONLY)) == 0
                && isAllowedExit(relay)
                && dir.exitsSomewhere(relay);
    }

    private boolean isAllowedExit(int relay) {
        return !excludedExits.get(relay) && (exits == null || exits.get(relay));
    }

    /** Whether the network vouches for that relay and we have the key to extend to it. */
    private boolean isBuildable(int relay) {
        return (dir.flags(relay) & USABLE) == USABLE && dir.hasMicrodesc(relay);
    }

    /** Whether we may connect to that relay ourselves. */
    private boolean isDirect(int relay) {
        return !excluded.get(relay) && (dir.flags(relay) & RelayFlags.MIDDLE_ONLY) == 0 && isReachable(relay);
    }
}
