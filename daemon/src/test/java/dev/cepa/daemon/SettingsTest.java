package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.HostText;
import dev.cepa.error.TorException;
import dev.cepa.proxy.ListenerKind;
import dev.cepa.proxy.PortSettings;
import dev.cepa.proxy.SocketFileMode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    private static final OptionTable TABLE = OptionTable.load();

    private static List<PortLine> ports(Settings settings, List<String> warnings) throws TorException {
        return new ListenerLines(settings, warnings).ports(ListenerKind.SOCKS);
    }

    private static List<ConfigLine> torrc(String text) throws TorException {
        TorrcReader reader = new TorrcReader();
        reader.readText(text, "torrc");
        return reader.lines();
    }

    private static Settings of(String torrc, String... args) throws TorException {
        Settings settings = new Settings(TABLE);
        settings.apply(torrc(torrc), false);
        settings.apply(CommandLine.parse(args).options(), true);
        return settings;
    }

    private static List<String> values(Settings settings, String option) {
        return settings.lines(option).stream().map(ConfigLine::value).toList();
    }

    @Test
    void laterSourcesReplaceOrAddOrClear() throws Exception {
        String torrc = "SocksPort 1\nSocksPort 2\nSocksTimeout 1 minute\n";
        assertThat(values(of(torrc), "SocksPort")).containsExactly("1", "2");
        assertThat(values(of(torrc, "SocksPort", "3"), "SocksPort")).containsExactly("3");
        assertThat(values(of(torrc, "--SocksPort", "3", "--SocksPort", "4"), "SocksPort")).containsExactly("3", "4");
        assertThat(values(of(torrc, "+SocksPort", "3"), "SocksPort")).containsExactly("1", "2", "3");
        assertThat(values(of(torrc, "/SocksPort"), "SocksPort")).isEmpty();
        assertThat(of(torrc).number("SocksTimeout")).isEqualTo(60);
        assertThat(of(torrc, "SocksTimeout", "5").number("SocksTimeout")).isEqualTo(5);
        assertThat(of(torrc, "SocksTimeout", "").number("SocksTimeout")).as("as in Tor").isZero();
        assertThat(of(torrc, "/SocksTimeout").dump(false)).contains("SocksTimeout 0\n");
        assertThat(of("LongLivedPorts\nGeoIPFile\n").items("LongLivedPorts")).isEmpty();
        assertThat(of("LongLivedPorts\nGeoIPFile\n").text("GeoIPFile")).isEmpty();
        assertThat(of("LongLivedPorts\nSafeLogging\n").dump(false)).isEqualTo("LongLivedPorts\n");
        assertThat(of("LongLivedPorts\nLongLivedPorts 80\n").items("LongLivedPorts")).containsExactly("80");
        assertThat(of(torrc, "__SocksPort", "9").lines("SocksPort")).extracting(ConfigLine::key).containsExactly("__SocksPort");
    }

    @Test
    void keepsTheOrderOfOnionServiceLines() throws Exception {
        Settings settings = of("HiddenServiceDir a\nHiddenServicePort 80\nHiddenServiceDir b\nHiddenServicePort 81\n");
        assertThat(values(settings, "HiddenServicePort")).containsExactly("a", "80", "b", "81");
    }

    @Test
    void saysWhereAnUnknownOptionIsAndWhatWasMeant() {
        assertThatThrownBy(() -> of("SocksPort 1\n\nSockPort 2\n"))
                .isInstanceOf(TorException.class)
                .hasMessage("torrc:3: Unknown option 'SockPort'.  Failing. Did you mean 'SocksPort'?");
        assertThatThrownBy(() -> of("", "--Bogus", "1")).hasMessage("command line: Unknown option 'Bogus'.  Failing.");
        assertThatThrownBy(() -> of("SocksTimeout abc"))
                .hasMessage("torrc:1: Could not parse SocksTimeout: Provided value is malformed or out of bounds: "
                        + "Unable to parse abc as a number");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ORPort 9001", "DirPort 80", "BridgeRelay 1", "AuthoritativeDirectory 1", "ExtORPort auto"})
    void refusesToBecomeARelay(String line) {
        assertThatThrownBy(() -> Support.check(of(line), Findings.untilFirstError()))
                .hasMessageStartingWith("torrc:1: ")
                .hasMessageContaining("Cepa is a client");
    }

    @Test
    void opensNoRelayPortAsAClientOnly() throws Exception {
        Findings findings = Findings.untilFirstError();
        Support.check(of("ClientOnly 1\nORPort 9001\n"), findings);
        assertThat(findings.notices()).singleElement().asString().endsWith("ORPort.");
        assertThatThrownBy(() -> Support.check(of("ClientOnly 1\nBridgeRelay 1\n"), Findings.untilFirstError()))
                .hasMessageContaining("Cepa is a client");
    }

    @Test
    void findsEveryErrorIfAsked() throws Exception {
        Findings findings = Findings.ofEverything();
        Settings settings = new Settings(TABLE, findings);
        settings.apply(torrc("SockPort 1\n  SocksTimeout\tabc\nSafeSocks 1\n"), false);
        assertThat(findings.errors()).hasSize(2);
        ConfigException unknown = (ConfigException) findings.errors().get(0);
        assertThat(unknown.line()).isEqualTo(1);
        assertThat(unknown.column()).isEqualTo(1);
        assertThat(unknown.advice()).isEqualTo("Write SocksPort, if that is what you mean.");
        ConfigException time = (ConfigException) findings.errors().get(1);
        assertThat(time.line()).isEqualTo(2);
        assertThat(time.column()).isEqualTo(16);
        assertThat(time.advice()).startsWith("Write a time, such as");
        assertThat(settings.flag("SafeSocks")).isTrue();
    }

    @Test
    void takesRelayOptionsThatAreOff() throws Exception {
        assertThat(of("ORPort 0\nBridgeRelay 0\nExitRelay 1\nNickname me\n").setOptions())
                .filteredOn(o -> o.need() == Option.Need.WITHOUT_EFFECT)
                .extracting(Option::name)
                .containsExactlyInAnyOrder("ExitRelay", "Nickname");
    }

    @Test
    void warnsAboutWhatIsTakenAllTheSame() throws Exception {
        assertThat(of("AllowDotExit 1\n").warnings()).singleElement().asString().contains("Skipping obsolete", "torrc:1");
        assertThat(of("SocksTimeout 1\nSocksTimeout 2\n").warnings()).singleElement().asString().contains("more than once", "torrc:2");
        assertThat(of("EnforceDist 0\n").warnings()).singleElement().asString().contains("abbreviation 'EnforceDist'");
        assertThat(of("ExitPolicy\n").warnings()).singleElement().asString().contains("has no value");
    }

    @Test
    void usesOtherDefaultsOnATestingNetwork() throws Exception {
        assertThat(of("").flag("EnforceDistinctSubnets")).isTrue();
        assertThat(of("TestingTorNetwork 1").flag("EnforceDistinctSubnets")).isFalse();
        assertThat(of("TestingTorNetwork 1\nEnforceDistinctSubnets 1").flag("EnforceDistinctSubnets")).isTrue();
    }

    @Test
    void dumpsWhatDiffersFromTheDefaults() throws Exception {
        Settings settings = of("SocksPort 0\nEntryNode abc\nBandwidthRate \"20 KB\"\nSocksTimeout 120\n__DisablePredictedCircuits 1\n");
        assertThat(settings.dump(false)).isEqualTo("BandwidthRate 20480\nEntryNodes abc\nSocksPort 0\n");
        assertThat(settings.dump(true)).startsWith("AccountingMax 0\nAccountingRule max\n").contains("\nSocksTimeout 120\n");
    }

    @Test
    void readsPortLines() throws Exception {
        List<String> warnings = new java.util.ArrayList<>();
        List<PortLine> ports = ports(of("SocksPort 9050\nSocksPort [::1]:9051 IsolateDestAddr NoIPv6Traffic SessionGroup=5\n"
                        + "SocksPort 10.1.2.3:auto OnionTrafficOnly ExtendedErrors Bogus\nSocksPort auto NoIsolateSOCKSAuth\n"),
                warnings);
        assertThat(ports).extracting(p -> String.valueOf(p.address())).containsExactly(
                "/127.0.0.1:9050", "/[0:0:0:0:0:0:0:1]:9051", "/10.1.2.3:0", "/127.0.0.1:0");
        assertThat(ports.get(1).settings().group()).isEqualTo(5);
        assertThat(ports.get(0).settings().group()).isNotEqualTo(ports.get(3).settings().group());
        assertThat(ports.get(1).settings().beginFlags()).isZero();
        assertThat(ports.get(2).settings().onionOnly()).isTrue();
        assertThat(ports.get(2).settings().extendedErrors()).isTrue();
        assertThat(ports.get(3).settings().extendedErrors()).isFalse();
        assertThat(ports.get(3).settings().preferNoAuthentication()).isTrue();
        assertThat(warnings).hasSize(2).anyMatch(w -> w.contains("public address")).anyMatch(w -> w.contains("'Bogus'"));
        assertThat(ports(of(""), warnings)).singleElement().extracting(p -> String.valueOf(p.address()))
                .isEqualTo("/127.0.0.1:9050");
        assertThat(ports(of("SocksPort 0"), warnings)).isEmpty();
    }

    /** Each flag for itself, beside the two that are set unless they are turned off. */
    @ParameterizedTest
    @CsvSource({
        "'', CLIENT_ADDRESS CREDENTIALS",
        "NoIsolateClientAddr, CREDENTIALS",
        "NoIsolateSOCKSAuth, CLIENT_ADDRESS",
        "IsolateClientProtocol, CLIENT_ADDRESS CREDENTIALS PROTOCOL",
        "IsolateDestAddr, CLIENT_ADDRESS CREDENTIALS DESTINATION_HOST",
        "IsolateDestPort, CLIENT_ADDRESS CREDENTIALS DESTINATION_PORT",
    })
    void portsIsolateByWhatTheirFlagsSay(String flag, String expected) throws Exception {
        PortSettings port = ports(of("SocksPort 9050 " + flag), new java.util.ArrayList<>())
                .getFirst().settings();
        assertThat(port.isolation()).extracting(Enum::name).containsExactlyInAnyOrder(expected.split(" "));
        assertThat(port.keepAlive()).isFalse();
    }

    @Test
    void readsKeepAliveAndSocksTimeout() throws Exception {
        PortSettings port = ports(of("SocksTimeout 30\nSocksPort 9050 KeepAliveIsolateSOCKSAuth"), new java.util.ArrayList<>())
                .getFirst().settings();
        assertThat(port.keepAlive()).isTrue();
        assertThat(port.timeout()).hasSeconds(30);
    }

    @Test
    void readsSocketsInTheFileSystem() throws Exception {
        String lines = "UnixSocksGroupWritable 1\nSocksPort unix:/run/cepa/socks RelaxDirModeCheck\n"
                + "SocksPort unix:\"/run/with blank/socks\" WorldWritable IsolateDestPort\nSocksPort auto";
        List<PortLine> ports = ports(of(lines), new java.util.ArrayList<>());
        assertThat(ports).extracting(p -> String.valueOf(p.address()))
                .containsExactly("/run/cepa/socks", "/run/with blank/socks", "/127.0.0.1:0");
        assertThat(ports.get(0).settings().socketFile()).isEqualTo(new SocketFileMode(true, false, true));
        assertThat(ports.get(1).settings().socketFile()).isEqualTo(new SocketFileMode(true, true, false));
        assertThat(ports.get(1).settings().isolation()).contains(PortSettings.Isolation.DESTINATION_PORT);
    }

    @Test
    void letsInWhomSocksPolicyAccepts() throws Exception {
        Settings settings = of("SocksPolicy accept 10.0.0.0/8:80\nSocksPolicy reject *4,accept [2001:db8::]/32,reject *");
        PortSettings port = ports(settings, new java.util.ArrayList<>()).getFirst().settings();
        for (String[] client : new String[][] {
            {"10.1.2.3", "true"}, {"127.0.0.1", "false"}, {"2001:db8::1", "true"}, {"::1", "false"}
        }) {
            assertThat(port.clients().test(java.util.Objects.requireNonNull(HostText.parseAddress(client[0]))))
                    .as(client[0])
                    .isEqualTo(Boolean.parseBoolean(client[1]));
        }
        assertThatThrownBy(() -> ports(of("SocksPolicy allow 10.0.0.0/8"), new java.util.ArrayList<>()))
                .hasMessageContaining("SocksPolicy");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "foo", "70000", "-1", "1.2.3.4", "1.2.3.4:0", "[::1", "example.com:80", "unix:tmp/x", "unix:", "unix:\"/tmp/x", "9050 NoIPv4Traffic NoIPv6Traffic",
                "9050 SessionGroup=x", "9050 SessionGroup=1 SessionGroup=2", "9050 GroupWritable",
                "9050 KeepAliveIsolateSOCKSAuth NoIsolateSOCKSAuth", "0\nSocksPort 9050",
            })
    void refusesBadPortLines(String line) {
        assertThatThrownBy(() -> ports(of("SocksPort " + line), new java.util.ArrayList<>()))
                .isInstanceOf(TorException.class)
                .hasMessageStartingWith("torrc:");
    }
}
