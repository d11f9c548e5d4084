package dev.cepa.daemon;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Values that are wrong beside those of other options, or outside of their range, as Tor judges them. An error in several
 * options says where each of them is set. Used once for one set of options.
 */
final class OptionChecks {
    private static final String KEEP_ONE = "Keep one of them.";
    private static final long MAX_BANDWIDTH = Integer.MAX_VALUE;
    private static final long MIN_HEARTBEAT = 30 * 60;
    private static final long MAX_DIRTINESS = 30 * 86_400;
    private static final long RECOMMENDED_BUILD_TIMEOUT = 10;

    private static final List<String> FOR_TESTING = List.of(
            "TestingV3AuthInitialVotingInterval", "TestingV3AuthInitialVoteDelay", "TestingV3AuthInitialDistDelay",
            "TestingV3AuthVotingStartOffset", "TestingAuthDirTimeToLearnReachability", "TestingServerDownloadInitialDelay",
            "TestingClientDownloadInitialDelay", "TestingServerConsensusDownloadInitialDelay",
            "TestingClientConsensusDownloadInitialDelay", "TestingBridgeDownloadInitialDelay",
            "TestingBridgeBootstrapDownloadInitialDelay", "TestingClientMaxIntervalWithoutRequest",
            "TestingDirConnectionMaxStall", "TestingAuthKeyLifetime", "TestingLinkCertLifetime", "TestingSigningKeySlop",
            "TestingAuthKeySlop", "TestingLinkKeySlop", "TestingMinTimeToReportBandwidth", "TestingEnableConnBwEvent",
            "TestingEnableCellStatsEvent");

    private final Settings settings;
    private final Findings findings;

    private OptionChecks(Settings settings, Findings findings) {
        this.settings = settings;
        this.findings = findings;
    }

    /**
     * Looks at all of them.
     *
     * @throws TorException of kind CONFIG that says which options are wrong
     */
    static void run(Settings settings, Findings findings) throws TorException {
        OptionChecks checks = new OptionChecks(settings, findings);
        checks.words();
        checks.process();
        checks.ranges();
        checks.ports();
        checks.ways();
        checks.relays();
        checks.services();
        checks.controllers();
        checks.testing();
        checks.files();
    }

    private void words() throws TorException {
        for (String option : List.of("SafeLogging", "ConfluxClientUX", "LogFormat")) {
            oneOf(option, words(option));
        }
        for (String name : settings.items("Schedulers")) {
            if (!name.equalsIgnoreCase("KIST") && !name.equalsIgnoreCase("KISTLite") && !name.equalsIgnoreCase("Vanilla")) {
                error("Unknown type \"" + name + "\" in option Schedulers. Possible values are KIST, KISTLite and Vanilla.",
                        "Write some of these, or remove the line.", "Schedulers");
            }
        }
    }

    /** The values that an option may have; empty if it is not one of a few words. */
    static List<String> words(String option) {
        return switch (option) {
            case "SafeLogging" -> List.of("0", "1", "relay");
            case "ConfluxClientUX" -> List.of("latency", "throughput", "latency_lowmem", "throughput_lowmem");
            case "LogFormat" -> List.of("text", "json");
            default -> List.of();
        };
    }

    private void oneOf(String option, List<String> words) throws TorException {
        String value = settings.text(option);
        for (String word : words) {
            if (word.equalsIgnoreCase(value)) {
                return;
            }
        }
        if (settings.isSet(option)) {
            error("Unrecognized value '" + value + "' in " + option + ". Possible values are " + String.join(", ", words) + ".",
                    "Write one of them.", option);
        }
    }

    private void process() throws TorException {
        if (settings.flag("RunAsDaemon")) {
            error("RunAsDaemon is not supported: a service manager does this better. Run Cepa under systemd (Type=simple), "
                            + "or put it into the background with your shell.",
                    "Remove the line.", "RunAsDaemon");
        }
        if (settings.isSet("SafeLogging") && !settings.text("SafeLogging").equals("1")) {
            findings.note("SafeLogging is " + settings.text("SafeLogging")
                    + ", but Cepa never logs what streams connect to, whatever it says.");
        }
    }

    private void ranges() throws TorException {
        if (settings.number("ConnLimit") < 1) {
            error("ConnLimit must be greater than 0, but was set to 0", "Write a number such as 1000.", "ConnLimit");
        }
        long pending = settings.number("MaxClientCircuitsPending");
        if (pending < 1 || pending > 1024) {
            error("MaxClientCircuitsPending must be between 1 and 1024, but was set to " + pending,
                    "Write a number within.", "MaxClientCircuitsPending");
        }
        if (settings.number("CircuitsAvailableTimeout") > 24 * 3600) {
            error("CircuitsAvailableTimeout is too large. Max is 24 hours.", "Write a shorter time.",
                    "CircuitsAvailableTimeout");
        }
        if (settings.number("DormantClientTimeout") < 600 && !settings.flag("TestingTorNetwork")) {
            error("DormantClientTimeout is too low. It must be at least 10 minutes.", "Write a longer time.",
                    "DormantClientTimeout");
        }
        if (settings.number("KeepalivePeriod") < 1) {
            error("KeepalivePeriod option must be positive.", "Write a time, or remove the line.", "KeepalivePeriod");
        }
        if (settings.number("LogTimeGranularity") < 1) {
            error("Log time granularity '0' has to be positive.", "Write a time such as 1 msec.", "LogTimeGranularity");
        }
        long refill = settings.number("TokenBucketRefillInterval");
        if (refill < 1 || refill > 1000) {
            error("TokenBucketRefillInterval must be between 1 and 1000 inclusive.", "Write milliseconds within.",
                    "TokenBucketRefillInterval");
        }
        if (settings.number("ClientBootstrapConsensusMaxInProgressTries") < 1) {
            error("ClientBootstrapConsensusMaxInProgressTries must be greater than 0.", "Write a number such as 3.",
                    "ClientBootstrapConsensusMaxInProgressTries");
        }
        if (settings.decimal("KISTSockBufSizeFactor", 1) < 0) {
            error("KISTSockBufSizeFactor must be at least 0", "Write a positive number.", "KISTSockBufSizeFactor");
        }
        if (settings.number("KISTSchedRunInterval") > 100) {
            error("KISTSchedRunInterval must not be more than 100 (ms)", "Write a shorter time.", "KISTSchedRunInterval");
        }
        for (String option : List.of(
                "PathBiasNoticeRate", "PathBiasWarnRate", "PathBiasExtremeRate", "PathBiasNoticeUseRate",
                "PathBiasExtremeUseRate")) {
            if (settings.decimal(option, -1) > 1) {
                error(option + " is too high. It must be between 0 and 1.0", "Write a number within.", option);
            }
        }
        shortTimes();
        sizes();
    }

    private void shortTimes() {
        long dirtiness = settings.number("MaxCircuitDirtiness");
        if (dirtiness < 10) {
            findings.warn("MaxCircuitDirtiness option is too short; raising to 10 seconds.");
        } else if (dirtiness > MAX_DIRTINESS) {
            findings.warn("MaxCircuitDirtiness option is too high; setting to 30 days.");
        }
        long streamTimeout = settings.number("CircuitStreamTimeout");
        if (streamTimeout != 0 && streamTimeout < 10) {
            findings.warn("CircuitStreamTimeout option is too short; raising to 10 seconds.");
        }
        long heartbeat = settings.number("HeartbeatPeriod");
        if (heartbeat != 0 && heartbeat < MIN_HEARTBEAT && !settings.flag("TestingTorNetwork")) {
            findings.warn("HeartbeatPeriod option is too short; raising to 1800 seconds.");
        }
        long asked = settings.number("LogTimeGranularity");
        if (asked > 0 && granularity(asked) != asked) {
            findings.warn("Log time granularity '" + asked + "' has to be either a divisor or a multiple of 1 second. "
                    + "Changing to '" + granularity(asked) + "'.");
        }
        long buildTimeout = settings.number("CircuitBuildTimeout");
        if (!settings.flag("LearnCircuitBuildTimeout") && buildTimeout != 0 && buildTimeout < RECOMMENDED_BUILD_TIMEOUT) {
            findings.warn("CircuitBuildTimeout is shorter (" + buildTimeout + " seconds) than the recommended minimum (10 "
                    + "seconds), and LearnCircuitBuildTimeout is disabled.  If tor isn't working, raise this value or enable "
                    + "LearnCircuitBuildTimeout.");
        }
        double paths = settings.decimal("PathsNeededToBuildCircuits", -1);
        if (paths >= 0 && paths < 0.25) {
            findings.warn("PathsNeededToBuildCircuits is too low. Increasing to 0.25");
        } else if (paths > 0.95) {
            findings.warn("PathsNeededToBuildCircuits is too high. Decreasing to 0.95");
        }
    }

    /** The nearest steps of a log's times, in milliseconds, that divide a second or are whole seconds. */
    static long granularity(long asked) {
        long millis = Math.max(1, asked);
        if (millis >= 1000) {
            return millis % 1000 == 0 ? millis : (millis / 1000 + 1) * 1000;
        }
        while (1000 % millis != 0) {
            millis++;
        }
        return millis;
    }

    private void sizes() throws TorException {
        long rate = settings.number("BandwidthRate");
        long burst = settings.number("BandwidthBurst");
        if (rate - 1 > MAX_BANDWIDTH) {
            error("BandwidthRate (" + rate + ") must be at most " + MAX_BANDWIDTH, "Write less, or remove the line.",
                    "BandwidthRate");
        } else if (burst - 1 > MAX_BANDWIDTH) {
            error("BandwidthBurst (" + burst + ") must be at most " + MAX_BANDWIDTH, "Write less, or remove the line.",
                    "BandwidthBurst");
        } else if (rate > burst) {
            error("BandwidthBurst must be at least equal to BandwidthRate.", "Raise BandwidthBurst, or lower BandwidthRate.",
                    "BandwidthBurst", "BandwidthRate");
        }
        long buffer = settings.number("ConstrainedSockSize");
        if (settings.flag("ConstrainedSockets") && (buffer < 2048 || buffer > 262_144 || buffer % 1024 != 0)) {
            error("ConstrainedSockSize is invalid.  Must be a value between 2048 and 262144 in 1024 byte increments.",
                    "Write a size within.", "ConstrainedSockSize", "ConstrainedSockets");
        }
    }

    private void ports() throws TorException {
        for (String option : List.of("FirewallPorts", "LongLivedPorts", "RejectPlaintextPorts", "WarnPlaintextPorts")) {
            for (String item : settings.items(option)) {
                int port;
                try {
                    port = Integer.parseInt(item);
                } catch (NumberFormatException e) {
                    port = 0;
                }
                if (port < 1 || port > 65_535) {
                    error("Port '" + item + "' out of range in " + option, "Write numbers from 1 to 65535.", option);
                }
            }
        }
        boolean nothing = !hasService() && isClosed("SocksPort");
        for (String option : List.of("TransPort", "NATDPort", "DNSPort", "HTTPTunnelPort")) {
            nothing &= settings.lines(option).isEmpty() || isClosed(option);
        }
        if (nothing) {
            findings.warn("SocksPort, TransPort, NATDPort, DNSPort, and HTTPTunnelPort are all undefined, and there aren't any "
                    + "hidden services configured.  Cepa will still run, but probably won't do anything.");
        }
    }

    private boolean isClosed(String option) {
        for (ConfigLine line : settings.lines(option)) {
            if (!line.value().equals("0")) {
                return false;
            }
        }
        return settings.isSet(option);
    }

    /** How relays are reached: bridges and proxies. */
    private void ways() throws TorException {
        if (settings.flag("UseBridges")) {
            if (!settings.isSet("Bridge")) {
                error("If you set UseBridges, you must specify at least one bridge.",
                        "Add a Bridge line, or remove UseBridges.", "UseBridges");
            }
            if (settings.isSet("EntryNodes")) {
                error("You cannot set both UseBridges and EntryNodes.", KEEP_ONE, "UseBridges", "EntryNodes");
            }
            if (!settings.flag("UseEntryGuards")) {
                error("Setting UseBridges requires also setting UseEntryGuards.", "Remove UseEntryGuards 0, or UseBridges.",
                        "UseBridges", "UseEntryGuards");
            }
        }
        String[] proxies = {"Socks4Proxy", "Socks5Proxy", "HTTPSProxy", "TCPProxy"};
        int set = 0;
        for (String proxy : proxies) {
            set += settings.isSet(proxy) ? 1 : 0;
        }
        if (set > 1) {
            error("You have configured more than one proxy type. (Socks4Proxy|Socks5Proxy|HTTPSProxy|TCPProxy)", KEEP_ONE,
                    proxies);
        }
        int user = settings.text("Socks5ProxyUsername").length();
        int password = settings.text("Socks5ProxyPassword").length();
        if ((user == 0) != (password == 0)) {
            error("Socks5ProxyPassword must be included with Socks5ProxyUsername.", "Set both, or none.",
                    "Socks5ProxyUsername", "Socks5ProxyPassword");
        }
        for (String option : List.of("Socks5ProxyUsername", "Socks5ProxyPassword")) {
            if (settings.text(option).length() > 255) {
                error(option + " must be between 1 and 255 characters.", "Write a shorter one.", option);
            }
        }
        for (String option : List.of("HTTPProxyAuthenticator", "HTTPSProxyAuthenticator")) {
            if (settings.text(option).length() >= 512) {
                error(option + " is too long (>= 512 chars).", "Write a shorter one.", option);
            }
        }
        if (settings.flag("FetchDirInfoExtraEarly") && !settings.flag("FetchDirInfoEarly")) {
            error("FetchDirInfoExtraEarly requires that you also set FetchDirInfoEarly", "Set both, or none.",
                    "FetchDirInfoExtraEarly", "FetchDirInfoEarly");
        }
    }

    private void relays() throws TorException {
        if (settings.isSet("EntryNodes") && !settings.flag("UseEntryGuards")) {
            error("If EntryNodes is set, UseEntryGuards must be enabled.", "Remove UseEntryGuards 0, or EntryNodes.",
                    "EntryNodes", "UseEntryGuards");
        }
        long primary = settings.number("NumPrimaryGuards");
        if (primary != 0 && settings.number("NumEntryGuards") > primary) {
            error("NumEntryGuards must not be greater than NumPrimaryGuards.", "Raise NumPrimaryGuards.",
                    "NumEntryGuards", "NumPrimaryGuards");
        }
        if (settings.isSet("ExcludeNodes") && settings.flag("StrictNodes")) {
            findings.warn("You have asked to exclude certain relays from all positions in your circuits. Expect hidden "
                    + "services and other Tor features to be broken in unpredictable ways.");
        }
        if (settings.isSet("DirAuthority")
                && (settings.isSet("AlternateDirAuthority") || settings.isSet("AlternateBridgeAuthority"))) {
            error("You cannot set both DirAuthority and Alternate*Authority.", KEEP_ONE,
                    "DirAuthority", "AlternateDirAuthority", "AlternateBridgeAuthority");
        }
        if (settings.isSet("DirAuthority") || settings.isSet("AlternateDirAuthority")) {
            findings.warn("You have used DirAuthority or AlternateDirAuthority to specify alternate directory authorities in "
                    + "your configuration. This is potentially dangerous: it can make you look different from all other Tor "
                    + "users, and hurt your anonymity. Even if you've specified the same authorities as Tor uses by default, "
                    + "the defaults could change in the future. Be sure you know what you're doing.");
        }
    }

    private void services() throws TorException {
        boolean singleHop = settings.flag("HiddenServiceSingleHopMode");
        boolean nonAnonymous = settings.flag("HiddenServiceNonAnonymousMode");
        if (singleHop != nonAnonymous) {
            error(singleHop
                            ? "HiddenServiceSingleHopMode does not provide any server anonymity. It must be used with "
                                    + "HiddenServiceNonAnonymousMode set to 1."
                            : "HiddenServiceNonAnonymousMode does not provide any server anonymity. It must be used with "
                                    + "HiddenServiceSingleHopMode set to 1.",
                    "Set both, or none.", "HiddenServiceSingleHopMode", "HiddenServiceNonAnonymousMode");
        }
        if (nonAnonymous && !isClosed("SocksPort")) {
            error("HiddenServiceNonAnonymousMode is incompatible with using Tor as an anonymous client. Please set "
                            + "Socks/Trans/NATD/DNSPort to 0, or revert HiddenServiceNonAnonymousMode to 0.",
                    "Set SocksPort 0, or remove HiddenServiceNonAnonymousMode.",
                    "HiddenServiceNonAnonymousMode", "SocksPort");
        }
        if (!hasService()) {
            return;
        }
        if (!settings.flag("UseEntryGuards") && !nonAnonymous) {
            findings.warn("UseEntryGuards is disabled, but you have configured one or more hidden services on this Tor "
                    + "instance.  Your hidden services will be very easy to locate using a well-known attack -- see "
                    + "https://freehaven.net/anonbib/#hs-attack06 for details.");
        }
        List<String> entries = settings.items("EntryNodes");
        if (entries.size() == 1 && !entries.get(0).startsWith("{")) {
            error("You have one single EntryNodes and at least one hidden service configured. This is bad because it's very "
                            + "easy to locate your entry guard which can then lead to the deanonymization of your hidden "
                            + "service -- for more details, see https://bugs.torproject.org/tpo/core/tor/14917. For this "
                            + "reason, the use of one EntryNodes with an hidden service is prohibited until a better "
                            + "solution is found.",
                    "Remove EntryNodes.", "EntryNodes", "HiddenServiceDir");
        } else if (!entries.isEmpty()) {
            findings.warn("EntryNodes is set with multiple entries and at least one hidden service is configured. Pinning "
                    + "entry nodes can possibly be harmful to the service anonymity. Because of this, we recommend you either "
                    + "don't do that or make sure you know what you are doing. For more details, please look at "
                    + "https://bugs.torproject.org/tpo/core/tor/21155.");
        }
    }

    private boolean hasService() {
        for (ConfigLine line : settings.lines("HiddenServiceDir")) {
            if (line.key().equals("HiddenServiceDir")) {
                return true;
            }
        }
        return false;
    }

    private void controllers() throws TorException {
        for (String option : List.of("HashedControlPassword", "__HashedControlSessionPassword")) {
            for (ConfigLine line : settings.lines(option)) {
                if (!PasswordHash.isHash(line.value())) {
                    findings.error(new ConfigException(
                            line, "Bad HashedControlPassword: wrong length or bad encoding",
                            "Write what cepa --hash-password prints."));
                }
            }
        }
        if (settings.flag("ControlSocketsGroupWritable") && !settings.isSet("ControlSocket")) {
            error("Setting ControlSocketsGroupWritable without setting a ControlSocket makes no sense.",
                    "Add a ControlSocket, or remove the line.", "ControlSocketsGroupWritable");
        }
        if (settings.flag("CookieAuthFileGroupReadable") && !settings.isSet("CookieAuthFile")) {
            findings.warn("CookieAuthFileGroupReadable is set, but will have no effect: you must specify an explicit "
                    + "CookieAuthFile to have it group-readable.");
        }
        String owner = settings.text("__OwningControllerProcess");
        int end = 0;
        while (end < owner.length() && Character.isDigit(owner.charAt(end))) {
            end++;
        }
        boolean isNumber = end > 0 && end < 19 && (end == owner.length() || owner.charAt(end) == ' ' || owner.charAt(end) == ':');
        if (!owner.isEmpty() && !isNumber) {
            error("Bad OwningControllerProcess: invalid PID", "Write the number of a process.", "__OwningControllerProcess");
        }
    }

    private void testing() throws TorException {
        if (settings.flag("TestingTorNetwork")) {
            findings.warn("TestingTorNetwork is set. This will make your node almost unusable in the public Tor network, and "
                    + "is therefore only advised if you are building a testing Tor network!");
            return;
        }
        for (String option : FOR_TESTING) {
            if (!settings.isDefault(option)) {
                error(option + " may only be changed in testing Tor networks!", "Remove the line.", option, "TestingTorNetwork");
            }
        }
        if (!settings.flag("ClientDNSRejectInternalAddresses") && !settings.isSet("DirAuthority")
                && !(settings.isSet("AlternateDirAuthority") && settings.isSet("AlternateBridgeAuthority"))) {
            error("ClientDNSRejectInternalAddresses used for default network.", "Remove the line.",
                    "ClientDNSRejectInternalAddresses");
        }
    }

    private void files() throws TorException {
        for (Option option : settings.setOptions()) {
            if (option.type() != OptionType.FILE_NAME && !option.name().equals("HiddenServiceDir")) {
                continue;
            }
            for (ConfigLine line : settings.lines(option.name())) {
                if (line.key().equals(option.name()) && !line.value().startsWith("/") && !line.value().startsWith("~")) {
                    relative(line);
                }
            }
        }
    }

    private void relative(ConfigLine line) throws TorException {
        try {
            Path path = Configuration.path(line.value());
            if (!Path.of(line.value()).isAbsolute()) {
                findings.warn("Path for " + line.key() + " (" + line.value() + ") is relative and will resolve to " + path
                        + ". Is this what you wanted?");
            }
        } catch (TorException e) {
            findings.error(Settings.bad(line, line.key() + ": " + e.getMessage()));
        }
    }

    /** The last line of that very name. */
    private @Nullable ConfigLine line(String option) {
        ConfigLine found = null;
        for (ConfigLine line : settings.lines(option)) {
            found = line.key().equals(option) || found == null ? line : found;
        }
        return found;
    }

    /** An error at the first of these options that is set; the text goes on with where the others are. */
    private void error(String text, String advice, String... options) throws TorException {
        ConfigLine first = null;
        StringBuilder where = new StringBuilder();
        int set = 0;
        for (String option : options) {
            ConfigLine line = line(option);
            if (line == null) {
                continue;
            }
            first = first == null ? line : first;
            where.append(set++ == 0 ? " (" : ", ").append(option).append(": ").append(line.place());
        }
        String whole = set > 1 ? text + where.append(')') : text;
        findings.error(first == null
                ? new TorException(ErrorKind.CONFIG, text)
                : new ConfigException(first, whole, advice));
    }
}
