package dev.cepa.onion.pow;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.crypto.Hex;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Blake2bTest {
    @Test
    void hashesTheExampleOfTheStandard() {
        assertThat(Blake2b.hash(64, "abc".getBytes(US_ASCII))).isEqualTo(Hex.hex(
                "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                        + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"));
    }

    /** The message is 0, 1, 2 and so on; the expected values are those of Python's hashlib. */
    @ParameterizedTest
    @CsvSource({
        "0, 786a02f742015903c6c6fd852552d272, 1271cf25, 92bec5b34777caca",
        "1, 2fa3f686df876995167e7c2e5d74c4c7, 0ad83173, f5f5c820bcca2d71",
        "127, b6292669ccd38d5f01caae96ba272c76, fb77425d, 253d0e4059049c20",
        "128, 2319e3789c47e2daa5fe807f61bec2a1, b36f9364, f7d59b90955aac51",
        "129, f59711d44a031d5f97a9413c065d1e61, b382d211, 7332fbd29fcc38a0",
        "255, 5b21c5fd8868367612474fa2e70e9cfa, 4ad20a81, 4c26bfb6da22ec51",
        "256, 1ecc896f34d3f9cac484c73f75f6a5fb, 0f2e5c3b, 70a3f0b5fad15dff",
        "257, d8bfe068de0b4f9fa876a3f8024eb9f7, b5cff241, d10fb93a83802773",
        "500, 43967205753948bca0e74cbeec51f2f8, b791d404, 2c9cc11526c5bed7"
    })
    void hashesAllLengthsAroundItsBlocks(int length, String longDigest, String shortDigest, String salted) {
        byte[] message = new byte[length];
        for (int i = 0; i < length; i++) {
            message[i] = (byte) i;
        }
        byte[] salt = Arrays.copyOf("HashX v1".getBytes(US_ASCII), 16);
        assertThat(HexFormat.of().formatHex(Blake2b.hash(64, message))).startsWith(longDigest);
        assertThat(Blake2b.hash(4, message)).isEqualTo(Hex.hex(shortDigest));
        assertThat(HexFormat.of().formatHex(Blake2b.hash(64, salt, message))).startsWith(salted);
    }
}
