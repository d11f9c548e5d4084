package dev.cepa.crypto;

import static dev.cepa.crypto.Hex.hex;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import javax.crypto.Cipher;
import org.junit.jupiter.api.Test;

class PrimitivesTest {
    private static final byte[] ABC = "abc".getBytes(US_ASCII);

    @Test
    void digestsAreThoseOfFips180AndFips202() {
        assertThat(Primitives.sha1().digest(ABC)).isEqualTo(hex("a9993e364706816aba3e25717850c26c9cd0d89d"));
        assertThat(Primitives.sha256().digest(ABC))
                .isEqualTo(hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        assertThat(Primitives.sha3().digest(ABC))
                .isEqualTo(Primitives.sha3("a".getBytes(US_ASCII), "bc".getBytes(US_ASCII)))
                .isEqualTo(hex("3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"));
    }

    @Test
    void hmacIsThatOfRfc4231() {
        assertThat(Primitives.hmacSha256(
                        "Jefe".getBytes(US_ASCII),
                        "what do ya want ".getBytes(US_ASCII),
                        "for nothing?".getBytes(US_ASCII)))
                .isEqualTo(hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    }

    @Test
    void counterModeStartsAtZeroAndGoesOn() throws Exception {
        // The first two blocks of the key stream are the encryptions of 0 and 1 under an all-zero key.
        Cipher aes128 = Primitives.aesCtr(new byte[16]);
        assertThat(aes128.update(new byte[13])).isEqualTo(hex("66e94bd4ef8a2c3b884cfa59ca"));
        assertThat(aes128.update(new byte[19])).isEqualTo(hex("342b2e 58e2fccefa7e3061367f1d57a4e7455a"));
        assertThat(Primitives.aesCtr(new byte[32]).doFinal(new byte[32]))
                .isEqualTo(hex("dc95c078a2408989ad48a21492842087 530f8afbc74536b9a963b4f1c4cb738b"));
    }

    @Test
    void wipingLeavesZeros() {
        byte[] one = {1, 2};
        byte[] two = {3};
        Primitives.wipe(one, two);
        assertThat(one).containsOnly(0);
        assertThat(two).containsOnly(0);
    }
}
