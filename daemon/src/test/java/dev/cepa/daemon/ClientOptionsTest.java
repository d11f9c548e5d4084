package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.TorConfig;
import dev.cepa.channel.LinkSettings;
import dev.cepa.channel.OutboundProxy;
import dev.cepa.channel.OutboundProxy.Kind;
import dev.cepa.directory.BootstrapSettings;
import dev.cepa.error.TorException;
import dev.cepa.path.PathBiasSettings;
import dev.cepa.path.PathTuning;
import dev.cepa.proxy.ListenerKind;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of options of clients. */
class ClientOptionsTest {
    private static ConfigMapper of(String torrc) throws TorException {
        return new ConfigMapper(Configuration.read(CommandLine.parse("-f", "-"), torrc).settings(), new ArrayList<>());
    }

    private static PathTuning tuning(String torrc) throws TorException {
        return of(torrc).paths().tuning();
    }

    @Test
    void mapsLinks() throws Exception {
        assertThat(of("").links()).isEqualTo(LinkSettings.DEFAULT);
        assertThat(of("BandwidthRate 1 GB\nBandwidthBurst 1 GB").links()).isEqualTo(LinkSettings.DEFAULT);
        assertThat(of("""
                        KeepalivePeriod 1 minute
                        BandwidthRate 100 KB
                        BandwidthBurst 200 KB
                        CountPrivateBandwidth 1
                        ConstrainedSockets 1
                        ConstrainedSockSize 4 KB
                        """)
                .links())
                .isEqualTo(new LinkSettings(Duration.ofMinutes(1), 102_400, 204_800, true, 4096));
        assertThat(of("ConstrainedSockSize 4 KB").links()).as("no sockets are constrained").isEqualTo(LinkSettings.DEFAULT);
        assertThat(of("BandwidthRate 100 KB").links().burst()).as("C tor's default").isEqualTo(1L << 30);
    }

    @Test
    void constrainsTheSocketsOfProgramsToo() throws Exception {
        Settings settings = Configuration.read(CommandLine.parse("-f", "-"), "ConstrainedSockets 1").settings();
        ListenerLines lines = new ListenerLines(settings, new ArrayList<>());
        assertThat(lines.ports(ListenerKind.SOCKS).getFirst().settings().socketBuffer()).isEqualTo(8192);
    }

    @ParameterizedTest
    @CsvSource({
        "'', false", "ClientPreferIPv6ORPort auto, false", "ClientPreferIPv6ORPort 1, true", "ClientPreferIPv6ORPort 0, false",
        "'ClientPreferIPv6ORPort 1\nClientUseIPv6 0', false", "ClientUseIPv4 0, true"
    })
    void prefersIpv6AsCTorDoes(String torrc, boolean preferred) throws Exception {
        assertThat(tuning(torrc.replace("\\n", "\n")).preferIpv6()).isEqualTo(preferred);
    }

    @Test
    void mapsFamilies() throws Exception {
        assertThat(tuning("")).isEqualTo(PathTuning.DEFAULT);
        assertThat(tuning("NodeFamily a,b\nNodeFamily 10.0.0.0/8").families()).hasSize(2);
        assertThatThrownBy(() -> of("\nNodeFamily $12").paths()).hasMessageContaining("input:2: ");
    }

    @Test
    void mapsHowManyPathsMustBeKnown() throws Exception {
        assertThat(tuning("PathsNeededToBuildCircuits 0.5").pathsNeeded()).isEqualTo(0.5);
        assertThat(tuning("PathsNeededToBuildCircuits 0.1").pathsNeeded()).isEqualTo(0.25);
        assertThat(tuning("PathsNeededToBuildCircuits 1.0").pathsNeeded()).isEqualTo(0.95);
        assertThat(tuning("PathsNeededToBuildCircuits -1").pathsNeeded()).isZero();
    }

    @Test
    void mapsPathBias() throws Exception {
        assertThat(tuning("""
                        PathBiasCircThreshold 10
                        PathBiasNoticeRate 0.7
                        PathBiasWarnRate 0.6
                        PathBiasExtremeRate 0.5
                        PathBiasDropGuards 1
                        PathBiasScaleThreshold 20
                        PathBiasUseThreshold 5
                        PathBiasNoticeUseRate 0.4
                        PathBiasExtremeUseRate 0.3
                        PathBiasScaleUseThreshold 30
                        """)
                .bias())
                .isEqualTo(new PathBiasSettings(10, 0.7, 0.6, 0.5, 1, 20, 5, 0.4, 0.3, 30));
        assertThat(tuning("PathBiasDropGuards auto").bias().dropGuards()).isEqualTo(-1);
    }

    @Test
    void mapsTheFirstConsensus() throws Exception {
        assertThat(of("").firstConsensus()).isEqualTo(BootstrapSettings.DEFAULT);
        assertThat(of("""
                        ClientBootstrapConsensusAuthorityDownloadInitialDelay 9, 20, 60
                        ClientBootstrapConsensusAuthorityOnlyDownloadInitialDelay 2
                        ClientBootstrapConsensusFallbackDownloadInitialDelay 1
                        ClientBootstrapConsensusMaxInProgressTries 5
                        """)
                .firstConsensus())
                .isEqualTo(new BootstrapSettings(Duration.ofSeconds(1), Duration.ofSeconds(9), Duration.ofSeconds(2), 5));
    }

    @Test
    void mapsOnionDescriptorsAndNames() throws Exception {
        TorConfig usual = of("").client();
        assertThat(usual.onions().fetches()).isTrue();
        assertThat(usual.onions().publishes()).isTrue();
        TorConfig none = of("FetchHidServDescriptors 0\nPublishHidServDescriptors 0\nAllowNonRFC953Hostnames 1").client();
        assertThat(none.onions().fetches()).isFalse();
        assertThat(none.onions().publishes()).isFalse();
        assertThat(none.requestRules().anyName()).isTrue();
        assertThat(usual.requestRules().anyName()).isFalse();
    }

    @Test
    void mapsProxies() throws Exception {
        assertThat(proxy("")).isNull();
        assertThat(proxy("Socks4Proxy 192.0.2.1")).isEqualTo(
                new OutboundProxy(Kind.SOCKS4, new InetSocketAddress("192.0.2.1", 1080), "", ""));
        assertThat(proxy("Socks5Proxy [2001:db8::1]:9\nSocks5ProxyUsername u\nSocks5ProxyPassword p")).isEqualTo(
                new OutboundProxy(Kind.SOCKS5, new InetSocketAddress("2001:db8::1", 9), "u", "p"));
        assertThat(proxy("HTTPSProxy localhost:8080\nHTTPSProxyAuthenticator a:b:c")).isEqualTo(
                new OutboundProxy(Kind.HTTP_CONNECT, new InetSocketAddress("localhost", 8080), "a", "b:c"));
        for (String bad : List.of("Socks4Proxy 192.0.2.1:0", "Socks5Proxy a b:1", "HTTPSProxy :80", "HTTPSProxy nowhere.invalid")) {
            assertThatThrownBy(() -> of("\n" + bad).client()).as(bad).hasMessageContaining("input:2: ").hasMessageContaining("Please fix");
        }
        assertThatThrownBy(() -> of("Socks4Proxy 192.0.2.1\nHTTPSProxy 192.0.2.1")).hasMessageContaining("more than one proxy type");
    }

    private static OutboundProxy proxy(String torrc) throws TorException {
        return ProxyLine.read(Configuration.read(CommandLine.parse("-f", "-"), torrc).settings());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "UseGuardFraction 0", "UseMicrodescriptors 1", "FetchUselessDescriptors 1", "DownloadExtraInfo 1", "FetchDirInfoEarly 1",
        "MaxConsensusAgeForDiffs 1 hour", "MaxHSDirCacheBytes 1 MB", "MinimalAcceptedServerVersion 0.4.9.1", "RefuseUnknownExits 0",
        "HiddenServiceStatistics 0", "HardwareAccel 1", "AccelName x", "AccelDir /nowhere", "ExtendByEd25519ID 1",
        "OutboundBindAddressExit 192.0.2.1", "CircuitPriorityHalflife 30", "KISTSchedRunInterval 10 msec", "KISTSockBufSizeFactor 2.0",
        "Schedulers Vanilla", "ClientPreferIPv6DirPort 1", "ReachableDirAddresses *:80", "DirAuthorityFallbackRate 0.5",
        "TokenBucketRefillInterval 10 msec", "FetchServerDescriptors 0", "HTTPProxy 127.0.0.1:80", "CompiledProofOfWorkHash 0"
    })
    void saysOfWhatMakesNoDifferenceThatItHasNone(String line) throws Exception {
        Configuration read = Configuration.read(CommandLine.parse("-f", "-"), line);
        assertThat(read.notices()).anyMatch(notice -> notice.contains("no effect") && notice.contains(line.split(" ")[0]));
        assertThat(read.warnings()).noneMatch(warning -> warning.contains("not supported"));
    }

    @Test
    void noOptionIsBothWorkingAndWithoutDifference() {
        List<Option> options = OptionTable.load().settable();
        assertThat(options).filteredOn(option -> option.need() == Option.Need.WORKS)
                .allMatch(option -> option.flags().indexOf('c') < 0);
    }
}
