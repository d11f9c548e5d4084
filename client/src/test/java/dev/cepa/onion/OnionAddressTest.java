package dev.cepa.onion;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.OnionServiceException.Reason;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

/** The address is one of C tor's. */
class OnionAddressTest {
    private static final String LABEL = "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid";
    private static final byte[] KEY = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

    @Example
    void readsAndWritesAddresses() throws Exception {
        assertThat(OnionAddress.of(KEY).label()).isEqualTo(LABEL);
        for (String host : new String[] {
            LABEL + ".onion", "www." + LABEL + ".onion", "a.b." + LABEL + ".onion.", LABEL.toUpperCase() + ".ONION"
        }) {
            assertThat(OnionAddress.isOnion(host)).isTrue();
            assertThat(OnionAddress.parse(host)).isEqualTo(OnionAddress.of(KEY));
        }
    }

    @Example
    void tellsOnionHostsFromOthers() {
        assertThat(OnionAddress.isOnion("a.onion")).isTrue();
        assertThat(OnionAddress.isOnion(".onion")).isTrue();
        assertThat(OnionAddress.isOnion("aonion")).isFalse();
        assertThat(OnionAddress.isOnion("a.onion.example")).isFalse();
        assertThat(OnionAddress.isOnion("onion")).isFalse();
        assertThat(OnionAddress.isOnion("")).isFalse();
    }

    @Example
    void saysWhatIsWrongWithAnAddress() {
        assertBad("expyuzz4wqqyqhjn.onion", "version 2");
        assertBad("aaaa.onion", "56 characters");
        assertBad(".onion", "56 characters");
        assertBad("example.com", ".onion");
        assertBad(LABEL.replace('d', '1') + ".onion", "56 characters");
        assertBad(LABEL.substring(0, 55) + "e.onion", "version 4");
        assertBad("x" + LABEL.substring(1) + ".onion", "checksum");
        assertBad(LABEL + "x.onion", "56 characters");
    }

    private static void assertBad(String host, String word) {
        assertThatThrownBy(() -> OnionAddress.parse(host))
                .isInstanceOfSatisfying(OnionServiceException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.BAD_ADDRESS);
                    assertThat(e.kind()).isEqualTo(ErrorKind.BAD_REQUEST);
                    assertThat(e).hasMessageContaining(word);
                });
    }

    @Example
    void hidesMostOfItselfInMessages() {
        assertThat(OnionAddress.of(KEY)).hasToString("[...]sid.onion");
    }

    @Property(tries = 200)
    void everyKeyHasAnAddressThatIsReadAgain(@ForAll @Size(32) byte[] key) throws Exception {
        OnionAddress address = OnionAddress.of(key);
        assertThat(address.label()).hasSize(OnionAddress.TEXT_LENGTH);
        assertThat(OnionAddress.parse(address.label() + ".onion").key()).isEqualTo(key);
    }

    @Property(tries = 200)
    void anyTextIsReadOrRefused(@ForAll String text) {
        try {
            OnionAddress.parse(text + ".onion");
        } catch (OnionServiceException e) {
            assertThat(e.reason()).isEqualTo(Reason.BAD_ADDRESS);
        }
    }
}
