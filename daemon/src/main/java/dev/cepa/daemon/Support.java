package dev.cepa.daemon;

import dev.cepa.daemon.Option.Need;
import dev.cepa.error.TorException;
import java.util.ArrayList;
import java.util.List;

/** Which options do something in this version, and what is said about the others that are set. */
final class Support {
    private static final List<String> WORKING = List.of(
            "__DisablePredictedCircuits", "__DNSPort", "__HTTPTunnelPort", "__OwningControllerProcess", "__ReloadTorrcOnSIGHUP", "__SocksPort",
            "AutomapHostsOnResolve", "AutomapHostsSuffixes", "DNSPort", "MapAddress", "SessionParameters", "TrackHostExits",
            "TrackHostExitsExpire", "VirtualAddrNetworkIPv4", "VirtualAddrNetworkIPv6",
            "CircuitBuildTimeout", "CircuitsAvailableTimeout", "CircuitStreamTimeout", "ClientOnionAuthDir", "ClientOnly",
            "ClientDNSRejectInternalAddresses", "ClientRejectInternalAddresses", "HTTPTunnelPort", "NATDPort",
            "RejectPlaintextPorts", "SocksPolicy", "UnixSocksGroupWritable", "WarnPlaintextPorts",
            "ClientUseIPv4", "ClientUseIPv6", "ConnectionPadding", "ConnLimit", "DataDirectory", "DirAuthority", "DisableNetwork",
            "DormantCanceledByStartup", "DormantClientTimeout", "DormantOnFirstStartup",
            "DormantTimeoutDisabledByIdleStreams", "DormantTimeoutEnabled",
            "EnforceDistinctSubnets", "EntryNodes", "ExcludeExitNodes", "ExcludeNodes", "ExitNodes", "FallbackDir",
            "FascistFirewall", "FirewallPorts", "GeoIPExcludeUnknown", "GeoIPFile", "GeoIPv6File", "GuardLifetime",
            "HiddenServiceAllowUnknownPorts", "HiddenServiceDir", "HiddenServiceDirGroupReadable",
            "HiddenServiceEnableIntroDoSBurstPerSec", "HiddenServiceEnableIntroDoSDefense",
            "HiddenServiceEnableIntroDoSRatePerSec", "HiddenServiceExportCircuitID", "HiddenServiceMaxStreams", "HiddenServiceMaxStreamsCloseCircuit",
            "HiddenServiceNonAnonymousMode",
            "HiddenServiceNumIntroductionPoints", "HiddenServiceOnionBalanceInstance", "HiddenServicePort", "HiddenServicePoWDefensesEnabled",
            "HiddenServicePoWQueueBurst", "HiddenServicePoWQueueRate", "HiddenServiceSingleHopMode", "HiddenServiceVersion",
            "HSLayer2Nodes", "HSLayer3Nodes", "LearnCircuitBuildTimeout", "Log",
            "LogTimeGranularity", "LongLivedPorts", "MaxCircuitDirtiness", "MaxClientCircuitsPending", "MaxMemInQueues",
            "MiddleNodes",
            "NewCircuitPeriod", "NumDirectoryGuards", "NumEntryGuards", "NumPrimaryGuards", "PidFile",
            "ReachableAddresses", "ReachableORAddresses", "ReducedConnectionPadding", "RunAsDaemon", "SafeLogging",
            "SafeSocks", "SocksPort", "SocksTimeout", "StrictNodes", "TestingTorNetwork", "TestSocks", "TruncateLogFile",
            "UseEntryGuards", "VanguardsEnabled", "VanguardsLiteEnabled",
            "AlternateDirAuthority", "AvoidDiskWrites", "CacheDirectory", "HeartbeatPeriod", "LogFormat", "LogMessageDomains",
            "OutboundBindAddress", "OutboundBindAddressOR", "ReloadOnChange", "SyslogIdentityTag", "UseDefaultFallbackDirs");

    /** Of those that don't work yet: what is asked for with 0 is what happens. */
    private static final List<String> OFF_ANYWAY = List.of("CircuitPadding", "ConfluxEnabled");

    /** Without these a user would be less protected than the torrc says, so that starting all the same is no choice. */
    private static final List<String> PROTECTING = List.of(
            "Bridge", "ClientTransportPlugin", "HTTPProxy", "HTTPSProxy", "NoExec",
            "DisableAllSwap", "PublishHidServDescriptors", "Sandbox", "Socks4Proxy", "Socks5Proxy",
            "TCPProxy", "UseBridges", "User");

    private Support() {}

    /** Whether an option that is used at all does something in this version. */
    static boolean works(String name) {
        return WORKING.contains(name);
    }

    /** Whether a torrc with this option is refused as long as it does nothing. */
    static boolean isProtecting(String name) {
        return PROTECTING.contains(name);
    }

    /**
     * Looks at all options that are set.
     *
     * @param findings told in a line about those without effect, and about those that are not supported yet
     * @throws TorException of kind CONFIG for one that may not be left out
     */
    static void check(Settings settings, Findings findings) throws TorException {
        List<String> withoutEffect = new ArrayList<>();
        List<String> notYet = new ArrayList<>();
        for (Option option : settings.setOptions()) {
            String name = option.name();
            if (WORKING.contains(name) || isOff(settings, option)) {
                continue;
            }
            ConfigLine line = settings.lines(name).getLast();
            if (option.need() == Need.REFUSED && !isPortOfAClient(settings, name)) {
                findings.error(new ConfigException(
                        line,
                        name + " would make this a relay or an authority, but Cepa is a client. "
                                + "Remove the line, or run tor for that.",
                        "Remove the line, or run tor for that."));
                continue;
            }
            if (option.need() == Need.USED && PROTECTING.contains(name)) {
                findings.error(new ConfigException(
                        line,
                        name + " is not supported yet, and starting without it would leave you less protected than "
                                + "you expect. Remove the line if you can do without it.",
                        "Remove the line if you can do without it."));
                continue;
            }
            (option.need() == Need.USED ? notYet : withoutEffect).add(name);
        }
        if (!withoutEffect.isEmpty()) {
            findings.note("These options have no effect here, as they are for relays or tests or make no difference to Cepa: " + joined(withoutEffect));
        }
        if (!notYet.isEmpty()) {
            findings.warn("These options are not supported yet and have no effect: " + joined(notYet));
        }
    }

    /** ClientOnly says that such a port is not to be opened. */
    private static boolean isPortOfAClient(Settings settings, String name) {
        return settings.flag("ClientOnly") && name.endsWith("Port");
    }

    /** Set to what it is anyway, so that there is nothing to say. */
    private static boolean isOff(Settings settings, Option option) {
        String name = option.name();
        List<ConfigLine> lines = settings.lines(name);
        boolean zero = lines.size() == 1 && lines.get(0).value().equals("0");
        return settings.isDefault(name)
                || zero && (option.need() != Need.USED || option.isList() || OFF_ANYWAY.contains(name));
    }

    private static String joined(List<String> names) {
        names.sort(null);
        return String.join(", ", names) + ".";
    }
}
