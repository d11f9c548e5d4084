package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.ArrayList;
import java.util.Random;
import java.time.InstantSource;
import dev.cepa.path.PathSettings;
import dev.cepa.path.RelaySet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryServersTest {
    private static final String FINGERPRINT = "194F17814834ADB29FCF0005BE9067477433F10F";

    @Test
    void nineAuthoritiesSignThePublicConsensus() {
        List<DirectoryAuthority> authorities = PublicNetwork.authorities();
        assertThat(authorities).hasSize(9).allSatisfy(authority -> {
            assertThat(authority.v3Ident()).isNotNull();
            assertThat(authority.toHop()).isNotNull();
        });
        Set<RsaId> identities = new HashSet<>();
        authorities.forEach(authority -> identities.add(authority.v3Ident()));
        assertThat(identities).hasSize(9);
        DirectoryAuthority maatuska = authorities.get(5);
        assertThat(maatuska.nickname()).isEqualTo("maatuska");
        assertThat(maatuska.orAddress().getPort()).isEqualTo(80);
        assertThat(maatuska.dirAddress().getPort()).isEqualTo(443);
        assertThat(maatuska.v3Ident()).hasToString("49015F787433103580E3B66A1707A00E60F2D15B");
    }

    @Test
    void twoHundredFallbackDirectoriesAreBuiltIn() {
        List<FallbackDirectory> fallbacks = PublicNetwork.fallbacks();
        assertThat(fallbacks).hasSize(200).allSatisfy(fallback -> {
            assertThat(fallback.ed25519Id()).isNotNull();
            assertThat(fallback.nickname()).isNotEmpty();
            assertThat(fallback.toHop().link().addresses()).isNotEmpty();
        });
        assertThat(fallbacks).extracting(FallbackDirectory::rsaId).doesNotHaveDuplicates();
        assertThat(fallbacks).filteredOn(fallback -> fallback.ipv6() != null).hasSizeGreaterThan(50);
    }

    @Test
    void readsDirAuthorityOfAPrivateNetwork() throws Exception {
        DirectoryAuthority authority = DirectoryAuthority.parse(
                "auth0 orport=21001 v3ident=EFDF9D116A649AD3DF2BF040C11D3C62C904CD1E 127.0.0.1:21002 " + FINGERPRINT);
        assertThat(authority.nickname()).isEqualTo("auth0");
        assertThat(authority.relayId()).isEqualTo(RsaId.ofHex(FINGERPRINT));
        assertThat(authority.orAddress()).isEqualTo(new InetSocketAddress(loopback(), 21001));
        assertThat(authority.dirAddress()).isEqualTo(new InetSocketAddress(loopback(), 21002));
        assertThat(authority.ipv6()).isNull();
        assertThat(authority.toHop().ntorKey()).isNull();
    }

    @Test
    void dirAuthorityMayLackANicknameAndHaveSpacesInItsFingerprint() throws Exception {
        DirectoryAuthority authority = DirectoryAuthority.parse(
                "OrPort=9001 bridge weight=2.0 upload=http://10.0.0.1:80/ ipv6=[2001:db8::1]:9002 10.1.2.3:9030 "
                        + "194F 1781 4834 ADB2 9FCF 0005 BE90 6747 7433 F10F");
        assertThat(authority.nickname()).isEmpty();
        assertThat(authority.v3Ident()).isNull();
        assertThat(authority.relayId()).isEqualTo(RsaId.ofHex(FINGERPRINT));
        assertThat(authority.ipv6().getPort()).isEqualTo(9002);
        assertThat(authority.toHop().link().addresses()).hasSize(2);
    }

    @Test
    void authorityWithoutAnOnionRouterPortIsNoDirectoryServer() throws Exception {
        assertThat(DirectoryAuthority.parse("a 10.1.2.3:80 " + FINGERPRINT).toHop()).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock = """
            ''                                              | address:port and a fingerprint
            a orport=1                                      | address:port and a fingerprint
            a 10.0.0.1:80                                   | address:port and a fingerprint
            a orport=x 10.0.0.1:80 F                        | "x" is not a valid port
            a orport=0 10.0.0.1:80 F                        | "0" is not a valid port
            a 10.0.0.1:80 194F17                            | 40 hexadecimal digits
            a 10.0.0.1:80 194F17814834ADB29FCF0005BE9067477433F1xx | not hexadecimal
            a 10.0.0:80 194F17814834ADB29FCF0005BE9067477433F10F   | not a valid address
            a 10.0.0.1 194F17814834ADB29FCF0005BE9067477433F10F    | not a valid address and port
            a v3ident=12 10.0.0.1:80 194F17814834ADB29FCF0005BE9067477433F10F | v3ident of DirAuthority
            a ipv6=10.0.0.1:1 10.0.0.1:80 194F17814834ADB29FCF0005BE9067477433F10F | not an IPv6 address
            a colour=red 10.0.0.1:80 194F17814834ADB29FCF0005BE9067477433F10F | unknown flag "colour=red"
            """)
    void dirAuthorityErrorsSayWhatIsWrong(String line, String message) {
        assertThatThrownBy(() -> DirectoryAuthority.parse(line))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG))
                .hasMessageContaining(message);
    }

    @Test
    void readsFallbackDirAsCTorWritesIt() throws Exception {
        FallbackDirectory fallback = FallbackDirectory.parse(
                "10.1.2.3:80 orport=443 id=" + FINGERPRINT + " ipv6=[2001:db8::1]:444 weight=10 future=thing");
        assertThat(fallback.orAddress().getPort()).isEqualTo(443);
        assertThat(fallback.ipv6().getPort()).isEqualTo(444);
        assertThat(fallback.rsaId()).hasToString(FINGERPRINT);
        assertThat(fallback.ed25519Id()).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock = """
            10.1.2.3:80 orport=443                                          | lacks id=fingerprint
            10.1.2.3:80 id=194F17814834ADB29FCF0005BE9067477433F10F         | lacks orport=port
            orport=443 id=194F17814834ADB29FCF0005BE9067477433F10F          | lacks an address
            a b orport=443 id=194F17814834ADB29FCF0005BE9067477433F10F      | two addresses
            example.com orport=1 id=194F17814834ADB29FCF0005BE9067477433F10F | not a valid address
            1.2.3.4 orport=1 id=194F17814834ADB29FCF0005BE9067477433F10F ed25519=AAAA | no base64 of 32 bytes
            """)
    void fallbackDirErrorsSayWhatIsWrong(String line, String message) {
        assertThatThrownBy(() -> FallbackDirectory.parse(line))
                .isInstanceOf(TorException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"::", "::1", "1::", "2001:db8::1:0", "1:2:3:4:5:6:7:8", "fe80::a:b", "2A02:16a8:662:2203::1", "1::8",
                "1:2:3:4:5:6:7::"})
    void readsIpv6AddressesAsJavaDoes(String text) throws Exception {
        assertThat(IpLiteral.socketAddress("[" + text + "]:443", -1).getAddress()).isEqualTo(InetAddress.getByName(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[1:2:3:4:5:6:7]:1", "[1:2:3:4:5:6:7:8:9]:1", "[::1::2]:1", "[:1]:1", "[1:]:1", "[12345::]:1", "[g::]:1",
                "[::1:1", "::1", "[::1]", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:0", "1.2.3.256:1", "1.2.3.4.5:1", "1.2..4:1",
                "localhost:1", "[::1]x:1", "[]:1", "1.2.3.4:-1", "1.2.3.4:+1", "", ":1", "[1:2:3:4:5:6:7:8::]:1"
            })
    void refusesWhatIsNoAddress(String text) {
        assertThatThrownBy(() -> IpLiteral.socketAddress(text, -1)).isInstanceOf(TorException.class);
    }

    private static InetAddress loopback() throws Exception {
        return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    }

    @Test
    void excludedServersAreAskedOnlyWhenThereIsNoOther() throws Exception {
        List<FallbackDirectory> fallbacks = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            fallbacks.add(FallbackDirectory.parse("10." + i + ".0.1 orport=443 id=" + String.valueOf(i).repeat(40)));
        }
        DirectoryServers servers = new DirectoryServers(
                DirectorySettings.DEFAULT.withNetwork(List.of(), fallbacks), InstantSource.system(), new Random(1));
        PathSettings settings = PathSettings.DEFAULT.withExcluded(RelaySet.parse("10.1.0.0/16,$" + "2".repeat(40)), RelaySet.EMPTY);
        servers.setPathSettings(settings);
        RsaId allowed = RsaId.ofHex("3".repeat(40));
        for (int i = 0; i < 20; i++) {
            assertThat(servers.fallback(Set.of()).link().rsaId()).isEqualTo(allowed);
        }
        assertThat(servers.fallback(Set.of(allowed))).isNotNull();
        servers.setPathSettings(settings.withStrictNodes(true));
        assertThat(servers.fallback(Set.of(allowed))).isNull();
    }
}
