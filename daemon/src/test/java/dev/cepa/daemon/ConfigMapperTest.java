package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.DormantSettings;
import dev.cepa.cell.DesiredUx;
import dev.cepa.channel.ChannelPadding;
import dev.cepa.error.TorException;
import dev.cepa.path.AddressPolicy;
import dev.cepa.path.PathSettings;
import dev.cepa.path.RelaySet;
import dev.cepa.path.VanguardSettings;
import dev.cepa.pool.ConfluxChoice;
import dev.cepa.pool.PoolSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigMapperTest {
    private static ConfigMapper of(String torrc) throws TorException {
        Settings settings = Configuration.read(CommandLine.parse("-f", "-"), torrc).settings();
        return new ConfigMapper(settings, new ArrayList<>());
    }

    @Test
    void mapsAnEmptyTorrc() throws Exception {
        assertThat(of("").client().dataDirectory()).isNotNull();
        assertThat(of("").logs(0)).containsExactly(LogTarget.DEFAULT);
        assertThat(of("").logs(CommandLine.QUIET)).isEmpty();
        assertThat(of("Log info stderr").logs(CommandLine.QUIET)).hasSize(1);
    }

    @Test
    void mapsEverythingThatWorks() throws Exception {
        assertThat(of("""
                        TestingTorNetwork 1
                        DirAuthority auth0 orport=21001 v3ident=EFDF9D116A649AD3DF2BF040C11D3C62C904CD1E 127.0.0.1:21002 \
                        194F17814834ADB29FCF0005BE9067477433F10F
                        FallbackDir 127.0.0.1:80 orport=443 id=194F17814834ADB29FCF0005BE9067477433F10F
                        DataDirectory /nowhere
                        EntryNodes $194F17814834ADB29FCF0005BE9067477433F10F
                        ExcludeNodes badrelay, 10.0.0.0/8
                        ReachableAddresses accept *:443, reject *:*
                        NumEntryGuards 2
                        CircuitBuildTimeout 30 seconds
                        """)
                .client()
                .dataDirectory())
                .isEqualTo(Path.of("/nowhere"));
    }

    @Test
    void takesOneOutboundAddressOfEachFamily() throws Exception {
        of("OutboundBindAddress 127.0.0.1\nOutboundBindAddress [::1]\nOutboundBindAddressOR 127.0.0.2\n").client();
        assertThatThrownBy(() -> of("OutboundBindAddress 127.0.0.1\nOutboundBindAddress 127.0.0.2\n").client())
                .hasMessageContaining(":2: ")
                .hasMessageContaining("Multiple IPv4 outbound bind addresses configured: 127.0.0.2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AlternateDirAuthority nonsense", "OutboundBindAddress localhost", "OutboundBindAddressOR 127.0.0.1:80",
                "DirAuthority nonsense", "FallbackDir 1.2.3.4", "EntryNodes $12", "ReachableAddresses maybe *:80",
                "ClientOnionAuthDir /nowhere/at/all", "Log loud stdout", "SocksPort x", "NATDPort 8080", "LongLivedPorts 21,http"
            })
    void saysWhichLineIsWrong(String line) {
        assertThatThrownBy(() -> {
                    ConfigMapper mapper = of("\n" + line + "\n");
                    mapper.client();
                    mapper.logs(0);
                })
                .isInstanceOf(TorException.class)
                .hasMessageMatching("(?s)(standard input:2: .*|LongLivedPorts: .*)");
    }

    @Test
    void mapsBridgesIfTheyAreUsed() throws Exception {
        String id = "364E6660D937791D859E6B837BA4FFF2DC92A3E0";
        String lines = "Bridge 192.0.2.1:443 " + id + "\nBridge [2001:db8::1]:9001\n";
        assertThat(of(lines + "UseBridges 1").client().toBuilder().bridge("192.0.2.9").build()).isNotNull();
        assertThat(of(lines).client().toBuilder().entryNodes(id).build()).as("not used").isNotNull();
        assertThatThrownBy(() -> of(lines + "UseBridges 1").client().toBuilder().entryNodes(id).build())
                .hasMessageContaining("bridges and EntryNodes");
        assertThatThrownBy(() -> of("Bridge nonsense:1 " + id).client())
                .hasMessageContaining("standard input:1: Bridge: ").hasMessageNotContaining(id);
    }

    @Test
    void leavesOutBridgesThatNeedATransportAndSaysSo() throws Exception {
        List<String> warnings = new ArrayList<>();
        String obfs4 = "Bridge obfs4 192.0.2.1:443 cert=x iat-mode=0\n";
        Settings settings = Configuration.read(
                        CommandLine.parse("-f", "-"), "UseBridges 1\n" + obfs4 + "Bridge 192.0.2.2\nBridge 192.0.2.2\n"
                                + "UpdateBridgesFromAuthority 1\n")
                .settings();
        new ConfigMapper(settings, warnings).client();
        assertThat(warnings).hasSize(3)
                .anyMatch(w -> w.startsWith("standard input:2: ") && w.contains("transport called obfs4"))
                .anyMatch(w -> w.startsWith("standard input:4: ") && w.contains("same address"))
                .anyMatch(w -> w.startsWith("UpdateBridgesFromAuthority is 1"))
                .allMatch(w -> !w.contains("192.0.2"));
        assertThatThrownBy(() -> of("UseBridges 1\n" + obfs4).client())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("none of the Bridge lines can be used");
    }

    @Test
    void looksUpCountriesInTheFilesThatAreNamed(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("ranges"), "2130706432,2147483647,XX\n");
        String files = "GeoIPFile " + file + "\nGeoIPv6File " + file + ".6\n";
        assertThatThrownBy(() -> of(files + "ExitNodes {xx}").client()).hasMessageContaining("GeoIPv6File");
        Files.writeString(folder.resolve("ranges.6"), "::1,::1,YY\n");
        assertThat(of(files + "ExitNodes {xx},{yy}\nExcludeNodes {??}").client()).isNotNull();
        assertThatThrownBy(() -> of(files + "ExitNodes {zz}").client()).hasMessageContaining("{zz} is not known");
        assertThatThrownBy(() -> of("GeoIPFile /nowhere/geoip\nMiddleNodes {xx}").client())
                .hasMessageContaining("/nowhere/geoip").hasMessageContaining("tor-geoipdb");
        assertThat(of("GeoIPFile /nowhere/geoip").client()).as("nothing to look up").isNotNull();
        assertThatThrownBy(() -> of("GeoIPFile /nowhere/geoip\nGeoIPExcludeUnknown 1").client())
                .hasMessageContaining("/nowhere/geoip");
    }

    @Test
    void keepsAsManyLayersOfVanguardsAsIsSaid() throws Exception {
        assertThat(of("").vanguards().mode()).isEqualTo(VanguardSettings.Mode.AUTO);
        assertThat(of("VanguardsLiteEnabled 0").vanguards().mode()).isEqualTo(VanguardSettings.Mode.OFF);
        assertThat(of("VanguardsLiteEnabled 1").vanguards().mode()).isEqualTo(VanguardSettings.Mode.LITE);
        assertThat(of("VanguardsEnabled 1\nVanguardsLiteEnabled 0").vanguards().mode()).isEqualTo(VanguardSettings.Mode.FULL);
    }

    @Test
    void givesUpTheAnonymityOfServicesOnlyIfBothOptionsSaySoAndNobodyUsesTheClient() throws Exception {
        String both = "HiddenServiceSingleHopMode 1\nHiddenServiceNonAnonymousMode 1\n";
        assertThat(of(both + "SocksPort 0").client()).isNotNull();
        assertThatThrownBy(() -> of(both).client()).hasMessageContaining("DNSPort to 0");
        assertThatThrownBy(() -> of("SocksPort 0\nHiddenServiceSingleHopMode 1").client())
                .hasMessageContaining("must be used with HiddenServiceNonAnonymousMode");
        assertThatThrownBy(() -> of("SocksPort 0\nHiddenServiceNonAnonymousMode 1").client())
                .hasMessageContaining("must be used with HiddenServiceSingleHopMode");
    }

    @Test
    void keepsMaxMemInQueuesWithinWhatTheHeapCanGive() throws Exception {
        List<String> warnings = new ArrayList<>();
        for (String size : List.of("2 MB", "0", "100 KB", "4000 GB")) {
            Settings settings = Configuration.read(CommandLine.parse("-f", "-"), "MaxMemInQueues " + size).settings();
            assertThat(new ConfigMapper(settings, warnings).client()).isNotNull();
        }
        assertThat(warnings).hasSize(2).anyMatch(w -> w.contains("using 1048576."));
    }

    @Test
    void mapsWhatIsSaidOfThePool() throws Exception {
        assertThat(of("").pool()).isEqualTo(PoolSettings.DEFAULT);
        assertThat(of("""
                        SocksTimeout 50
                        CircuitStreamTimeout 20
                        MaxCircuitDirtiness 5 minutes
                        CircuitsAvailableTimeout 1 hour
                        NewCircuitPeriod 15 seconds
                        __DisablePredictedCircuits 1
                        MaxClientCircuitsPending 7
                        """)
                .pool())
                .isEqualTo(new PoolSettings(
                        Duration.ofSeconds(50), Duration.ofSeconds(20), Duration.ofMinutes(5), Duration.ofHours(1),
                        Duration.ofSeconds(15), false, 7));
        assertThat(of("MaxCircuitDirtiness 3").pool().maxCircuitDirtiness()).as("tor's least").hasSeconds(10);
    }

    @ParameterizedTest
    @CsvSource({
        "'', AUTO, HIGH_THROUGHPUT", "ConfluxEnabled auto, AUTO, HIGH_THROUGHPUT", "ConfluxEnabled 1, ON, HIGH_THROUGHPUT",
        "ConfluxEnabled 0, OFF, HIGH_THROUGHPUT", "ConfluxClientUX throughput, AUTO, HIGH_THROUGHPUT",
        "ConfluxClientUX latency, AUTO, MIN_LATENCY", "ConfluxClientUX latency_lowmem, AUTO, LOW_MEMORY_LATENCY",
        "ConfluxClientUX throughput_lowmem, AUTO, LOW_MEMORY_THROUGHPUT",
    })
    void mapsConflux(String line, ConfluxChoice.Mode mode, DesiredUx ux) throws Exception {
        assertThat(of(line).pool().conflux()).isEqualTo(new ConfluxChoice(mode, ux));
    }

    @ParameterizedTest
    @CsvSource({
        "'', NORMAL, false", "ConnectionPadding auto, NORMAL, false", "ConnectionPadding 1, NORMAL, true",
        "ConnectionPadding 0, OFF, false", "ReducedConnectionPadding 1, REDUCED, false",
    })
    void mapsPadding(String line, ChannelPadding.Mode mode, boolean forced) throws Exception {
        assertThat(of(line).padding()).isEqualTo(mode);
        assertThat(of(line).forcesPadding()).isEqualTo(forced);
        assertThat(of(line + "\nReducedConnectionPadding 1").padding())
                .isEqualTo(mode == ChannelPadding.Mode.OFF ? mode : ChannelPadding.Mode.REDUCED);
    }

    @Test
    void mapsRest() throws Exception {
        assertThat(of("").dormant()).isEqualTo(DormantSettings.DEFAULT);
        Duration day = Duration.ofDays(1);
        assertThat(of("DormantTimeoutEnabled 0").dormant()).isEqualTo(new DormantSettings(false, day, true, false, false));
        assertThat(of("DormantClientTimeout 2 hours").dormant())
                .isEqualTo(new DormantSettings(true, Duration.ofHours(2), true, false, false));
        assertThat(of("DormantTimeoutDisabledByIdleStreams 0").dormant())
                .isEqualTo(new DormantSettings(true, day, false, false, false));
        assertThat(of("DormantOnFirstStartup 1").dormant()).isEqualTo(new DormantSettings(true, day, true, true, false));
        assertThat(of("DormantCanceledByStartup 1").dormant()).isEqualTo(new DormantSettings(true, day, true, false, true));
    }

    /** Each option for itself: many are alike, and easily taken for one another. */
    @Test
    void mapsPaths() throws Exception {
        PathSettings usual = PathSettings.DEFAULT;
        RelaySet some = RelaySet.parse("some");
        assertThat(of("").paths()).isEqualTo(usual);
        assertThat(of("EntryNodes some").paths()).isEqualTo(usual.withEntryNodes(some));
        assertThat(of("ExitNodes some").paths()).isEqualTo(usual.withExitNodes(some));
        assertThat(of("MiddleNodes some").paths()).isEqualTo(usual.withMiddleNodes(some));
        assertThat(of("ExcludeNodes some").paths()).isEqualTo(usual.withExcluded(some, RelaySet.EMPTY));
        assertThat(of("ExcludeExitNodes some").paths()).isEqualTo(usual.withExcluded(RelaySet.EMPTY, some));
        assertThat(of("StrictNodes 1").paths()).isEqualTo(usual.withStrictNodes(true));
        assertThat(of("EnforceDistinctSubnets 0").paths()).isEqualTo(usual.withDistinctSubnets(false));
        assertThat(of("UseEntryGuards 0").paths()).isEqualTo(usual.withGuards(false, 0));
        assertThat(of("NumEntryGuards 2").paths()).isEqualTo(usual.withGuards(true, 2));
        assertThat(of("ClientUseIPv4 0").paths().clientUseIpv4()).isFalse();
        assertThat(of("ClientUseIPv6 0").paths()).isEqualTo(usual.withReach(true, false, AddressPolicy.ACCEPT_ALL));
        assertThat(of("LearnCircuitBuildTimeout 0").paths()).isEqualTo(usual.withBuildTimeout(false, null));
        assertThat(of("CircuitBuildTimeout 30").paths()).isEqualTo(usual.withBuildTimeout(true, Duration.ofSeconds(30)));
        PathSettings numbers = of("NumDirectoryGuards 4\nNumPrimaryGuards 5\nGuardLifetime 40 days").paths();
        assertThat(numbers.numDirectoryGuards()).isEqualTo(4);
        assertThat(numbers.numPrimaryGuards()).isEqualTo(5);
        assertThat(numbers.numEntryGuards()).isZero();
        assertThat(numbers.guardLifetime()).isEqualTo(Duration.ofDays(40));
    }

    @Test
    void mapsWhichRelaysMayBeVanguards() throws Exception {
        assertThat(of("HSLayer2Nodes some").vanguards())
                .isEqualTo(new VanguardSettings(VanguardSettings.Mode.AUTO, RelaySet.parse("some"), RelaySet.EMPTY));
        assertThat(of("HSLayer3Nodes some").vanguards())
                .isEqualTo(new VanguardSettings(VanguardSettings.Mode.AUTO, RelaySet.EMPTY, RelaySet.parse("some")));
    }

    @Test
    void mapsLongLivedPorts() throws Exception {
        assertThat(of("").paths().longLivedPorts()).isEqualTo(PathSettings.DEFAULT.longLivedPorts());
        assertThat(of("LongLivedPorts 5000,6000").paths().longLivedPorts()).isEqualTo(PathSettings.ports(5000, 6000));
    }

    @Test
    void readsTheFolderOfOnionClientKeys(@TempDir Path folder) throws Exception {
        Files.writeString(
                folder.resolve("a.auth_private"),
                "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid:descriptor:x25519:"
                        + "SDZNMD4RP4SCH4EYTTUZPFRZINNFWAOPPKZ6BINZAC7LREV24RBQ");
        assertThat(of("ClientOnionAuthDir " + folder).client()).isNotNull();
    }

    @Test
    void refusesContradictions() {
        assertThatThrownBy(() -> of("TestingTorNetwork 1").client()).hasMessageContaining("non-default set of DirAuthority");
        assertThatThrownBy(() -> of("ClientUseIPv4 0\nClientUseIPv6 0").client()).hasMessageContaining("ClientUseIPv4");
    }
}
