package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Provide;

/** Any text is a bridge or is refused with a word. */
class BridgeLineFuzz {
    @Provide
    Arbitrary<String> pieces() {
        return Arbitraries.of(
                        "obfs4", " ", "\t", "192.0.2.1", "[2001:db8::1]", ":", "443", "$", "364E6660D937791D859E6B837BA4FFF2DC92A3E0",
                        "a=b", "=", "[", "]", "99999999999", "-1", "\u0000", "é", "0")
                .list().ofMaxSize(9).map(list -> String.join("", list));
    }

    private static void readOrRefuse(String text) {
        try {
            BridgeLine line = BridgeLine.parse(text);
            assertThat(line.address().isUnresolved()).isFalse();
            assertThat(line.address().getPort()).isBetween(1, 65535);
        } catch (TorException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG);
        }
    }

    @Property(tries = 3000)
    void likelyText(@ForAll @From("pieces") String text) {
        readOrRefuse(text);
    }

    @Property(tries = 2000)
    void anyText(@ForAll String text) {
        readOrRefuse(text);
    }
}
