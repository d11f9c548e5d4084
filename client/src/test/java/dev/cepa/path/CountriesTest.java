package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The lines are as Debian's tor-geoipdb has them. */
class CountriesTest {
    private static final String IPV4 = """
            # This file has been converted from the IPFire Location database
            #
            15726992,15726999,??
            16777216,16777471,AU
            16777472,16778239,CN
            16778240,16779263,AU
            4294967040,4294967295,DE
            """;
    private static final String IPV6 = """
            # Generated: Thu, 25 Jun 2026 04:33:59 GMT
            2001::,2001:0:ffff:ffff:ffff:ffff:ffff:ffff,??
            2001:2::,2001:2:0:ffff:ffff:ffff:ffff:ffff,JP
            2001:4:112::,2001:4:112:ffff:ffff:ffff:ffff:ffff,US
            2001:506:8::,2001:506:9::3,US
            2001:506:9::4,2001:506:9::5,BR
            """;

    @TempDir
    Path folder;

    private CountryFiles files;

    @BeforeEach
    void write() throws IOException {
        files = files(IPV4, IPV6);
    }

    private CountryFiles files(String ipv4, String ipv6) throws IOException {
        return new CountryFiles(
                Files.writeString(folder.resolve("geoip"), ipv4), Files.writeString(folder.resolve("geoip6"), ipv6),
                CountryFiles.ExcludeUnknown.AUTO);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "none", value = {
        "1.0.0.0, au", "1.0.0.255, au", "1.0.1.0, cn", "1.0.4.0, au", "0.239.247.128, none", "255.255.255.255, de",
        "2001:2::1, jp", "2001:4:112::, us", "2001:506:9::4, br", "2001:506:9::6, none", "2001::1, ??"
    })
    void findsTheCountryOfOneAddress(String address, String country) throws Exception {
        assertThat(CountryLookup.countryOf(files, InetAddress.getByName(address))).isEqualTo(country);
    }

    @Test
    void withoutAFileNoCountryIsFound() throws Exception {
        InetAddress address = InetAddress.getByName("1.0.0.1");
        CountryFiles none = new CountryFiles(folder.resolve("nothing"), null, CountryFiles.ExcludeUnknown.AUTO);
        assertThatThrownBy(() -> CountryLookup.countryOf(none, address)).isInstanceOf(TorException.class);
        assertThat(CountryLookup.countryOf(none, InetAddress.getByName("2001:2::1"))).isNull();
    }

    private static String of(Countries countries, String address) throws IOException {
        return countries.of(List.of(new InetSocketAddress(InetAddress.getByAddress(AddressPattern.literal(address)), 443)));
    }

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0, ??", "0.239.249.144, ??", "0.255.255.255, ??", "1.0.0.0, au", "1.0.0.255, au", "1.0.1.0, cn",
        "1.0.3.255, cn", "1.0.4.0, au", "1.0.7.255, au", "1.0.8.0, ??", "255.255.254.255, ??", "255.255.255.0, ''",
        "255.255.255.255, ''", "2001::1, ??", "2001:1:ffff::, ??", "2001:2::, jp", "2001:2:0:ffff::1, jp", "2001:2:1::, ??",
        "2001:4:112::8, ??", "2001:506:9::3, ??", "2001:506:9::4, br", "2001:506:9::6, ??", "ffff::, ??",
    })
    void tellsTheNamedCountriesFromOthersAndFromNone(String address, String country) throws Exception {
        Countries countries = Countries.load(files, Set.of("au", "cn", "jp", "br", "??"));
        assertThat(of(countries, address)).isEqualTo(country);
    }

    @Test
    void keepsNothingOfOthersUnlessTheUnknownCountryIsNamed() throws Exception {
        Countries countries = Countries.load(files, Set.of("cn"));
        assertThat(of(countries, "1.0.1.0")).isEqualTo("cn");
        assertThat(of(countries, "1.0.4.0")).isEqualTo(Countries.UNKNOWN);
        CountryTable table = new CountryFile(files.ipv4(), false, new Countries.Codes(List.of("cn"))).read();
        assertThat(table.size()).as("where it begins and where it ends").isEqualTo(2);
    }

    @Test
    void agreesWithALookThroughAllRanges() throws Exception {
        Random random = new Random(1);
        long[] starts = random.longs(200, 0, 1L << 32).sorted().distinct().toArray();
        String[] codes = {"AA", "BB", "CC", "??"};
        String[] of = new String[starts.length];
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i + 1 < starts.length; i++) {
            int which = random.nextInt(5); // 4 leaves a gap
            of[i] = which == 4 ? "??" : codes[which].toLowerCase();
            if (which < 4) {
                lines.append("\"" + starts[i] + "\",\"" + (starts[i + 1] - 1) + "\",\"" + codes[which] + "\",\"X\"\r\n");
            }
        }
        Countries countries = Countries.load(files(lines.toString(), ""), Set.of("aa", "bb", "??"));
        for (int i = 0; i + 1 < starts.length; i++) {
            for (long address : new long[] {starts[i], random.nextLong(starts[i], starts[i + 1]), starts[i + 1] - 1}) {
                byte[] bytes = {(byte) (address >> 24), (byte) (address >> 16), (byte) (address >> 8), (byte) address};
                assertThat(countries.of(List.of(new InetSocketAddress(InetAddress.getByAddress(bytes), 1)))).isEqualTo(of[i].equals("cc") ? "" : of[i]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "16777216,16777471", "16777216,16777471,A", "16777216,16777471,AUS", "16777216;16777471;AU", "1.0.0.0,1.0.0.255,AU",
        "4294967296,4294967297,AU", ",16777471,AU", "-1,16777471,AU", "nonsense",
    })
    void namesTheLineThatIsNoRange(String line) throws Exception {
        assertRefused(files(IPV4 + "\n" + line, ""), "au", "geoip: line 9 is no range");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "2001:2,2001:3,JP", "::1::,2001::,JP", "2001:2::,JP", "12345::,2001::,JP", "1:2:3:4:5:6:7:8:9,2001::,JP",
        "1:2:3:4:5:6:7:8::,2001::,JP", "2001:,2002::,JP", "2001:x::,2002::,JP",
    })
    void namesTheLineThatIsNoRangeOfIpv6(String line) throws Exception {
        assertRefused(files(IPV4, line), "au", "geoip6: line 1 is no range");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1,2,AU", "16779263,16779264,AU", "16779266,16779265,AU"})
    void refusesRangesOutOfOrder(String line) throws Exception {
        assertRefused(
                files("16777216,16777471,AU\n16778240,16779263,AU\n" + line, ""), "au", "line 3 is not in ascending order");
    }

    @Test
    void refusesACountryThatNoAddressIsIn() throws Exception {
        assertRefused(files, "xx", "country code {xx} is not known");
        assertThat(Countries.load(files, Set.of("a1"))).as("a1 may be missing").isNotNull();
    }

    @Test
    void saysWhereToGetAMissingFile() throws Exception {
        Files.delete(files.ipv4());
        assertRefused(files, "au", "install the package tor-geoipdb");
        assertRefused(files, "au", "GeoIPFile");
        write();
        Files.delete(files.ipv6());
        assertRefused(files, "au", "GeoIPv6File");
    }

    private static void assertRefused(CountryFiles files, String country, String why) {
        assertThatThrownBy(() -> Countries.load(files, Set.of(country)))
                .hasMessageContaining(why)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG));
    }

    // ---- relays ----

    /** Relay 0 in cn, 1 in au, 2 unknown but for its IPv6 address in jp, 3 unknown, 4 in de. */
    private static SmallNet net() {
        SmallNet net = new SmallNet().many(5, SmallNet.EXIT, 10, 80);
        net.relays.get(0).ipv4 = SmallNet.address(1, 0, 1, 7, 9001);
        net.relays.get(1).ipv4 = SmallNet.address(1, 0, 5, 7, 9001);
        net.relays.get(2).ipv6 = new InetSocketAddress("2001:2::7", 9001);
        net.relays.get(4).ipv4 = SmallNet.address(255, 255, 255, 1, 9001);
        return net;
    }

    private BitSet named(PathSettings settings) throws TorException {
        return settings.located(files).exitNodes().resolve(net().dir());
    }

    @Test
    void relaySetsNameRelaysByCountry() throws Exception {
        PathSettings settings = PathSettings.DEFAULT;
        assertThat(named(settings.withExitNodes(RelaySet.parse("{CN}, relay3")))).isEqualTo(PathSettings.ports(0, 3));
        assertThat(named(settings.withExitNodes(RelaySet.parse("{jp},{de}")))).isEqualTo(PathSettings.ports(2, 4));
        assertThat(named(settings.withExitNodes(RelaySet.parse("{??}")))).isEqualTo(PathSettings.ports(2, 3));
    }

    @Test
    void filesAreReadOnlyIfACountryIsNamed() throws Exception {
        CountryFiles none = new CountryFiles(folder.resolve("none"), null, CountryFiles.ExcludeUnknown.AUTO);
        PathSettings settings = PathSettings.DEFAULT.withExitNodes(RelaySet.parse("relay1"));
        assertThat(settings.located(none)).isSameAs(settings);
        PathSettings located = settings.withEntryNodes(RelaySet.parse("{cn}")).located(files);
        assertThat(located.located(none)).as("once is enough").isSameAs(located);
    }

    @ParameterizedTest
    @CsvSource({"AUTO, '{cn}', 0 2 3", "AUTO, relay0, 0", "YES, relay0, 0 2 3", "NO, '{cn}', 0"})
    void excludingACountryExcludesWhatMayBeThere(CountryFiles.ExcludeUnknown mode, String list, String expected)
            throws Exception {
        PathSettings settings = PathSettings.DEFAULT.withExcluded(RelaySet.parse(list), RelaySet.EMPTY)
                .located(new CountryFiles(files.ipv4(), null, mode));
        BitSet excluded = settings.excludeNodes().resolve(net().dir());
        assertThat(excluded.stream().mapToObj(Integer::toString)).containsExactly(expected.split(" "));
    }

    @Test
    void namesServersThatAreInNoDirectory() throws Exception {
        RelaySet set = PathSettings.DEFAULT.withExitNodes(RelaySet.parse("{cn},relay9,5.0.0.0/8")).located(files).exitNodes();
        assertThat(set.contains(SmallNet.id(1), "", List.of(SmallNet.address(1, 0, 2, 0, 443)))).isTrue();
        assertThat(set.contains(SmallNet.id(1), "", List.of(SmallNet.address(1, 0, 0, 0, 443)))).isFalse();
        assertThat(set.contains(SmallNet.id(1), "Relay9", List.of())).isTrue();
        assertThat(set.contains(SmallNet.id(1), "", List.of(SmallNet.address(5, 9, 0, 0, 443)))).isTrue();
    }

    /** The file of IPv6 addresses has no others, so that an IPv6 address of one would seem to be unknown. */
    @Test
    void aServersIpv4AddressDecides() throws Exception {
        InetSocketAddress other6 = new InetSocketAddress("2001:4:112::1", 443);
        InetSocketAddress other4 = SmallNet.address(1, 0, 0, 0, 443);
        InetSocketAddress nowhere4 = SmallNet.address(5, 0, 0, 0, 443);
        InetSocketAddress japan6 = new InetSocketAddress("2001:2::7", 443);
        RelaySet set = PathSettings.DEFAULT
                .withExcluded(RelaySet.parse("{cn},{jp}"), RelaySet.EMPTY).located(files).excludeNodes();
        assertThat(set.contains(SmallNet.id(1), "", List.of(other6, other4))).isFalse();
        assertThat(set.contains(SmallNet.id(1), "", List.of(japan6, other4))).isFalse();
        assertThat(set.contains(SmallNet.id(1), "", List.of(nowhere4, japan6))).isTrue();
        assertThat(set.contains(SmallNet.id(1), "", List.of(nowhere4))).as("it may be there").isTrue();
    }
}
