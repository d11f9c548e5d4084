package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BridgeLineTest {
    private static final String ID = "364E6660D937791D859E6B837BA4FFF2DC92A3E0";

    /** What a line says, to be written in any of the ways that C tor takes. */
    record Said(String transport, String address, int port, String fingerprint, int blanks, boolean dollar, List<String> pairs) {
        String line() {
            String gap = " ".repeat(blanks);
            StringBuilder out = new StringBuilder(gap);
            out.append(transport).append(transport.isEmpty() ? "" : "\t" + gap).append(address).append(':').append(port);
            if (!fingerprint.isEmpty()) {
                out.append(' ').append(dollar ? "$" : "");
                for (int i = 0; i < fingerprint.length(); i++) {
                    out.append(fingerprint.charAt(i)).append(transport.isEmpty() && i % 4 == 3 ? gap : "");
                }
            }
            pairs.forEach(pair -> out.append(' ').append(gap).append(pair));
            return out.append(gap).toString();
        }
    }

    @Provide
    Arbitrary<Said> lines() {
        Arbitrary<String> ipv4 = Arbitraries.integers().between(1, 223)
                .flatMap(a -> Arbitraries.integers().between(0, 255).map(b -> a + "." + b + ".3." + b));
        Arbitrary<String> ipv6 = Arbitraries.integers().between(1, 0xffff).map(n -> "[2001:db8::" + Integer.toHexString(n) + "]");
        Arbitrary<String> fingerprint = Arbitraries.strings().withChars("0123456789ABCDEFabcdef").ofLength(40)
                .filter(text -> text.chars().anyMatch(c -> c != '0'));
        return Combinators.combine(
                        Arbitraries.of("", "", "obfs4", "meek_lite", "_x"),
                        Arbitraries.oneOf(ipv4, ipv6),
                        Arbitraries.integers().between(1, 65535),
                        Arbitraries.oneOf(Arbitraries.just(""), fingerprint),
                        Arbitraries.integers().between(0, 2),
                        Arbitraries.of(true, false),
                        Arbitraries.of("cert=x/+y", "iat-mode=0", "url=https://a.example/").list().ofMaxSize(3))
                .as((transport, address, port, id, blanks, dollar, pairs) -> new Said(
                        transport, address, port, id, blanks, dollar, transport.isEmpty() ? List.of() : pairs));
    }

    @Property(tries = 3000)
    void everyLineIsReadAsItIsMeant(@ForAll("lines") Said said) throws TorException {
        BridgeLine line = BridgeLine.parse(said.line());
        assertThat(line.transport()).isEqualTo(said.transport);
        assertThat(BridgeLine.text(line.address())).isEqualTo(said.address + ":" + said.port);
        assertThat(line.fingerprint() == null ? "" : line.fingerprint().toString()).isEqualToIgnoringCase(said.fingerprint);
        assertThat(line.arguments()).isEqualTo(said.pairs);
        assertThat(BridgeLine.addressAndPort(BridgeLine.text(line.address()), 0)).isEqualTo(line.address());
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1:443", "192.0.2.1:9001, 192.0.2.1:9001", "[2001:db8::1], [2001:db8::1]:443",
        "[2001:DB8:0::1]:80, [2001:db8::1]:80"
    })
    void thePortIs443UnlessSaid(String line, String address) throws TorException {
        assertThat(BridgeLine.text(BridgeLine.parse(line).address())).isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "  ", "obfs4", "obfs4 ", "bridge.example:443", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:x", "192.0.2.1:",
        "2001:db8::1:443", "[192.0.2.1]:443", "[2001:db8::1:443", "0.0.0.0:443", "[::]:443", "224.0.0.1:443", "256.1.1.1:1",
        "192.0.2.1:443 364E", "192.0.2.1:443 " + ID + "0", "192.0.2.1:443 $" + ID + " x=y",
        "192.0.2.1:443 0000000000000000000000000000000000000000", "192.0.2.1:443 G64E6660D937791D859E6B837BA4FFF2DC92A3E0",
        "obfs4 192.0.2.1:443 " + ID + " cert", "obfs4 192.0.2.1:443 x=y " + ID, "obfs4 192.0.2.1:443 364E"
    })
    void refusesWhatIsNoBridge(String line) {
        assertThatThrownBy(() -> BridgeLine.parse(line))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG));
    }

    @Test
    void whatIsRefusedIsNotRepeated() {
        assertThatThrownBy(() -> BridgeLine.parse("203.0.113.77:99999 " + ID))
                .hasMessageNotContaining("203.0.113.77").hasMessageNotContaining(ID);
        assertThatThrownBy(() -> BridgeLine.parse("203.0.113.77:99 x" + ID))
                .hasMessageNotContaining("203.0.113.77").hasMessageNotContaining(ID);
    }

    @Test
    void refusesArgumentsThatNoProxyTakes() {
        assertThatThrownBy(() -> BridgeLine.parse("obfs4 192.0.2.1:443 x=" + "y".repeat(510)));
        assertThatThrownBy(() -> BridgeLine.parse("x".repeat(5000)));
    }

    @Test
    void showsItsNameAloneIfItHasOne() throws TorException {
        BridgeLine line = BridgeLine.parse("192.0.2.1:443 " + ID);
        assertThat(line).hasToString("192.0.2.1:443 $" + ID);
        assertThat(line.named("[bridge 1]")).hasToString("[bridge 1]");
    }
}
