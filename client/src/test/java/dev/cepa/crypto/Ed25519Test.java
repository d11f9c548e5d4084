package dev.cepa.crypto;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class Ed25519Test {
    private static final List<String> VECTORS = Hex.lines(Ed25519Test.class, "ed25519-signatures.txt");

    @Test
    void verifiesSignaturesOfTheSpecificationAndOfCTor() {
        assertThat(VECTORS).hasSize(13);
        for (String vector : VECTORS) {
            assertThat(Ed25519.verify(key(vector), message(vector), signature(vector))).as(vector).isTrue();
        }
    }

    @Test
    void refusesAnyOtherSignatureMessageOrKey() {
        for (String vector : VECTORS) {
            for (int at = 0; at < 64; at += 9) {
                byte[] signature = signature(vector);
                signature[at] ^= 1;
                assertThat(Ed25519.verify(key(vector), message(vector), signature)).isFalse();
            }
            byte[] longer = Arrays.copyOf(message(vector), message(vector).length + 1);
            assertThat(Ed25519.verify(key(vector), longer, signature(vector))).isFalse();
            byte[] key = key(vector);
            key[0] ^= 1;
            assertThat(Ed25519.verify(key, message(vector), signature(vector))).isFalse();
        }
    }

    @Test
    void verifiesASliceOfAnArray() {
        String vector = VECTORS.get(2);
        byte[] around = hex("00af8200");
        assertThat(Ed25519.verify(key(vector), around, 1, 2, signature(vector))).isTrue();
        assertThat(Ed25519.verify(key(vector), around, 0, 2, signature(vector))).isFalse();
    }

    @Test
    void refusesASecondFormOfASignature() {
        String vector = VECTORS.get(1);
        byte[] signature = signature(vector);
        BigInteger order = BigInteger.TWO.pow(252).add(new BigInteger("27742317777372353535851937790883648493"));
        byte[] bigEndian = new byte[32];
        for (int i = 0; i < 32; i++) {
            bigEndian[i] = signature[63 - i];
        }
        byte[] malleated = new BigInteger(1, bigEndian).add(order).toByteArray();
        for (int i = 0; i < 32; i++) {
            signature[63 - i] = malleated[malleated.length - 32 + i];
        }
        assertThat(Ed25519.verify(key(vector), message(vector), signature)).isFalse();
    }

    @Test
    void refusesWrongLengthsAndKeysThatAreNoPoints() {
        String vector = VECTORS.get(0);
        assertThat(Ed25519.verify(new byte[31], new byte[0], signature(vector))).isFalse();
        assertThat(Ed25519.verify(key(vector), new byte[0], new byte[63])).isFalse();
        assertThat(Ed25519.verify(key(vector), new byte[0], new byte[65])).isFalse();
        byte[] noPoint = new byte[32];
        noPoint[0] = 2; // no x fits y = 2
        assertThat(Ed25519.verify(noPoint, new byte[0], signature(vector))).isFalse();
    }

    private static byte[] key(String vector) {
        return hex(vector.split(" ", -1)[0]);
    }

    private static byte[] message(String vector) {
        String message = vector.split(" ", -1)[1];
        return message.equals("-") ? new byte[0] : hex(message);
    }

    private static byte[] signature(String vector) {
        return hex(vector.split(" ", -1)[2]);
    }
}
