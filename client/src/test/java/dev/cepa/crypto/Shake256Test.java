package dev.cepa.crypto;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.security.MessageDigest;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class Shake256Test {
    @Test
    void agreesWithFips202() {
        assertThat(new Shake256().take(64))
                .isEqualTo(
                        hex(
                                """
                                46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f
                                d75dc4ddd8c0f200cb05019d67b592f6fc821c49479ab48640292eacb3b7c4be"""));
        assertThat(new Shake256()
                        .update(hex("76891a7bcc6c04490035b743152f64a8dd2ea18ab472b8d36ecf45858d0b0046"))
                        .take(34))
                .isEqualTo(hex("e8447df87d01beeb724c9a2a38ab00fcc24e9bd17860e673b021222d621a7810e5d3"));
    }

    @Test
    void agreesWithOpenSslOnInputsAndOutputsOfEveryLength() {
        MessageDigest all = Primitives.sha256();
        for (int n = 0; n < 300; n++) {
            byte[] message = new byte[n];
            for (int i = 0; i < n; i++) {
                message[i] = (byte) (i * 7 + n);
            }
            all.update(new Shake256().update(message).take(n + 137));
        }
        assertThat(all.digest()).isEqualTo(hex("573ef1244dee44c1dc2fdb54aa69571a3763bacd676fed6c5ad86c44f6ad4834"));
    }

    @Test
    void outputDoesNotDependOnHowItIsTaken() {
        Shake256 whole = new Shake256().update(new byte[] {1, 2, 3});
        Shake256 pieces = new Shake256().update(new byte[] {1}).update(new byte[] {2, 3});
        byte[] expected = whole.take(400);
        int at = 0;
        for (int n = 0; at + n <= 400; at += n++) {
            byte[] piece = pieces.take(n);
            assertThat(Arrays.copyOfRange(expected, at, at + n)).isEqualTo(piece);
        }
    }

    @Test
    void takesNoInputAfterOutput() {
        Shake256 shake = new Shake256();
        shake.take(1);
        assertThatIllegalStateException().isThrownBy(() -> shake.update(new byte[1]));
    }
}
