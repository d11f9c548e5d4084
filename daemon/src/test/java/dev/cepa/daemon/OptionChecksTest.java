package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionChecksTest {
    private static final OptionTable TABLE = OptionTable.load();

    /** @param torrc with {@code |} for line ends */
    private static Findings check(String torrc) throws TorException {
        TorrcReader reader = new TorrcReader();
        reader.readText(torrc.replace('|', '\n'), "torrc");
        Findings findings = Findings.untilFirstError();
        Settings settings = new Settings(TABLE, findings);
        settings.apply(reader.lines(), false);
        OptionChecks.run(settings, findings);
        return findings;
    }

    /** What Tor 0.4.9.11 says of the same lines, with the places. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "UseBridges 1; torrc:1: If you set UseBridges, you must specify at least one bridge.",
        "UseBridges 1|Bridge 192.0.2.1:1|EntryNodes a;"
                + "torrc:1: You cannot set both UseBridges and EntryNodes. (UseBridges: torrc:1, EntryNodes: torrc:3)",
        "UseBridges 1|Bridge 192.0.2.1:1|UseEntryGuards 0;"
                + "torrc:1: Setting UseBridges requires also setting UseEntryGuards. (UseBridges: torrc:1, UseEntryGuards: torrc:3)",
        "Socks4Proxy 192.0.2.1:5|Socks5Proxy 192.0.2.1:6; torrc:1: You have configured more than one proxy type. "
                + "(Socks4Proxy|Socks5Proxy|HTTPSProxy|TCPProxy) (Socks4Proxy: torrc:1, Socks5Proxy: torrc:2)",
        "BandwidthRate 2 MB|BandwidthBurst 1 MB; torrc:2: BandwidthBurst must be at least equal to BandwidthRate. "
                + "(BandwidthBurst: torrc:2, BandwidthRate: torrc:1)",
        "BandwidthRate 3 GB; torrc:1: BandwidthRate (3221225472) must be at most 2147483647",
        "EntryNodes a|UseEntryGuards 0; torrc:1: If EntryNodes is set, UseEntryGuards must be enabled. "
                + "(EntryNodes: torrc:1, UseEntryGuards: torrc:2)",
        "NumEntryGuards 3|NumPrimaryGuards 2; torrc:1: NumEntryGuards must not be greater than NumPrimaryGuards. "
                + "(NumEntryGuards: torrc:1, NumPrimaryGuards: torrc:2)",
        "FetchDirInfoExtraEarly 1; torrc:1: FetchDirInfoExtraEarly requires that you also set FetchDirInfoEarly",
        "ConnLimit 0; torrc:1: ConnLimit must be greater than 0, but was set to 0",
        "MaxClientCircuitsPending 2000; torrc:1: MaxClientCircuitsPending must be between 1 and 1024, but was set to 2000",
        "LongLivedPorts 21,70000; torrc:1: Port '70000' out of range in LongLivedPorts",
        "FirewallPorts a; torrc:1: Port 'a' out of range in FirewallPorts",
        "SafeLogging maybe; torrc:1: Unrecognized value 'maybe' in SafeLogging. Possible values are 0, 1, relay.",
        "CircuitsAvailableTimeout 2 days; torrc:1: CircuitsAvailableTimeout is too large. Max is 24 hours.",
        "DormantClientTimeout 5 minutes; torrc:1: DormantClientTimeout is too low. It must be at least 10 minutes.",
        "KeepalivePeriod 0; torrc:1: KeepalivePeriod option must be positive.",
        "TestingClientDownloadInitialDelay 5; "
                + "torrc:1: TestingClientDownloadInitialDelay may only be changed in testing Tor networks!",
        "ClientDNSRejectInternalAddresses 0; torrc:1: ClientDNSRejectInternalAddresses used for default network.",
        "PathBiasNoticeRate 2; torrc:1: PathBiasNoticeRate is too high. It must be between 0 and 1.0",
        "HashedControlPassword 16:00; torrc:1: Bad HashedControlPassword: wrong length or bad encoding",
        "__OwningControllerProcess abc; torrc:1: Bad OwningControllerProcess: invalid PID",
        "Socks5ProxyUsername a; torrc:1: Socks5ProxyPassword must be included with Socks5ProxyUsername.",
        "ConstrainedSockets 1|ConstrainedSockSize 100; torrc:2: ConstrainedSockSize is invalid.  Must be a value between 2048 and "
                + "262144 in 1024 byte increments. (ConstrainedSockSize: torrc:2, ConstrainedSockets: torrc:1)"
    })
    void saysWhatIsWrongAndWhichLinesContradict(String torrc, String message) {
        assertThatThrownBy(() -> check(torrc)).isInstanceOf(ConfigException.class).hasMessage(message.strip());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "MaxCircuitDirtiness 1; raising to 10 seconds",
        "MaxCircuitDirtiness 40 days; setting to 30 days",
        "CircuitStreamTimeout 3; raising to 10 seconds",
        "HeartbeatPeriod 5 minutes; raising to 1800 seconds",
        "LogTimeGranularity 300 msec; Changing to '500'",
        "LogTimeGranularity 1500 msec; Changing to '2000'",
        "StrictNodes 1|ExcludeNodes a; Expect hidden services",
        "PidFile cepa.pid; is relative and will resolve to /",
        "SocksPort 0; probably won't do anything"
    })
    void warnsOfWhatIsTakenAllTheSame(String torrc, String warning) throws Exception {
        assertThat(check(torrc).warnings()).singleElement().asString().contains(warning.strip());
    }

    @Test
    void hasNothingToSayOfDefaults() throws Exception {
        assertThat(check("").warnings()).isEmpty();
        assertThat(check("SafeLogging relay|ConfluxClientUX latency|HashedControlPassword 16:"
                        + "0".repeat(58)).warnings()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1,1", "3,4", "7,8", "9,10", "30,40", "130,200", "300,500", "999,1000", "1000,1000", "1001,2000", "3000,3000"})
    void roundsTheStepsOfLogTimesUp(long asked, long taken) {
        assertThat(OptionChecks.granularity(asked)).isEqualTo(taken);
    }
}
