package dev.cepa.path;

import dev.cepa.error.TorException;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a user may say about paths. Immutable; the defaults are C tor's.
 *
 * @param entryNodes relays that alone may be guards; empty: any
 * @param exitNodes relays that alone may be exits; empty: any
 * @param middleNodes relays that alone may be in the middle; empty: any
 * @param excludeNodes relays that are in no path
 * @param excludeExitNodes relays that are no exits, beside {@code excludeNodes}
 * @param strictNodes whether {@code excludeNodes} holds even where a relay is not part of a path but is needed: a directory
 *     cache when no other is left
 * @param enforceDistinctSubnets whether two relays of one path must not share an IPv4 /16 or an IPv6 /32
 * @param useEntryGuards whether first hops are chosen once and kept
 * @param numEntryGuards how many primary guards circuits use; 0: as the consensus says
 * @param numDirectoryGuards how many primary guards directory fetches use; 0: as the consensus says
 * @param numPrimaryGuards how many guards are primary; 0: as the consensus says
 * @param clientUseIpv4 whether guards may be reached by IPv4
 * @param clientUseIpv6 whether guards may be reached by IPv6
 * @param reachableAddresses which addresses and ports of relays a firewall lets through
 * @param guardLifetime how long a guard is kept; null or less than a day: as the consensus says
 * @param learnBuildTimeout whether the time that circuits may take to build is learned from those that were built
 * @param buildTimeout that time as long as it is not learned; null: as the consensus says
 * @param longLivedPorts ports whose streams last, so that all relays of their paths need the Stable flag; not changed
 *     after it is handed in
 * @param tuning what few users ever say
 */
public record PathSettings(
        RelaySet entryNodes,
        RelaySet exitNodes,
        RelaySet middleNodes,
        RelaySet excludeNodes,
        RelaySet excludeExitNodes,
        boolean strictNodes,
        boolean enforceDistinctSubnets,
        boolean useEntryGuards,
        int numEntryGuards,
        int numDirectoryGuards,
        int numPrimaryGuards,
        boolean clientUseIpv4,
        boolean clientUseIpv6,
        AddressPolicy reachableAddresses,
        @Nullable Duration guardLifetime,
        boolean learnBuildTimeout,
        @Nullable Duration buildTimeout,
        BitSet longLivedPorts,
        PathTuning tuning) {

    /** C tor's defaults. */
    public static final PathSettings DEFAULT = new PathSettings(
            RelaySet.EMPTY, RelaySet.EMPTY, RelaySet.EMPTY, RelaySet.EMPTY, RelaySet.EMPTY,
            false, true, true, 0, 0, 0, true, true, AddressPolicy.ACCEPT_ALL, null, true, null,
            ports(21, 22, 706, 1863, 5050, 5190, 5222, 5223, 6523, 6667, 6697, 8300), PathTuning.DEFAULT);

    /** @throws IllegalArgumentException if the settings contradict each other or are out of range; the message says which */
    public PathSettings {
        if (numEntryGuards < 0 || numDirectoryGuards < 0 || numPrimaryGuards < 0) {
            throw new IllegalArgumentException("NumEntryGuards, NumDirectoryGuards and NumPrimaryGuards can't be negative");
        }
        if (!entryNodes.isEmpty() && !useEntryGuards) {
            throw new IllegalArgumentException("EntryNodes needs UseEntryGuards 1");
        }
        if (buildTimeout != null && (buildTimeout.isNegative() || buildTimeout.isZero())) {
            throw new IllegalArgumentException("CircuitBuildTimeout must be above 0");
        }
        if (!clientUseIpv4 && !clientUseIpv6) {
            throw new IllegalArgumentException("ClientUseIPv4 and ClientUseIPv6 can't both be 0");
        }
    }

    /**
     * The same settings, with the countries that they name looked up in files; read only if there are such.
     *
     * @throws TorException of kind CONFIG if a file is missing or malformed, or has nothing of a country
     */
    public PathSettings located(CountryFiles files) throws TorException {
        RelaySet everywhere = withUnknown(excludeNodes, files);
        RelaySet asExit = withUnknown(excludeExitNodes, files);
        List<RelaySet> all = List.of(entryNodes, exitNodes, middleNodes, everywhere, asExit);
        Set<String> codes = new HashSet<>();
        boolean located = true;
        for (RelaySet set : all) {
            codes.addAll(set.countryCodes());
            located &= set.isLocated();
        }
        tuning.addCountryCodes(codes);
        if (located && tuning.isLocated()) {
            return this;
        }
        Countries countries = Countries.load(files, codes);
        return new PathSettings(
                entryNodes.in(countries), exitNodes.in(countries), middleNodes.in(countries), everywhere.in(countries),
                asExit.in(countries), strictNodes, enforceDistinctSubnets,
                useEntryGuards, numEntryGuards, numDirectoryGuards, numPrimaryGuards, clientUseIpv4, clientUseIpv6,
                reachableAddresses, guardLifetime, learnBuildTimeout, buildTimeout, longLivedPorts, tuning.in(countries));
    }

    private static RelaySet withUnknown(RelaySet set, CountryFiles files) {
        return switch (files.excludeUnknown()) {
            case YES -> set.withUnknown();
            case AUTO -> set.countryCodes().isEmpty() ? set : set.withUnknown();
            case NO -> set;
        };
    }

    /** Whether streams to that port need a path of Stable relays. */
    public boolean isLongLived(int port) {
        return longLivedPorts.get(port);
    }

    /** A set of ports. */
    public static BitSet ports(int... ports) {
        BitSet set = new BitSet();
        for (int port : ports) {
            set.set(port);
        }
        return set;
    }

    public PathSettings withEntryNodes(RelaySet set) {
        return new PathSettings(
                set, exitNodes, middleNodes, excludeNodes, excludeExitNodes, strictNodes, enforceDistinctSubnets,
                useEntryGuards, numEntryGuards, numDirectoryGuards, numPrimaryGuards, clientUseIpv4, clientUseIpv6,
                reachableAddresses, guardLifetime, learnBuildTimeout, buildTimeout, longLivedPorts, tuning);
    }

    public PathSettings withExitNodes(RelaySet set) {
        return new PathSettings(
                entryNodes, set, middleNodes, excludeNodes, excludeExitNodes, strictNodes, enforceDistinctSubnets,
                useEntryGuards, numEntryGuards, numDirectoryGuards, numPrimaryGuards, clientUseIpv4, clientUseIpv6,
                reachableAddresses, guardLifetime, learnBuildTimeout, buildTimeout, longLivedPorts, tuning);
    }

    public PathSettings withMiddleNodes(RelaySet set) {
        return new PathSettings(
                entryNodes, exitNodes, set, excludeNodes, excludeExitNodes, strictNodes, enforceDistinctSubnets,
                useEntryGuards, numEntryGuards, numDirectoryGuards, numPrimaryGuards, clientUseIpv4, clientUseIpv6,
                reachableAddresses, guardLifetime, learnBuildTimeout, buildTimeout, longLivedPorts, tuning);
    }

    /** With other relays to exclude: from every position, and as exits. */
    public PathSettings withExcluded(RelaySet everywhere, RelaySet asExit) {
        return new PathSettings(
                entryNodes, exitNodes, middleNodes, everywhere, asExit, strictNodes, enforceDistinctSubnets,
                useEntryGuards, numEntryGuards, numDirectoryGuards, numPrimaryGuards, clientUseIpv4, clientUseIpv6,
                reachableAddresses, guardLifetime, learnBuildTimeout, buildTimeout, longLivedPorts, tuning);
    }

    public PathSettings withStrictNodes(boolean strict) {
        return new PathSettings(
                entryNodes, exitNodes, middleNodes, excludeNodes, excludeExitNodes, strict, enforceDistinctSubnets,
                useEntryGuards, numEntryGuards, numDirectoryGuards, numPrimaryGuards, clientUseIpv4, clientUseIpv6,
                reachableAddresses, guardLifetime, learnBuildTimeout, buildTimeout, longLivedPorts, tuning);
    }

    public PathSettings withDistinctSubnets(boolean enforced) {
        return new PathSettings(
                entryNodes, exitNodes, middleNodes, excludeNodes, excludeExitNodes, strictNodes, enforced,
                useEntryGuards, numEntryGuards, numDirectoryGuards, numPrimaryGuards, clientUseIpv4, clientUseIpv6,
                reachableAddresses, guardLifetime, learnBuildTimeout, buildTimeout, longLivedPorts, tuning);
    }

    /** With or without entry guards, and with how many; 0: as the consensus says. */
    public PathSettings withGuards(boolean used, int count) {
        return new PathSettings(
                entryNodes, exitNodes, middleNodes, excludeNodes, excludeExitNodes, strictNodes, enforceDistinctSubnets,
                used, count, numDirectoryGuards, numPrimaryGuards, clientUseIpv4, clientUseIpv6,
                reachableAddresses, guardLifetime, learnBuildTimeout, buildTimeout, longLivedPorts, tuning);
    }

    /** With another time for circuits to build, learned or not; null: as the consensus says. */
    public PathSettings withBuildTimeout(boolean learned, @Nullable Duration initial) {
        return new PathSettings(
                entryNodes, exitNodes, middleNodes, excludeNodes, excludeExitNodes, strictNodes, enforceDistinctSubnets,
                useEntryGuards, numEntryGuards, numDirectoryGuards, numPrimaryGuards, clientUseIpv4, clientUseIpv6,
                reachableAddresses, guardLifetime, learned, initial, longLivedPorts, tuning);
    }

    /** With other ports whose streams last; {@code ports} is not changed after. */
    public PathSettings withLongLivedPorts(BitSet ports) {
        return new PathSettings(
                entryNodes, exitNodes, middleNodes, excludeNodes, excludeExitNodes, strictNodes, enforceDistinctSubnets,
                useEntryGuards, numEntryGuards, numDirectoryGuards, numPrimaryGuards, clientUseIpv4, clientUseIpv6,
                reachableAddresses, guardLifetime, learnBuildTimeout, buildTimeout, ports, tuning);
    }

    /** With other ways to reach guards. */
    public PathSettings withReach(boolean ipv4, boolean ipv6, AddressPolicy reachable) {
        return new PathSettings(
                entryNodes, exitNodes, middleNodes, excludeNodes, excludeExitNodes, strictNodes, enforceDistinctSubnets,
                useEntryGuards, numEntryGuards, numDirectoryGuards, numPrimaryGuards, ipv4, ipv6,
                reachable, guardLifetime, learnBuildTimeout, buildTimeout, longLivedPorts, tuning);
    }

    /** With other things that few users ever say. */
    public PathSettings withTuning(PathTuning settings) {
        return new PathSettings(
                entryNodes, exitNodes, middleNodes, excludeNodes, excludeExitNodes, strictNodes, enforceDistinctSubnets,
                useEntryGuards, numEntryGuards, numDirectoryGuards, numPrimaryGuards, clientUseIpv4, clientUseIpv6,
                reachableAddresses, guardLifetime, learnBuildTimeout, buildTimeout, longLivedPorts, settings);
    }
}
