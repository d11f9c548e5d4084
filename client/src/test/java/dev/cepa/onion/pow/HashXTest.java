package dev.cepa.onion.pow;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.crypto.Hex;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Seeds, inputs and the first eight bytes of the hashes from the tests of HashX, C tor and Arti. */
class HashXTest {
    /** The hash, its bytes in the order in which the others write them. */
    private static long hash(byte[] seed, long input) {
        HashX function = HashX.of(seed);
        assertThat(function).isNotNull();
        long[] hashes = new long[1];
        new HashXLanes(1).hash(function, new long[] {input}, 1, hashes);
        return Long.reverseBytes(hashes[0]);
    }

    @ParameterizedTest
    @CsvSource({
        "'', 0, 466cc2021c268560",
        "a, 0, b2a110ee695c475c",
        "ab, 0, 57c77f7e0d2c1727",
        "abc, 0, ef560991338086d1",
        "'', 3e7, 304068b62bc4874e",
        "a, 3e7, c8b66a8eb4bba304",
        "ab, 3e7, 26c1f7031f0b3645",
        "abc, 3e7, de84f9d286b39ab5",
        "abc, ffffffffffffffff, f756c266a3cb3b5a",
        "llompmb, ce3917d056269f6e, cafda60c4c351be4",
        "nqgxgl, 502d1f959c141a1b, 73c0aa53b1c6a667",
        "yatmebd, c431100bf283cd89, 3792c60a2616b04a",
        "jvanmtb, 399b83de5eb85d81, 24d1ce6019c3ceb4",
        "amftbk, 81d20d7110e3c280, 04458aa05b54322c",
        "ebrazua, ebc19ba9cafb0863, 41cb0b4b24551d26",
        "zsakied, d190bb98e2d7ebdf, 1c4b22f9710ef2a8",
        "wlmaqhb, f9b239ca5919578c, 1cf2a67e5836a048",
        "ezfvvx, 6b4a7079456083b, c0d2d29ce6d67d0a",
        "jxzoddc, 1e37c61f64bb59c6, c3a9c90b17a74be3"
    })
    void hashesAsTheOthersDo(String seed, String input, String hash) {
        assertThat(hash(seed.getBytes(US_ASCII), Long.parseUnsignedLong(input, 16)))
                .isEqualTo(Long.parseUnsignedLong(hash, 16));
    }

    @ParameterizedTest
    @CsvSource({
        "This is a test, 0, 2b2f54567dcbea98",
        "This is a test, 123456, aebdd50aa67c93af",
        "Lorem ipsum dolor sit amet, 123456, ab3d155bf4bbb0aa",
        "Lorem ipsum dolor sit amet, 987654321123456789, 8dfef0497c323274"
    })
    void hashesAsItsAuthorDoes(String seed, long input, String hash) {
        assertThat(hash((seed + "\0").getBytes(US_ASCII), input)).isEqualTo(Long.parseUnsignedLong(hash, 16));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "cflngib", "qzdfsbb", "klwysfa", "ijuorca", "naivvwc", "nnbved", "mhelht", "pjkzbyc", "hnpzsn", "qfjsfv",
        "tvfdrjb", "zuneuh", "augbcgc", "ldspzed"
    })
    void refusesSeedsWhoseProgramIsTooEasy(String seed) {
        assertThat(HashX.of(seed.getBytes(US_ASCII))).isNull();
    }

    @Test
    void refusesOnlyThose() {
        assertThat(HashX.of(Hex.hex("f8050000"))).isNotNull();
        assertThat(HashX.of(Hex.hex("f9050000"))).isNull();
        assertThat(HashX.of(Hex.hex("5d930200"))).isNull();
        assertThat(HashX.of(Hex.hex("5e930200"))).isNotNull();
    }

    @Test
    void drawsProgramsOfTheFormThatMakesThemHard() {
        HashXProgram program = HashX.of("abc".getBytes(US_ASCII)).program();
        int branches = 0;
        int multiplications = 0;
        for (int at = 0; at < HashXProgram.SIZE; at++) {
            Operation operation = program.operation(at);
            multiplications += operation.multiplies() ? 1 : 0;
            if (operation == Operation.BRANCH) {
                branches++;
                assertThat(Integer.bitCount(program.constant(at))).isEqualTo(4);
            }
            assertThat(program.destination(at)).isBetween(operation.hasDestination() ? 0 : -1, 7);
            assertThat(program.source(at)).isBetween(operation.hasSource() ? 0 : -1, 7);
        }
        assertThat(multiplications).isEqualTo(192);
        assertThat(branches).isEqualTo(16);
    }
}
