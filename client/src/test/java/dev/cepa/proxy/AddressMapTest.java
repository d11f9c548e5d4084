package dev.cepa.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.HostText;
import dev.cepa.error.TorException;
import dev.cepa.proxy.AddressMapSettings.Mapping;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressMapTest {
    private static final AddressMapSettings D = AddressMapSettings.DEFAULT;

    private Instant now = Instant.EPOCH;
    private final AddressMap map = new AddressMap(() -> now, new Random(1));

    private static AddressMapSettings settings(boolean automap, String... pairs) throws TorException {
        List<Mapping> mappings = new ArrayList<>();
        for (int i = 0; i < pairs.length; i += 2) {
            mappings.add(Mapping.of(pairs[i], pairs[i + 1]));
        }
        return new AddressMapSettings(mappings, automap, D.suffixes(), D.ipv4(), D.ipv6());
    }

    @ParameterizedTest
    @CsvSource({
        "www.torproject.org, 203.0.113.1",
        "WWW.TorProject.ORG, 203.0.113.1",
        "torproject.org, torproject.org",
        "a.b.example.com, a.b.example.com.abcd.exit",
        "example.com, example.com.abcd.exit",
        "notexample.com, notexample.com",
        "x.one.test, www.one.test",
        "one.test, www.one.test",
        "other.one.test, exact.test",
        "2001:db8::2, 192.0.2.2",
        "circle.test, circle.test",
    })
    void followsMappingsAsCTorDoes(String host, String expected) throws Exception {
        map.configure(settings(
                false, "198.51.100.1", "203.0.113.1", "www.torproject.org", "192.0.2.1", "www.torproject.org", "198.51.100.1",
                "*.example.com", "*.example.com.abcd.exit", "*.one.test", "www.one.test", "other.one.test", "exact.test",
                "[2001:DB8:0::2]", "192.0.2.2", "www.one.test", "www.one.test", "circle.test", "square.test", "square.test",
                "circle.test"));
        assertThat(map.rewrite(host)).isEqualTo(expected);
    }

    @Test
    void refusesMappingsThatMakeNoSense() {
        for (String[] pair : new String[][] {
            {"www.torproject.org", "*.torproject.org"}, {"*ample.com", "a.com"}, {"a b", "c"}, {"a", ""}, {"*", "a"}
        }) {
            assertThatThrownBy(() -> Mapping.of(pair[0], pair[1])).isInstanceOf(TorException.class);
        }
    }

    @Test
    void takesMappingsWhileRunningUntilTheyExpire() throws Exception {
        map.configure(settings(false, "a.test", "b.test"));
        map.add(Mapping.of("a.test", "c.test"), Duration.ofSeconds(10));
        assertThat(map.rewrite("a.test")).isEqualTo("c.test");
        assertThat(map.mappings()).containsEntry("a.test", "c.test");
        now = now.plusSeconds(10);
        assertThat(map.rewrite("a.test")).isEqualTo("b.test");
        map.add(Mapping.of("d.test", "e.test"), null);
        map.configure(settings(false));
        assertThat(map.rewrite("d.test")).as("those stay").isEqualTo("e.test");
        map.remove("D.test");
        assertThat(map.rewrite("d.test")).isEqualTo("d.test");
    }

    @Test
    void makesUpAddressesForNamesOfCertainEndings() throws Exception {
        map.configure(settings(true));
        InetAddress four = map.automap("x.onion", false);
        InetAddress six = map.automap("x.onion", true);
        assertThat(four).isEqualTo(map.automap("x.onion", false)).isNotEqualTo(map.automap("y.onion", false));
        assertThat(six).isNotNull().extracting(a -> a.getAddress().length).isEqualTo(16);
        assertThat(map.automap("x.example", false)).isNull();
        assertThat(map.name(four)).isEqualTo("x.onion");
        assertThat(map.name(six)).isEqualTo("x.onion");
        assertThat(map.isVirtual(four) && map.isVirtual(six)).isTrue();
        map.configure(settings(false));
        assertThat(map.name(four)).as("forgotten when it is turned off").isNull();
    }

    @Test
    void boundsWhatItMakesUp() throws Exception {
        map.configure(settings(true));
        Set<String> seen = new HashSet<>();
        InetAddress first = map.automap("n0.onion", false);
        for (int i = 0; i < 40_000; i++) {
            InetAddress address = map.automap("n" + i + ".onion", i % 2 == 0);
            assertThat(address).isNotNull();
            seen.add(HostText.format(address.getAddress()));
            assertThat(map.name(address)).isEqualTo("n" + i + ".onion");
        }
        assertThat(seen).hasSizeGreaterThan(39_000);
        assertThat(map.name(first)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "127.192.0.0/10, false, true", "10.0.0.0/16, false, true", "10.0.0.0/17, false, false", "10.0.0.0, false, false",
        "[FE80::]/10, true, true", "fc00::/7, true, true", "[FE80::]/10, false, false", "10.0.0.0/x, false, false",
        "10.0.0.0/33, false, false", "'', false, false",
    })
    void readsNetworks(String text, boolean ipv6, boolean good) throws Exception {
        if (good) {
            VirtualNetwork network = VirtualNetwork.parse(text, ipv6);
            for (int i = 0; i < 100; i++) {
                assertThat(network.contains(network.draw(new Random(i)).getAddress())).isTrue();
            }
        } else {
            assertThatThrownBy(() -> VirtualNetwork.parse(text, ipv6)).isInstanceOf(TorException.class);
        }
    }

    @Test
    void tellsWhereEachMappingIsFrom() throws Exception {
        map.configure(settings(false, "a.test", "b.test"));
        map.add(Mapping.of("*.c.test", "*.d.test"), null);
        map.add(Mapping.of("e.test", "192.0.2.1"), Duration.ofMinutes(1));
        String made = HostText.format(map.virtualFor("f.test", false).getAddress());
        assertThat(map.entries()).containsExactly(
                new AddressMap.Entry("a.test", "b.test", AddressMap.Source.CONFIGURED, null),
                new AddressMap.Entry("*.c.test", "*.d.test", AddressMap.Source.ADDED, null),
                new AddressMap.Entry("e.test", "192.0.2.1", AddressMap.Source.ADDED, now.plusSeconds(60)),
                new AddressMap.Entry(made, "f.test", AddressMap.Source.MADE_UP, null));
        now = now.plusSeconds(60);
        assertThat(map.entries()).hasSize(3).noneMatch(entry -> entry.from().equals("e.test"));
    }

    @Test
    void makesUpANameThatStandsForAnother() throws Exception {
        String made = map.virtualNameFor("A.test");
        assertThat(made).matches("[a-z2-7]{16}\\.virtual");
        assertThat(map.rewrite(made)).isEqualTo("a.test");
        assertThat(map.virtualNameFor("a.test")).isEqualTo(made);
        assertThat(map.virtualNameFor("b.test")).isNotEqualTo(made);
        assertThatThrownBy(() -> map.virtualNameFor("a b")).isInstanceOf(TorException.class);
    }
}
