package dev.cepa.crypto;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;

class Ed25519KeyPairTest {
    private static final List<String> VECTORS = Hex.lines(Ed25519KeyPairTest.class, "ed25519-blinding.txt");

    private static byte[] column(String vector, int number) {
        return hex(vector.split(" ")[number]);
    }

    @Test
    void makesTheKeysAndSignaturesOfCTor() {
        assertThat(VECTORS).hasSize(10);
        for (String vector : VECTORS) {
            Ed25519KeyPair pair = Ed25519KeyPair.ofSeed(column(vector, 0));
            assertThat(pair.secretKey()).isEqualTo(column(vector, 1));
            assertThat(pair.publicKey()).isEqualTo(column(vector, 2));
            assertThat(pair.sign(column(vector, 2))).isEqualTo(column(vector, 6));
        }
    }

    @Test
    void blindsPublicAndSecretKeysAlikeAndAsCTorDoes() throws Exception {
        for (String vector : VECTORS) {
            byte[] factor = column(vector, 3);
            Ed25519KeyPair blinded = Ed25519KeyPair.ofExpanded(column(vector, 1)).blinded(factor);
            assertThat(blinded.secretKey()).isEqualTo(column(vector, 4));
            assertThat(blinded.publicKey()).isEqualTo(column(vector, 5));
            assertThat(Ed25519KeyPair.blind(column(vector, 2), factor)).isEqualTo(column(vector, 5));
        }
    }

    @Test
    void theEd25519FormOfAnX25519KeyIsTheSamePoint() {
        for (String vector : VECTORS) {
            byte[] scalar = java.util.Arrays.copyOf(column(vector, 1), 32);
            byte[] expected = column(vector, 2);
            expected[31] &= 0x7f;
            assertThat(Ed25519.fromX25519(X25519.of(scalar).publicKey())).isEqualTo(expected);
        }
    }

    @Test
    void signsWithABlindedKeySoThatAnybodyCanVerify() {
        SecureRandom random = new SecureRandom();
        for (int i = 0; i < 20; i++) {
            byte[] factor = new byte[32];
            random.nextBytes(factor);
            Ed25519KeyPair pair = Ed25519KeyPair.generate(random).blinded(factor);
            byte[] message = "a message".getBytes(StandardCharsets.US_ASCII);
            byte[] signature = pair.sign("a mess".getBytes(StandardCharsets.US_ASCII), "age".getBytes(StandardCharsets.US_ASCII));
            assertThat(Ed25519.verify(pair.publicKey(), message, signature)).isTrue();
            message[0] ^= 1;
            assertThat(Ed25519.verify(pair.publicKey(), message, signature)).isFalse();
        }
    }

    @Test
    void refusesKeysThatAreNoGoodPoints() {
        byte[] factor = new byte[32];
        byte[] neutral = new byte[32];
        neutral[0] = 1;
        byte[] none = new byte[32];
        none[0] = 2;
        byte[] notReduced = hex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
        byte[] ofOrderTwo = hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
        byte[] ofOrderEight = hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
        byte[] ofOrderFour = new byte[32];
        for (byte[] key : List.of(neutral, none, notReduced, new byte[31], ofOrderTwo, ofOrderFour, ofOrderEight)) {
            assertThatThrownBy(() -> Ed25519KeyPair.blind(key, factor)).isInstanceOf(ProtocolException.class);
        }
    }
}
