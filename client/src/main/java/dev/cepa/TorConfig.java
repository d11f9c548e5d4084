package dev.cepa;

import dev.cepa.channel.ChannelPadding;
import dev.cepa.channel.ChannelSettings;
import dev.cepa.channel.LinkSettings;
import dev.cepa.channel.OutboundAddresses;
import dev.cepa.channel.OutboundProxy;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.directory.BootstrapSettings;
import dev.cepa.directory.DataDirectory;
import dev.cepa.directory.DirectoryAuthority;
import dev.cepa.directory.DirectorySettings;
import dev.cepa.directory.FallbackDirectory;
import dev.cepa.directory.PublicNetwork;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.onion.OnionSettings;
import dev.cepa.path.BridgeLine;
import dev.cepa.path.CountryFiles;
import dev.cepa.path.PathSettings;
import dev.cepa.path.PathTuning;
import dev.cepa.path.VanguardSettings;
import dev.cepa.pool.PoolSettings;
import dev.cepa.proxy.ListenerKind;
import dev.cepa.proxy.PortSettings;
import dev.cepa.proxy.RequestRules;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a client is set up. The defaults are complete: the public Tor network, the platform's data directory, no port open.
 * Immutable; made by {@link #builder}.
 */
public final class TorConfig {
    /** A port that other programs may come in by. */
    record ListenPort(ListenerKind kind, SocketAddress address, PortSettings settings) {}

    final @Nullable Path dataDirectory;
    final List<DirectoryAuthority> authorities;
    final List<FallbackDirectory> fallbacks;
    final boolean testingNetwork;
    final boolean networkDisabled;
    final boolean nonAnonymousServices;
    final Duration bootstrapTimeout;
    final List<ListenPort> listenPorts;
    final ChannelSettings channels;
    final ChannelPadding.Mode padding;
    final boolean forcePadding;
    /** In bytes. */
    final long maxMemoryInQueues;
    final CircuitSettings circuits;
    final CountryFiles countryFiles;
    final @Nullable Path cacheDirectory;
    final boolean withoutFallbacks;
    final OutboundAddresses outbound;
    final LinkSettings links;
    final @Nullable OutboundProxy proxy;
    final BootstrapSettings firstConsensus;
    final boolean dataForGroup;
    final boolean cacheForGroup;
    final boolean fewDiskWrites;
    final boolean leaveStreamsUnattached;
    /** As they were given; the paths' have names. */
    private final List<BridgeLine> bridges;

    private final boolean namesBridges;
    final boolean dropsBridgeDescriptors;
    final PathSettings paths;
    final VanguardSettings vanguards;
    final PoolSettings pool;
    final DormantSettings dormant;
    final OnionSettings onions;
    private final @Nullable RequestRules givenRules;
    final RequestRules requestRules;
    final List<String> trackedHosts;
    final Duration trackedHostsLifetime;

    TorConfig(TorConfigBuilder builder) throws TorException {
        dataDirectory = builder.dataDirectory;
        authorities = List.copyOf(builder.authorities);
        fallbacks = List.copyOf(builder.fallbacks);
        testingNetwork = builder.testingNetwork;
        networkDisabled = builder.networkDisabled;
        nonAnonymousServices = builder.nonAnonymousServices;
        bootstrapTimeout = builder.bootstrapTimeout;
        listenPorts = List.copyOf(builder.listenPorts);
        channels = builder.channels;
        padding = builder.padding;
        forcePadding = builder.forcePadding;
        maxMemoryInQueues = builder.maxMemoryInQueues;
        circuits = builder.circuits;
        countryFiles = builder.countryFiles;
        cacheDirectory = builder.cacheDirectory;
        withoutFallbacks = builder.withoutFallbacks;
        outbound = builder.outbound;
        links = builder.links;
        proxy = builder.proxy;
        firstConsensus = builder.firstConsensus;
        dataForGroup = builder.dataForGroup;
        cacheForGroup = builder.cacheForGroup;
        fewDiskWrites = builder.fewDiskWrites;
        leaveStreamsUnattached = builder.leaveStreamsUnattached;
        bridges = List.copyOf(builder.bridges);
        namesBridges = builder.namesBridges;
        dropsBridgeDescriptors = builder.dropsBridgeDescriptors;
        paths = withBridges(builder.paths.located(countryFiles));
        vanguards = builder.vanguards.located(countryFiles);
        PoolSettings pooled = builder.pool.withShortRelevance(padding == ChannelPadding.Mode.REDUCED);
        pool = nonAnonymousServices ? pooled.withPrediction(false) : pooled;
        dormant = builder.dormant;
        onions = builder.onions;
        trackedHosts = List.copyOf(builder.trackedHosts);
        trackedHostsLifetime = builder.trackedHostsLifetime;
        givenRules = builder.requestRules;
        requestRules = givenRules != null
                ? givenRules
                : testingNetwork ? RequestRules.DEFAULT.withInternal() : RequestRules.DEFAULT;
        if (nonAnonymousServices && !listenPorts.isEmpty()) {
            throw new TorException(
                    ErrorKind.CONFIG, "onion services that are not anonymous can't run in a client that others use as an "
                            + "anonymous one; close the ports for programs");
        }
    }

    private PathSettings withBridges(PathSettings settings) throws TorException {
        if (bridges.isEmpty()) {
            PathTuning tuning = settings.tuning();
            return tuning.usesBridges() ? settings.withTuning(tuning.withBridges(List.of())) : settings;
        }
        if (!settings.entryNodes().isEmpty()) {
            throw new TorException(ErrorKind.CONFIG, "bridges and EntryNodes can't be used together");
        }
        if (!settings.useEntryGuards()) {
            throw new TorException(ErrorKind.CONFIG, "bridges can't be used without entry guards");
        }
        if (nonAnonymousServices) {
            throw new TorException(ErrorKind.CONFIG, "onion services that are not anonymous connect to relays directly, and "
                    + "not by bridges");
        }
        List<BridgeLine> named = new ArrayList<>();
        for (BridgeLine bridge : bridges) {
            named.add(bridge.named(namesBridges ? "" : "[bridge " + (named.size() + 1) + "]"));
        }
        return settings.withTuning(settings.tuning().withBridges(named));
    }

    /** The only addresses that are connected to; empty for any. */
    Set<InetSocketAddress> onlyAddresses() {
        Set<InetSocketAddress> only = new HashSet<>();
        for (BridgeLine bridge : bridges) {
            only.add(bridge.address());
        }
        return only;
    }

    DirectorySettings directorySettings(@Nullable Path folder) {
        boolean none = withoutFallbacks && authorities.isEmpty() && fallbacks.isEmpty();
        DirectorySettings settings = DirectorySettings.DEFAULT
                .withNetwork(none ? PublicNetwork.authorities() : authorities, fallbacks)
                .withCacheDirectory(folder);
        return (testingNetwork ? settings.forTestingNetwork() : settings).withBootstrap(firstConsensus);
    }

    /** The ports that are open with it: none while the network is disabled. */
    List<ListenPort> openPorts() {
        return networkDisabled ? List.of() : listenPorts;
    }

    /**
     * Fails unless a running client can go over from that configuration to this one.
     *
     * @throws TorException of kind CONFIG that names the option
     */
    void checkReplaces(TorConfig running) throws TorException {
        failIfOther("DataDirectory", Objects.equals(dataDirectory, running.dataDirectory));
        failIfOther("DirAuthority", authorities.equals(running.authorities));
        failIfOther("CacheDirectory", Objects.equals(cacheDirectory, running.cacheDirectory));
        failIfOther("DataDirectoryGroupReadable", dataForGroup == running.dataForGroup);
        failIfOther("CacheDirectoryGroupReadable", cacheForGroup == running.cacheForGroup);
        failIfOther("UseDefaultFallbackDirs", withoutFallbacks == running.withoutFallbacks);
        failIfOther("FallbackDir", fallbacks.equals(running.fallbacks));
        failIfOther("TestingTorNetwork", testingNetwork == running.testingNetwork);
        failIfOther("HiddenServiceNonAnonymousMode", nonAnonymousServices == running.nonAnonymousServices);
        failIfOther("the set of channel settings", channels.equals(running.channels));
        failIfOther("the set of circuit settings", circuits.equals(running.circuits));
    }

    private static void failIfOther(String option, boolean same) throws TorException {
        if (!same) {
            throw new TorException(
                    ErrorKind.CONFIG, "while the client runs, changing " + option + " is not possible; restart it");
        }
    }

    /** {@return these settings, to be changed} */
    public TorConfigBuilder toBuilder() {
        TorConfigBuilder builder = new TorConfigBuilder();
        builder.dataDirectory = dataDirectory;
        builder.authorities.addAll(authorities);
        builder.fallbacks.addAll(fallbacks);
        builder.testingNetwork = testingNetwork;
        builder.networkDisabled = networkDisabled;
        builder.nonAnonymousServices = nonAnonymousServices;
        builder.bootstrapTimeout = bootstrapTimeout;
        builder.listenPorts.addAll(listenPorts);
        builder.channels = channels;
        builder.padding = padding;
        builder.forcePadding = forcePadding;
        builder.maxMemoryInQueues = maxMemoryInQueues;
        builder.circuits = circuits;
        builder.countryFiles = countryFiles;
        builder.cacheDirectory = cacheDirectory;
        builder.withoutFallbacks = withoutFallbacks;
        builder.outbound = outbound;
        builder.links = links;
        builder.proxy = proxy;
        builder.firstConsensus = firstConsensus;
        builder.dataForGroup = dataForGroup;
        builder.cacheForGroup = cacheForGroup;
        builder.fewDiskWrites = fewDiskWrites;
        builder.leaveStreamsUnattached = leaveStreamsUnattached;
        builder.paths = paths;
        builder.bridges.addAll(bridges);
        builder.namesBridges = namesBridges;
        builder.dropsBridgeDescriptors = dropsBridgeDescriptors;
        builder.vanguards = vanguards;
        builder.pool = pool;
        builder.dormant = dormant;
        builder.onions = onions;
        builder.requestRules = givenRules;
        builder.trackedHosts = trackedHosts;
        builder.trackedHostsLifetime = trackedHostsLifetime;
        return builder;
    }

    /** {@return the defaults, to be changed} */
    public static TorConfigBuilder builder() {
        return new TorConfigBuilder();
    }

    /** {@return how onion services are reached, and this client's own told of} */
    public OnionSettings onions() {
        return onions;
    }

    /** {@return what no program may ask for, whichever port it came by} */
    public RequestRules requestRules() {
        return requestRules;
    }

    /** {@return where state is kept; null: in memory alone} */
    public @Nullable Path dataDirectory() {
        return dataDirectory;
    }
}
