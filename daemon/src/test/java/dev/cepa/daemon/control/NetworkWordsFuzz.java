package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.Locale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** Numbers of circuits and streams, and fingerprints, whatever a controller writes for them. */
class NetworkWordsFuzz {
    @Property
    void anyWordIsANumberOrNone(@ForAll String word) {
        long number = NetworkCommands.number(word);
        assertThat(number).isGreaterThanOrEqualTo(-1);
        if (number >= 0) {
            assertThat(word).matches("0*" + (number == 0 ? "" : number));
        }
    }

    @Property
    void numbersAreReadAsTheyAreWritten(@ForAll @LongRange(min = 0, max = 999_999_999_999_999_999L) long number) {
        assertThat(NetworkCommands.number(Long.toString(number))).isEqualTo(number);
    }

    @Property
    void anyWordIsAFingerprintOrNone(@ForAll String word) {
        byte[] id = RelayText.fingerprint(word);
        assertThat(id == null || id.length == 20).isTrue();
    }

    @Property
    void fingerprintsAreReadInAnyCaseWithAndWithoutADollarSign(@ForAll @Size(20) byte[] id) {
        String digits = HexFormat.of().formatHex(id);
        assertThat(RelayText.fingerprint(digits)).isEqualTo(id);
        assertThat(RelayText.fingerprint("$" + digits.toUpperCase(Locale.ROOT))).isEqualTo(id);
    }
}
