package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class OnionServiceKeyTest {
    /** RFC 8032 section 7.1, test 1. */
    private static final byte[] SEED =
            HexFormat.of().parseHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

    @Test
    void aSeedGivesTheKeyOfRfc8032() {
        OnionServiceKey key = OnionServiceKey.ofSeed(SEED);
        // Its public key is d75a980182b10ab7..., which the address begins with.
        assertThat(key.address()).isEqualTo("25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid.onion");
        assertThatThrownBy(() -> OnionServiceKey.ofSeed(new byte[31])).hasMessageContaining("31 bytes");
    }

    @Test
    void goesToTextAndBack() throws Exception {
        OnionServiceKey key = OnionServiceKey.generate();
        String text = key.export();
        assertThat(text).startsWith("ED25519-V3:").hasSize(11 + 88);
        assertThat(OnionServiceKey.parse(text).address()).isEqualTo(key.address());
        assertThat(OnionServiceKey.parse(text.replace("=", "")).secret()).isEqualTo(key.secret());
        assertThat(Base64.getDecoder().decode(text.substring(11))).isEqualTo(key.secret());
    }

    @Test
    void refusesWhatIsNoKeyWithoutRepeatingIt() {
        String text = OnionServiceKey.generate().export();
        for (String wrong : new String[] {
            "", "ED25519-V3:", text.substring(11), "RSA1024:" + text.substring(11), text + "A", "ED25519-V3:%" + text.substring(12),
            text.substring(0, 60), "NEW:BEST"
        }) {
            assertThatThrownBy(() -> OnionServiceKey.parse(wrong))
                    .isInstanceOfSatisfying(TorException.class, e -> {
                        assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG);
                        assertThat(e.getCause()).isNull();
                    })
                    .hasMessageNotContaining(text.substring(20, 50));
        }
    }

    @Test
    void isForgottenWhenItIsWiped() {
        OnionServiceKey key = OnionServiceKey.generate();
        key.wipe();
        assertThat(key.secret()).containsOnly(0);
    }
}
