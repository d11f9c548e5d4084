package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RelaySetTest {
    private final SmallNet net = new SmallNet().many(5, SmallNet.RUNNING, 10);

    @Test
    void namesRelaysByFingerprintNicknameAndAddress() throws TorException {
        RelaySet set = RelaySet.parse(" $" + SmallNet.id(0) + "~whatever, RELAY2 ,10.3.0.0/16,192.0.2.1");

        BitSet named = set.resolve(net.dir());

        assertThat(named).isEqualTo(PathSettings.ports(0, 2, 3));
        assertThat(set.contains(net.dir(), 3)).isTrue();
        assertThat(set.contains(net.dir(), 4)).isFalse();
    }

    @Test
    void takesFingerprintsWithoutDollarAndInLowerCase() throws TorException {
        assertThat(RelaySet.parse(SmallNet.id(4).toString().toLowerCase()).resolve(net.dir())).isEqualTo(PathSettings.ports(4));
    }

    @Test
    void anEmptyListIsNoRestriction() throws TorException {
        assertThat(RelaySet.parse("  , ").isEmpty()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{d}", "{deu}", "{de", "{}", "{?d}", "{d-}", "{de}x"})
    void refusesWhatIsNoCountryCode(String text) {
        assertThatThrownBy(() -> RelaySet.parse(text))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG))
                .hasMessageContaining(text).hasMessageContaining("country code");
    }

    @ParameterizedTest
    @ValueSource(strings = {"no-such-thing", "$1234", "nicknameThatIsFarTooLong", "10.0.0.0/33", "300.1.1.1", "[::1", "::1/129"})
    void refusesWhatIsNoEntry(String text) {
        assertThatThrownBy(() -> RelaySet.parse(text)).isInstanceOf(TorException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.0/24:80-443, 192.0.2.9, 80, true",
        "192.0.2.0/24:80-443, 192.0.2.9, 79, false",
        "192.0.2.0/255.255.255.0:*, 192.0.2.9, 1, true",
        "192.0.2.0/25, 192.0.2.128, 1, false",
        "192.0.2.7, 192.0.2.7, 65535, true",
        "*:443, 2001:db8::1, 443, true",
        "*4:443, 2001:db8::1, 443, false",
        "*6:443, 2001:db8::1, 443, true",
        "[2001:db8::]/32:9001, 2001:db8:1::1, 9001, true",
        "2001:db8::/33, 2001:db8:8000::1, 9001, false",
        "2001:db8::/33:9001, 2001:db8::1, 9001, true",
        "2001:db8::1, 2001:db8::1, 1, true",
        "0.0.0.0/0, 8.8.8.8, 1, true",
    })
    void addressPatternsMatchAsInTorrc(String pattern, String address, int port, boolean expected) throws TorException {
        assertThat(AddressPattern.parse(pattern).matches(AddressPattern.literal(address), port)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "*/8:80", "10.0.0.0/255.0.255.0", "10.0.0.0:80-79", "10.0.0.0:65536", "10.0.0:80", "", ":", "[::1]x:80", "example.com:80",
        "1.2.3.4.5", "fe80::1%eth0", "10.0.0.1:"
    })
    void refusesMalformedAddressPatterns(String text) {
        assertThatThrownBy(() -> AddressPattern.parse(text)).isInstanceOf(TorException.class);
    }

    @Test
    void reachableAddressesTakeTheFirstRuleThatMatchesAndRejectTheRest() throws TorException {
        // The example of C tor's manual.
        AddressPolicy policy = AddressPolicy.parseReachable("99.0.0.0/8, reject 18.0.0.0/8:80, accept *:80");

        assertThat(policy.accepts(SmallNet.address(99, 1, 2, 3, 9001))).isTrue();
        assertThat(policy.accepts(SmallNet.address(18, 1, 2, 3, 80))).isFalse();
        assertThat(policy.accepts(SmallNet.address(5, 1, 2, 3, 80))).isTrue();
        assertThat(policy.accepts(SmallNet.address(5, 1, 2, 3, 443))).isFalse();
        assertThat(policy.acceptsAll()).isFalse();
        assertThat(AddressPolicy.parseReachable("").acceptsAll()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"allow *:80", "accept6 10.0.0.0/8", "accept", "reject nonsense"})
    void refusesMalformedRules(String text) {
        assertThatThrownBy(() -> AddressPolicy.parseReachable(text)).isInstanceOf(TorException.class);
    }
}
