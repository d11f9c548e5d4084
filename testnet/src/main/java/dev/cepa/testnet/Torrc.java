package dev.cepa.testnet;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The torrc texts of a network's nodes.
 *
 * @param authorityLines  {@code DirAuthority} lines, the same for every node
 * @param resolvConf      the resolv.conf of the exits
 * @param owner           the process that the nodes must not outlive
 * @param logLevel        a log severity of tor, such as {@code notice} or {@code info}
 * @param votingInterval  seconds between two consensuses, a divisor of half an hour
 * @param consensusParams network parameters that the authorities vote for
 */
record Torrc(
        List<String> authorityLines, Path resolvConf, long owner, String logLevel, int votingInterval,
        String consensusParams) {
    /** The least that tor accepts, in seconds, for gathering votes and for gathering signatures. */
    static final int VOTE_DELAY = 2;

    /** See {@link #VOTE_DELAY}. */
    static final int DIST_DELAY = 2;

    /** The longest first voting interval that tor accepts, in seconds. */
    static final int LONGEST_INTERVAL = 1800;

    /**
     * The text for one node.
     *
     * @param schedule when an authority makes its first consensus; null for others
     */
    String text(Node node, @Nullable VoteSchedule schedule) {
        StringBuilder out = new StringBuilder(2048);
        common(out, node);
        switch (node.kind()) {
            case AUTHORITY -> authority(out, node, Objects.requireNonNull(schedule));
            case RELAY -> relay(out, node);
            case EXIT -> exit(out, node);
            case BRIDGE -> bridge(out, node);
            case CLIENT -> client(out);
        }
        for (String line : node.extraLines()) {
            line(out, line);
        }
        return out.toString();
    }

    private void common(StringBuilder out, Node node) {
        line(out, "TestingTorNetwork 1");
        line(out, "DataDirectory " + node.folder());
        line(out, "Log " + logLevel + " stdout");
        line(out, "SafeLogging 0");
        line(out, "RunAsDaemon 0");
        line(out, "__OwningControllerProcess " + owner);
        line(out, "ShutdownWaitLength 0");
        line(out, "NumCPUs 1");
        line(out, "ProtocolWarnings 1");
        line(out, "DisableDebuggerAttachment 0");
        // A list of ten megabytes that every process would parse for statistics nobody reads.
        line(out, "GeoIPFile /dev/null");
        line(out, "GeoIPv6File /dev/null");
        for (String authority : authorityLines) {
            line(out, authority);
        }
    }

    private static void relay(StringBuilder out, Node node) {
        listeners(out, node);
        line(out, "ExitPolicy reject *:*");
    }

    private static void listeners(StringBuilder out, Node node) {
        line(out, "Nickname " + node.nickname());
        line(out, "ContactInfo test@example.invalid");
        line(out, "Address 127.0.0.1");
        line(out, "OutboundBindAddress 127.0.0.1");
        line(out, "ORPort 127.0.0.1:" + node.orPort());
        line(out, "SocksPort 0");
        line(out, "AssumeReachable 1");
        line(out, "AssumeReachableIPv6 1");
        line(out, "ExtraInfoStatistics 0");
        line(out, "HiddenServiceStatistics 0");
        line(out, "DirReqStatistics 0");
        line(out, "OverloadStatistics 0");
    }

    private void authority(StringBuilder out, Node node, VoteSchedule schedule) {
        relay(out, node);
        line(out, "DirPort 127.0.0.1:" + node.dirPort());
        line(out, "AuthoritativeDirectory 1");
        line(out, "V3AuthoritativeDirectory 1");
        line(out, "TestingV3AuthInitialVotingInterval " + schedule.initialInterval());
        line(out, "TestingV3AuthInitialVoteDelay " + VOTE_DELAY);
        line(out, "TestingV3AuthInitialDistDelay " + DIST_DELAY);
        line(out, "TestingV3AuthVotingStartOffset " + schedule.offset());
        line(out, "V3AuthVotingInterval " + votingInterval);
        line(out, "V3AuthVoteDelay " + VOTE_DELAY);
        line(out, "V3AuthDistDelay " + DIST_DELAY);
        line(out, "TestingDirAuthVoteHSDir *");
        line(out, "TestingDirAuthVoteGuard *");
        line(out, "TestingMinExitFlagThreshold 0");
        line(out, "MinUptimeHidServDirectoryV2 0");
        // Loopback is reachable; without tests of it no descriptor waits for its first connection.
        line(out, "AuthDirTestReachability 0");
        if (!consensusParams.isEmpty()) {
            line(out, "ConsensusParams " + consensusParams);
        }
    }

    private void exit(StringBuilder out, Node node) {
        listeners(out, node);
        line(out, "ExitRelay 1");
        line(out, "IPv6Exit 1");
        line(out, "ExitPolicyRejectPrivate 0");
        line(out, "ExitPolicyRejectLocalInterfaces 0");
        line(out, "ExitPolicy accept *:*,accept6 *6:*");
        line(out, "ServerDNSResolvConfFile " + resolvConf);
        line(out, "ServerDNSDetectHijacking 0");
        line(out, "ServerDNSTestAddresses");
        line(out, "ServerDNSAllowBrokenConfig 1");
    }

    private static void bridge(StringBuilder out, Node node) {
        relay(out, node);
        line(out, "BridgeRelay 1");
        line(out, "BridgeDistribution none");
        line(out, "PublishServerDescriptor 0");
        line(out, "BridgeRecordUsageByCountry 0");
    }

    private static void client(StringBuilder out) {
        line(out, "ClientOnly 1");
    }

    private static void line(StringBuilder out, String line) {
        out.append(line).append('\n');
    }
}
