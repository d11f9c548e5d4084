package dev.cepa.crypto;

import static dev.cepa.crypto.Hex.hex;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class KeyDerivationTest {
    private static final byte[] T_KEY = "ntor-curve25519-sha256-1:key_extract".getBytes(US_ASCII);
    private static final byte[] EXPAND = "ntor-curve25519-sha256-1:key_expand".getBytes(US_ASCII);

    @Test
    void kdfTorAgreesWithCTor() {
        assertThat(new KdfTor(new byte[0]).take(100))
                .isEqualTo(
                        hex(
                                """
                                5ba93c9db0cff93f52b521d7420e43f6eda2784fbf8b4530d8d246dd74ac53a13471bba17941dff7c4ea21bb365bbeeaf5f2
                                c654883e56d11e43c44e9842926af7ca0a8cca12604f945414f07b01e13da42c6cf1de3abfdea9b95f34687cbbe92b9a7383"""));
        assertThat(new KdfTor("Tor".getBytes(US_ASCII)).take(100))
                .isEqualTo(
                        hex(
                                """
                                776c6214fc647aaa5f683c737ee66ec44f03d0372e1cce69227950f236ddf1e329a7ce7c227903303f525a8c6662426e8034
                                870642a6dabbd41b5d97ec9bf2312ea729992f48f8ea2d0ba83f45dfda1a80bdc8b80de01b23e3e0ffae099b3e4ccf28dc28"""));
        assertThat(new KdfTor("AN ALARMING ITEM TO FIND ON A MONTHLY AUTO-DEBIT NOTICE".getBytes(US_ASCII)).take(100))
                .isEqualTo(
                        hex(
                                """
                                a340b5d126086c3ab29c2af4179196dbf95e1c72431419d3314844bf8f6afb6098db952b95581fb6c33625709d6f4400b8e7
                                ace18a70579fad83c0982ef73f89395bcc39493ad53a685854daf2ba9b78733b805d9a6824c907ee1dba5ac27a1e466d4d10"""));
    }

    @Test
    void hkdfAgreesWithRfc5869() {
        byte[] input = new byte[22];
        Arrays.fill(input, (byte) 0x0b);
        byte[] key = Hkdf.extract(hex("000102030405060708090a0b0c"), input);
        assertThat(key).isEqualTo(hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
        assertThat(new Hkdf(key, hex("f0f1f2f3f4f5f6f7f8f9")).take(42))
                .isEqualTo(
                        hex(
                                """
                                3cb25f25faacd57a90434f64d0362f2a
                                2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"""));

        byte[] longKey = Hkdf.extract(range(0x60, 0xaf), range(0x00, 0x4f));
        assertThat(new Hkdf(longKey, range(0xb0, 0xff)).take(82))
                .isEqualTo(
                        hex(
                                """
                                b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c
                                59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71
                                cc30c58179ec3e87c14c01d5c1f3434f1d87"""));
    }

    @Test
    void hkdfAgreesWithCTorOnNtorKeys() {
        assertThat(ntorKeys("Tor"))
                .isEqualTo(
                        hex(
                                """
                                5521492a85139a8d9107a2d5c0d9c91610d0f95989975ebee6c02a4f8d622a6cfdf9b7c7edd3832e2760ded1eac309b76f8d
                                66c4a3c4d6225429b3a016e3c3d45911152fc87bc2de9630c3961be9fdb9f93197ea8e5977180801926d3321fa21513e59ac"""));
        assertThat(ntorKeys("AN ALARMING ITEM TO FIND ON YOUR CREDIT-RATING STATEMENT"))
                .isEqualTo(
                        hex(
                                """
                                a2aa9b50da7e481d30463adb8f233ff06e9571a0ca6ab6df0fb206fa34e5bc78d063fc291501beec53b36e5a0e434561200c
                                5f8bd13e0f88b3459600b4dc21d69363e2895321c06184879d94b18f078411be70b767c7fc40679a9440a0c95ea83a23efbf"""));
    }

    @Test
    void keysDoNotDependOnHowTheyAreTaken() {
        for (KeyStream[] pair : new KeyStream[][] {
            {new KdfTor(new byte[] {1}), new KdfTor(new byte[] {1})},
            {new Hkdf(new byte[32], EXPAND), new Hkdf(new byte[32], EXPAND)},
        }) {
            byte[] whole = pair[0].take(500);
            int at = 0;
            for (int n = 0; at + n <= 500; at += n++) {
                assertThat(pair[1].take(n)).isEqualTo(Arrays.copyOfRange(whole, at, at + n));
            }
        }
    }

    @Test
    void givesNothingBeyondItsEndOrAfterWiping() {
        KeyStream hkdf = new Hkdf(new byte[32], EXPAND);
        hkdf.take(255 * 32);
        assertThatIllegalStateException().isThrownBy(() -> hkdf.take(1));
        KeyStream kdfTor = new KdfTor(new byte[40]);
        kdfTor.take(256 * 20);
        assertThatIllegalStateException().isThrownBy(() -> kdfTor.take(1));
        for (KeyStream keys : new KeyStream[] {new KdfTor(new byte[1]), new Hkdf(new byte[32], EXPAND), new Shake256()}) {
            keys.take(1);
            keys.wipe();
            assertThatIllegalStateException().isThrownBy(() -> keys.take(1));
        }
    }

    private static byte[] ntorKeys(String input) {
        return new Hkdf(Hkdf.extract(T_KEY, input.getBytes(US_ASCII)), EXPAND).take(100);
    }

    private static byte[] range(int from, int to) {
        byte[] bytes = new byte[to - from + 1];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (from + i);
        }
        return bytes;
    }
}
