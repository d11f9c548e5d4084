package dev.cepa.crypto;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.cepa.error.ProtocolException;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;

class X25519Test {
    @Test
    void agreesWithRfc7748() throws Exception {
        assertAgrees(
                "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
                "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
        // the top bit of the public key is set, and counts for nothing
        assertAgrees(
                "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
                "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
        assertAgrees(
                "0900000000000000000000000000000000000000000000000000000000000000",
                "0900000000000000000000000000000000000000000000000000000000000000",
                "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }

    private static void assertAgrees(String secret, String peer, String shared) throws Exception {
        assertThat(X25519.of(hex(secret)).agree(hex(peer))).isEqualTo(hex(shared));
    }

    @Test
    void publicKeysAreThoseOfTheNtorReference() {
        X25519 key = X25519.of(hex("4820544f4c4420594f5520444f474954204b454550532048415050454e494e47"));
        assertThat(key.publicKey())
                .isEqualTo(hex("ccbc8541904d18af08753eae967874749e6149f873de937f57f8fd903a21c471"));
    }

    @Test
    void bothSidesAgree() throws Exception {
        SecureRandom random = new SecureRandom();
        for (int i = 0; i < 20; i++) {
            X25519 a = X25519.generate(random);
            X25519 b = X25519.generate(random);
            assertThat(a.agree(b.publicKey())).isEqualTo(b.agree(a.publicKey()));
        }
    }

    @Test
    void refusesEveryPointOfSmallOrder() {
        X25519 key = X25519.generate(new SecureRandom());
        for (String point : new String[] {
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        }) {
            assertThatExceptionOfType(ProtocolException.class)
                    .as(point)
                    .isThrownBy(() -> key.agree(hex(point)))
                    .withMessageContaining("small order");
        }
    }

    @Test
    void refusesWrongLengthsAndUseAfterWiping() {
        X25519 key = X25519.generate(new SecureRandom());
        assertThatExceptionOfType(ProtocolException.class).isThrownBy(() -> key.agree(new byte[31]));
        assertThatExceptionOfType(ProtocolException.class).isThrownBy(() -> key.agree(new byte[33]));
        key.wipe();
        assertThatIllegalStateException().isThrownBy(() -> key.agree(key.publicKey()));
    }
}
