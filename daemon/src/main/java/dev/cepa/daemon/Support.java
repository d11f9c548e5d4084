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
            "__TransPort", "TrackHostExitsExpire", "TransPort", "TransProxyType",
            "VirtualAddrNetworkIPv4", "VirtualAddrNetworkIPv6",
            "CircuitBuildTimeout", "CircuitsAvailableTimeout", "CircuitStreamTimeout", "ClientOnionAuthDir", "ClientOnly",
            "ClientDNSRejectInternalAddresses", "ClientRejectInternalAddresses", "HTTPTunnelPort", "NATDPort",
            "RejectPlaintextPorts", "SocksPolicy", "UnixSocksGroupWritable", "WarnPlaintextPorts",
            "ClientUseIPv4", "ClientUseIPv6", "ConnectionPadding", "ConnLimit", "DataDirectory", "DirAuthority", "DisableNetwork",
            "DormantCanceledByStartup", "DormantClientTimeout", "DormantOnFirstStartup",
            "DormantTimeoutDisabledByIdleStreams", "DormantTimeoutEnabled",
            "EnforceDistinctSubnets", "EntryNodes", "ExcludeExitNodes", "ExcludeNodes", "ExitNodes", "FallbackDir",
            "FascistFirewall", "FirewallPorts", "GeoIPExcludeUnknown", "GeoIPFile", "GeoIPv6File", "GuardLifetime",
            "HiddenServiceDir", "HiddenServiceMaxStreams", "HiddenServiceMaxStreamsCloseCircuit",
            "HiddenServiceNumIntroductionPoints", "HiddenServicePort", "HiddenServiceVersion",
            "HSLayer2Nodes", "HSLayer3Nodes", "LearnCircuitBuildTimeout", "Log",
            "LogTimeGranularity", "LongLivedPorts", "MaxCircuitDirtiness", "MaxClientCircuitsPending", "MaxMemInQueues",
            "MiddleNodes",
            "NewCircuitPeriod", "NumDirectoryGuards", "NumEntryGuards", "NumPrimaryGuards", "PidFile",
            "ReachableAddresses", "ReachableORAddresses", "ReducedConnectionPadding", "RunAsDaemon", "SafeLogging",
            "SafeSocks", "SocksPort", "SocksTimeout", "StrictNodes", "TestingTorNetwork", "TestSocks", "TruncateLogFile",
            "UseEntryGuards", "VanguardsLiteEnabled");

    /** Without these a user would be less protected than the torrc says, so that starting all the same is no choice. */
    private static final List<String> PROTECTING = List.of(
            "Bridge", "ClientTransportPlugin", "HTTPProxy", "HTTPSProxy", "NoExec", "OutboundBindAddress",
            "OutboundBindAddressOR", "Sandbox", "Socks4Proxy", "Socks5Proxy",
            "TCPProxy", "UseBridges", "User");

    private Support() {}

    /**
     * Looks at all options that are set.
     *
     * @param notices told in a line about those without effect
     * @param warnings told in a line about those that are not supported yet
     * @throws TorException of kind CONFIG for one that may not be left out
     */
    static void check(Settings settings, List<String> notices, List<String> warnings) throws TorException {
        List<String> withoutEffect = new ArrayList<>();
        List<String> notYet = new ArrayList<>();
        for (Option option : settings.setOptions()) {
            String name = option.name();
            if (WORKING.contains(name) || isOff(settings, name)) {
                continue;
            }
            if (option.need() == Need.USED && PROTECTING.contains(name)) {
                String what = name + " is not supported yet, and starting without it would leave you less protected than "
                        + "you expect. Remove the line if you can do without it.";
                throw Settings.bad(settings.lines(name).getLast(), what);
            }
            (option.need() == Need.USED ? notYet : withoutEffect).add(name);
        }
        if (!withoutEffect.isEmpty()) {
            notices.add("These options belong to relays or tests and have no effect here: " + joined(withoutEffect));
        }
        if (!notYet.isEmpty()) {
            warnings.add("These options are not supported yet and have no effect: " + joined(notYet));
        }
    }

    /** Set to what it is anyway, so that there is nothing to say. */
    private static boolean isOff(Settings settings, String name) {
        List<ConfigLine> lines = settings.lines(name);
        return lines.size() == 1 && lines.get(0).value().equals("0") || settings.isDefault(name);
    }

    private static String joined(List<String> names) {
        names.sort(null);
        return String.join(", ", names) + ".";
    }
}
