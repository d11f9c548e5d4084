package dev.cepa.daemon;

import dev.cepa.DormantSettings;
import dev.cepa.TorConfig;
import dev.cepa.TorConfigBuilder;
import dev.cepa.cell.DesiredUx;
import dev.cepa.cell.HostText;
import dev.cepa.channel.ChannelPadding;
import dev.cepa.channel.LinkSettings;
import dev.cepa.channel.OutboundAddresses;
import dev.cepa.channel.QueueMemory;
import dev.cepa.directory.BootstrapSettings;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.path.AddressPolicy;
import dev.cepa.path.BridgeLine;
import dev.cepa.path.CountryFiles;
import dev.cepa.path.PathBiasSettings;
import dev.cepa.path.PathSettings;
import dev.cepa.path.PathTuning;
import dev.cepa.path.RelaySet;
import dev.cepa.path.VanguardSettings;
import dev.cepa.pool.ConfluxChoice;
import dev.cepa.pool.PoolSettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Turns torrc options into the library's settings: the one place that knows both. */
final class ConfigMapper {
    private final Settings settings;
    private final List<String> warnings;
    private final Findings findings;

    /** @param warnings told about what is taken, but not as the user may expect */
    ConfigMapper(Settings settings, List<String> warnings) {
        this(settings, warnings, Findings.untilFirstError());
    }

    /** @param findings told about errors in single lines */
    ConfigMapper(Settings settings, List<String> warnings, Findings findings) {
        this.settings = settings;
        this.warnings = warnings;
        this.findings = findings;
    }

    /**
     * The settings of a client.
     *
     * @throws TorException of kind CONFIG that says which line is wrong and why
     */
    TorConfig client() throws TorException {
        TorConfigBuilder builder = TorConfig.builder();
        boolean testing = settings.flag("TestingTorNetwork");
        if (testing && !settings.isSet("DirAuthority")
                && !(settings.isSet("AlternateDirAuthority") && settings.isSet("AlternateBridgeAuthority"))) {
            throw new TorException(
                    ErrorKind.CONFIG,
                    "TestingTorNetwork may only be configured in combination with a non-default set of DirAuthority.");
        }
        builder.testingNetwork(testing).disableNetwork(settings.flag("DisableNetwork"));
        if (settings.isSet("DataDirectory")) {
            builder.dataDirectory(Configuration.path(settings.text("DataDirectory")));
        }
        for (ConfigLine line : settings.lines("DirAuthority")) {
            at(line, () -> builder.directoryAuthority(line.value()));
        }
        // What they leave as it is are bridge authorities, which are not asked for anything.
        for (ConfigLine line : settings.lines("AlternateDirAuthority")) {
            at(line, () -> builder.directoryAuthority(line.value()));
        }
        for (ConfigLine line : settings.lines("FallbackDir")) {
            at(line, () -> builder.fallbackDirectory(line.value()));
        }
        builder.nonAnonymousServices(nonAnonymousServices());
        new ListenerLines(settings, warnings).addTo(builder);
        ConfigLine clientKeys = settings.line("ClientOnionAuthDir");
        if (clientKeys != null) {
            at(clientKeys, () -> builder.onionClientKeys(Configuration.path(clientKeys.value())));
        }
        if (settings.number("MaxMemInQueues") != 0) {
            builder.maxMemoryInQueues(memoryInQueues(settings.number("MaxMemInQueues")));
        }
        builder.avoidDiskWrites(settings.flag("AvoidDiskWrites"));
        builder.leaveStreamsUnattached(settings.flag("__LeaveStreamsUnattached"));
        if (settings.isSet("CacheDirectory")) {
            builder.cacheDirectory(Configuration.path(settings.text("CacheDirectory")));
        }
        if (!settings.flag("UseDefaultFallbackDirs")) {
            builder.withoutDefaultFallbacks();
        }
        builder.outboundAddresses(outbound("OutboundBindAddressOR").or(outbound("OutboundBindAddress")));
        boolean groupReads = settings.flag("DataDirectoryGroupReadable");
        String cacheReadable = settings.text("CacheDirectoryGroupReadable");
        builder.groupReadable(groupReads, cacheReadable.equals("auto") ? groupReads : cacheReadable.equals("1"));
        builder.proxy(ProxyLine.read(settings)).links(links()).firstConsensus(firstConsensus());
        addBridges(builder);
        builder.onionDescriptors(settings.flag("FetchHidServDescriptors"), settings.flag("PublishHidServDescriptors"));
        return builder.countryFiles(countryFiles()).paths(paths()).vanguards(vanguards()).pool(pool()).dormant(dormant())
                .channelPadding(padding(), forcesPadding())
                .build();
    }

    /** Every line must make sense; those that need a transport are left out, as C tor can't use them either without one. */
    private void addBridges(TorConfigBuilder builder) throws TorException {
        boolean used = settings.flag("UseBridges");
        Set<InetSocketAddress> known = new HashSet<>();
        List<String> transports = new ArrayList<>();
        for (ConfigLine line : settings.lines("Bridge")) {
            at(line, () -> {
                BridgeLine bridge = BridgeLine.parse(line.value());
                if (!bridge.transport().isEmpty()) {
                    transports.add(bridge.transport());
                    warnIf(used, line, "this bridge can't be used: there is no configured transport called "
                            + bridge.transport() + ", and pluggable transports are not there yet. Get a bridge without one.");
                } else if (used) {
                    warnIf(!known.add(bridge.address()), line, "another Bridge line has the same address; this one counts.");
                    builder.bridge(line.value());
                }
                return line;
            });
        }
        ConfigLine use = settings.line("UseBridges");
        if (used && use != null && known.isEmpty() && !transports.isEmpty()) {
            findings.error(new ConfigException(
                    use, "UseBridges: none of the Bridge lines can be used: all need pluggable transports, which are not there "
                            + "yet.", "Add a Bridge line without a transport."));
        }
        if (used && settings.flag("UpdateBridgesFromAuthority")) {
            warnings.add("UpdateBridgesFromAuthority is 1, but bridges alone are asked what they say of themselves, and not the "
                    + "bridge authority.");
        }
        builder.namedBridges(settings.text("SafeLogging").equals("0"));
        builder.dropBridgeDescriptors(settings.flag("ReconfigDropsBridgeDescs"));
    }

    private void warnIf(boolean worth, ConfigLine line, String what) {
        if (worth) {
            warnings.add(line.place() + ": " + what);
        }
    }

    /** Both options are needed, so that nobody gives up anonymity by mistake. */
    private boolean nonAnonymousServices() throws TorException {
        boolean singleHop = settings.flag("HiddenServiceSingleHopMode");
        boolean nonAnonymous = settings.flag("HiddenServiceNonAnonymousMode");
        if (singleHop != nonAnonymous) {
            throw new TorException(
                    ErrorKind.CONFIG,
                    (singleHop ? "HiddenServiceSingleHopMode" : "HiddenServiceNonAnonymousMode")
                            + " does not provide any server anonymity. It must be used with "
                            + (singleHop ? "HiddenServiceNonAnonymousMode" : "HiddenServiceSingleHopMode") + " set to 1.");
        }
        return nonAnonymous;
    }

    /** The places that log lines go to; empty for none. */
    List<LogTarget> logs(int quiet) throws TorException {
        List<LogTarget> targets = new ArrayList<>();
        for (ConfigLine line : settings.lines("Log")) {
            targets.add(LogTarget.parse(line));
        }
        return targets.isEmpty() ? standardLogs(quiet) : targets;
    }

    /** Where log lines go as long as no Log option says otherwise. */
    static List<LogTarget> standardLogs(int quiet) {
        return switch (quiet) {
            case CommandLine.QUIET -> List.of();
            case CommandLine.HUSH -> List.of(
                    new LogTarget(Severity.range(Severity.WARN, Severity.ERR), LogTarget.Kind.STDOUT, null));
            default -> List.of(LogTarget.DEFAULT);
        };
    }

    /** Whether relays are padded too that did not agree to it. */
    boolean forcesPadding() {
        return settings.text("ConnectionPadding").equals("1");
    }

    ChannelPadding.Mode padding() {
        if (settings.text("ConnectionPadding").equals("0")) {
            return ChannelPadding.Mode.OFF;
        }
        return settings.flag("ReducedConnectionPadding") ? ChannelPadding.Mode.REDUCED : ChannelPadding.Mode.NORMAL;
    }

    PathSettings paths() throws TorException {
        try {
            return new PathSettings(
                    relays("EntryNodes"),
                    relays("ExitNodes"),
                    relays("MiddleNodes"),
                    relays("ExcludeNodes"),
                    relays("ExcludeExitNodes"),
                    settings.flag("StrictNodes"),
                    settings.flag("EnforceDistinctSubnets"),
                    settings.flag("UseEntryGuards"),
                    count("NumEntryGuards"),
                    count("NumDirectoryGuards"),
                    count("NumPrimaryGuards"),
                    settings.flag("ClientUseIPv4"),
                    settings.flag("ClientUseIPv6"),
                    reachable(),
                    seconds("GuardLifetime"),
                    settings.flag("LearnCircuitBuildTimeout"),
                    seconds("CircuitBuildTimeout"),
                    longLivedPorts(),
                    tuning());
        } catch (IllegalArgumentException e) {
            throw new TorException(ErrorKind.CONFIG, String.valueOf(e.getMessage()), e);
        }
    }

    private PathTuning tuning() throws TorException {
        List<RelaySet> families = new ArrayList<>();
        for (ConfigLine line : settings.lines("NodeFamily")) {
            at(line, () -> families.add(RelaySet.parse(line.value())));
        }
        boolean preferIpv6 = settings.flag("ClientUseIPv6")
                && (!settings.flag("ClientUseIPv4") || settings.text("ClientPreferIPv6ORPort").equals("1"));
        double needed = settings.decimal("PathsNeededToBuildCircuits", -1);
        return new PathTuning(preferIpv6, families, needed < 0 ? 0 : Math.clamp(needed, 0.25, 0.95), bias());
    }

    private PathBiasSettings bias() {
        String drop = settings.text("PathBiasDropGuards");
        return new PathBiasSettings(
                (int) settings.number("PathBiasCircThreshold"),
                settings.decimal("PathBiasNoticeRate", -1),
                settings.decimal("PathBiasWarnRate", -1),
                settings.decimal("PathBiasExtremeRate", -1),
                drop.equals("auto") ? -1 : drop.equals("1") ? 1 : 0,
                (int) settings.number("PathBiasScaleThreshold"),
                (int) settings.number("PathBiasUseThreshold"),
                settings.decimal("PathBiasNoticeUseRate", -1),
                settings.decimal("PathBiasExtremeUseRate", -1),
                (int) settings.number("PathBiasScaleUseThreshold"));
    }

    /** How links are kept. As much bandwidth as is there by default is no bound. */
    LinkSettings links() throws TorException {
        boolean bounded = !settings.isDefault("BandwidthRate") || !settings.isDefault("BandwidthBurst");
        try {
            return new LinkSettings(
                    Duration.ofSeconds(settings.number("KeepalivePeriod")),
                    bounded ? settings.number("BandwidthRate") : 0,
                    bounded ? settings.number("BandwidthBurst") : 0,
                    settings.flag("CountPrivateBandwidth"),
                    settings.flag("ConstrainedSockets") ? (int) settings.number("ConstrainedSockSize") : 0);
        } catch (IllegalArgumentException e) {
            throw new TorException(ErrorKind.CONFIG, String.valueOf(e.getMessage()), e);
        }
    }

    /** The first number of each option is the one that counts, as in C tor. */
    BootstrapSettings firstConsensus() {
        String later = "ClientBootstrapConsensusAuthorityDownloadInitialDelay";
        return new BootstrapSettings(
                Duration.ofSeconds(settings.number("ClientBootstrapConsensusFallbackDownloadInitialDelay")),
                settings.isDefault(later) ? null : Duration.ofSeconds(settings.number(later)),
                Duration.ofSeconds(settings.number("ClientBootstrapConsensusAuthorityOnlyDownloadInitialDelay")),
                Math.clamp(settings.number("ClientBootstrapConsensusMaxInProgressTries"), 1, 100));
    }

    /** As much as was asked for, within what this process can give. */
    private long memoryInQueues(long asked) {
        long most = Runtime.getRuntime().maxMemory() / 2;
        long bytes = Math.clamp(asked, QueueMemory.LEAST_BOUND, most);
        if (bytes != asked) {
            warnings.add("MaxMemInQueues is " + asked + " bytes, but from " + QueueMemory.LEAST_BOUND + " to " + most
                    + " are possible here; using " + bytes + ".");
        }
        return bytes;
    }

    private CountryFiles countryFiles() throws TorException {
        return new CountryFiles(
                Configuration.path(settings.text("GeoIPFile")),
                Configuration.path(settings.text("GeoIPv6File")),
                switch (settings.text("GeoIPExcludeUnknown")) {
                    case "0" -> CountryFiles.ExcludeUnknown.NO;
                    case "1" -> CountryFiles.ExcludeUnknown.YES;
                    default -> CountryFiles.ExcludeUnknown.AUTO;
                });
    }

    VanguardSettings vanguards() throws TorException {
        VanguardSettings.Mode mode = switch (settings.text("VanguardsLiteEnabled")) {
            case "0" -> VanguardSettings.Mode.OFF;
            case "1" -> VanguardSettings.Mode.LITE;
            default -> VanguardSettings.Mode.AUTO;
        };
        if (settings.flag("VanguardsEnabled")) {
            mode = VanguardSettings.Mode.FULL;
        }
        return new VanguardSettings(mode, relays("HSLayer2Nodes"), relays("HSLayer3Nodes"));
    }

    private RelaySet relays(String option) throws TorException {
        ConfigLine line = settings.line(option);
        if (line == null) {
            return RelaySet.EMPTY;
        }
        try {
            return RelaySet.parse(line.value());
        } catch (TorException e) {
            findings.error(placed(line, e));
            return RelaySet.EMPTY;
        }
    }

    private AddressPolicy reachable() throws TorException {
        String option = settings.isSet("ReachableORAddresses") ? "ReachableORAddresses" : "ReachableAddresses";
        StringBuilder rules = new StringBuilder();
        for (ConfigLine line : settings.lines(option)) {
            at(line, () -> AddressPolicy.parseReachable(line.value()));
            rules.append(rules.isEmpty() ? "" : ",").append(line.value());
        }
        if (rules.isEmpty() && settings.flag("FascistFirewall")) {
            List<String> ports = settings.items("FirewallPorts");
            for (String port : ports.isEmpty() ? List.of("80", "443") : ports) {
                rules.append(rules.isEmpty() ? "accept *:" : ",accept *:").append(port);
            }
        }
        return AddressPolicy.parseReachable(rules.toString());
    }

    private OutboundAddresses outbound(String option) throws TorException {
        OutboundAddresses addresses = OutboundAddresses.ANY;
        for (ConfigLine line : settings.lines(option)) {
            InetAddress address = HostText.parseAddress(line.value());
            if (address == null) {
                findings.error(Settings.bad(line, option + ": \"" + line.value() + "\" is no address"));
                continue;
            }
            try {
                addresses = addresses.with(address);
            } catch (TorException e) {
                findings.error(placed(line, e));
            }
        }
        return addresses;
    }

    private BitSet longLivedPorts() throws TorException {
        BitSet ports = new BitSet();
        for (String item : settings.items("LongLivedPorts")) {
            ports.set(port("LongLivedPorts", item));
        }
        return ports;
    }

    /** The number of a port in a list of such. */
    static int port(String option, String item) throws TorException {
        int port;
        try {
            port = Integer.parseInt(item.strip());
        } catch (NumberFormatException e) {
            port = -1;
        }
        if (port < 1 || port > 65_535) {
            throw new TorException(ErrorKind.CONFIG, option + ": port " + item + " is not from 1 to 65535");
        }
        return port;
    }

    PoolSettings pool() {
        return new PoolSettings(
                Duration.ofSeconds(Math.max(1, settings.number("SocksTimeout"))),
                atLeastTen(seconds("CircuitStreamTimeout")),
                Duration.ofSeconds(Math.clamp(settings.number("MaxCircuitDirtiness"), 10, 30 * 86_400)),
                seconds("CircuitsAvailableTimeout"),
                Duration.ofSeconds(Math.max(1, settings.number("NewCircuitPeriod"))),
                !settings.flag("__DisablePredictedCircuits"),
                Math.clamp(settings.number("MaxClientCircuitsPending"), 1, 1024)).withConflux(conflux());
    }

    private ConfluxChoice conflux() {
        return new ConfluxChoice(
                switch (settings.text("ConfluxEnabled")) {
                    case "0" -> ConfluxChoice.Mode.OFF;
                    case "1" -> ConfluxChoice.Mode.ON;
                    default -> ConfluxChoice.Mode.AUTO;
                },
                switch (settings.text("ConfluxClientUX")) {
                    case "latency" -> DesiredUx.MIN_LATENCY;
                    case "latency_lowmem" -> DesiredUx.LOW_MEMORY_LATENCY;
                    case "throughput_lowmem" -> DesiredUx.LOW_MEMORY_THROUGHPUT;
                    default -> DesiredUx.HIGH_THROUGHPUT;
                });
    }

    DormantSettings dormant() throws TorException {
        try {
            return new DormantSettings(
                    settings.flag("DormantTimeoutEnabled"),
                    Duration.ofSeconds(settings.number("DormantClientTimeout")),
                    settings.flag("DormantTimeoutDisabledByIdleStreams"),
                    settings.flag("DormantOnFirstStartup"),
                    settings.flag("DormantCanceledByStartup"));
        } catch (IllegalArgumentException e) {
            throw new TorException(ErrorKind.CONFIG, String.valueOf(e.getMessage()), e);
        }
    }

    /** A length of time; null for 0, which stands for Tor's own choice. */
    private @Nullable Duration seconds(String option) {
        long number = settings.number(option);
        return number == 0 ? null : Duration.ofSeconds(number);
    }

    private static @Nullable Duration atLeastTen(@Nullable Duration time) {
        Duration ten = Duration.ofSeconds(10);
        return time != null && time.compareTo(ten) < 0 ? ten : time;
    }

    private int count(String option) {
        return (int) settings.number(option);
    }

    /** Something that may find fault with a line. */
    private interface Step {
        Object run() throws TorException;
    }

    private void at(ConfigLine line, Step step) throws TorException {
        try {
            step.run();
        } catch (TorException e) {
            findings.error(placed(line, e));
        }
    }

    private static TorException placed(ConfigLine line, TorException e) {
        ConfigException placed = new ConfigException(line, line.key() + ": " + e.getMessage(), null);
        placed.initCause(e);
        return placed;
    }
}
