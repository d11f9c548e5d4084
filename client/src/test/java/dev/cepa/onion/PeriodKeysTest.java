package dev.cepa.onion;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.crypto.Ed25519KeyPair;
import org.junit.jupiter.api.Test;

/** Vectors made with C tor (in Arti's tor-hscrypto). */
class PeriodKeysTest {
    private static final byte[] IDENTITY = hex("833990B085C1A688C1D4C8B1F6B56AFAF5A2ECA674449E1D704F83765CCB7BC6");
    private static final byte[] SECRET = hex(
            """
            D8C7FF0E31295B66540D789AF3E3DF992038A9592EEA01D8B7CBA06D6E66D159
            4D6167696320576F7264733A20737065697373636F62616C742062697669756D""");
    private static final TimePeriod PERIOD = new TimePeriod(1234, 1440, 43_200);

    @Test
    void blindsAsCTorDoes() throws Exception {
        assertThat(PeriodKeys.factor(IDENTITY, PERIOD))
                .isEqualTo(hex("379E50DB31FEE6775ABD0AF6FB7C371E060308F4F847DB09FE4CFE13AF602287"));
        PeriodKeys keys = PeriodKeys.of(OnionAddress.of(IDENTITY), PERIOD);
        assertThat(keys.blindedKey()).isEqualTo(hex("3A50BF210E8F9EE955AE0014F7A6917FB65EBF098A86305ABB508D1A7291B6D5"));
        assertThat(keys.subcredential()).isEqualTo(hex("635D55907816E8D76398A675A50B1C2F3E36B42A5CA77BA3A0441285161AE07D"));
    }

    @Test
    void theServiceComesToTheSameKey() {
        Ed25519KeyPair blinded = PeriodKeys.blind(Ed25519KeyPair.ofExpanded(SECRET), PERIOD);
        assertThat(blinded.publicKey()).isEqualTo(hex("3A50BF210E8F9EE955AE0014F7A6917FB65EBF098A86305ABB508D1A7291B6D5"));
        assertThat(blinded.secretKey()).isEqualTo(hex(
                """
                A958DC83AC885F6814C67035DE817A2C604D5D2F715282079448F789B656350B
                4540FE1F80AA3F7E91306B7BF7A8E367293352B14A29FDCC8C19F3558075524B"""));
    }
}
