package dev.cepa.crypto;

import static dev.cepa.crypto.Hex.hex;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ProtocolException;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The exchange in the vectors is one between two C tors. */
class HsNtorTest {
    private static final byte[] AUTH_KEY = hex("34E171E4358E501BFF21ED907E96AC6BFEF697C779D040BBAF49ACC30FC5D21F");
    private static final byte[] SUBCREDENTIAL = hex("0085D26A9DEBA252263BF0231AEAC59B17CA11BAD8A218238AD6487CBAD68B57");
    private static final byte[] B = hex("8E5127A40E83AABF6493E41F142B6EE3604B85A3961CD7E38D247239AFF71979");
    private static final byte[] B_SECRET = hex("A0ED5DBF94EEB2EDB3B514E4CF6ABFF6022051CC5F103391F1970A3FCD15296A");
    private static final byte[] X_SECRET = hex("60B4D6BF5234DCF87A4E9D7487BDF3F4A69B6729835E825CA29089CFDDA1E341");
    private static final byte[] Y_SECRET = hex("68CB5188CA0CD7924250404FAB54EE1392D3D2B9C049A2E446513875952F8F55");
    private static final byte[] HEADER = hex(
            """
            000000000000000000000000000000000000000002002034E171E4358E501BFF
            21ED907E96AC6BFEF697C779D040BBAF49ACC30FC5D21F00""");
    private static final byte[] PLAINTEXT = hex(
            """
            6BD364C12638DD5C3BE23D76ACA05B04E6CE932C0101000100200DE6130E4FCA
            C4EDDA24E21220CC3EADAE403EF6B7D11C8273AC71908DE565450300067F0000
            0113890214F823C4F8CC085C792E0AEE0283FE00AD7520B37D0320728D5DF39B
            7B7077A0118A900FF4456C382F0041300ACF9C58E51C392795EF870000000000
            0000000000000000000000000000000000000000000000000000000000000000
            000000000000000000000000000000000000000000000000000000000000""");
    private static final byte[] SEALED = hex(
            """
            BF04348B46D09AED
            726F1D66C618FDEA1DE58E8CB8B89738D7356A0C59111D5DADBECCCB38E37830
            4DCC179D3D9E437B452AF5702CED2CCFEC085BC02C4C175FA446525C1B9D5530
            563C362FDFFB802DAB8CD9EBC7A5EE17DA62E37DEEB0EB187FBB48C63298B0E8
            3F391B7566F42ADC97C46BA7588278273A44CE96BC68FFDAE31EF5F0913B9A9C
            7E0F173DBC0BDDCD4ACB4C4600980A7DDD9EAEC6E7F3FA3FC37CD95E5B8BFB3E
            35717012B78B4930569F895CB349A07538E42309C993223AEA77EF8AEA64F25D
            DEE97DA623F1AEC0A47F150002150455845C385E5606E41A9A199E7111D54EF2
            D1A51B7554D8B3692D85AC587FB9E69DF990EFB776D8""");
    private static final byte[] ANSWER = hex(
            """
            8fbe0db4d4a9c7ff46701e3e0ee7fd05cd28be4f302460addeec9e93354ee700
            4A92E8437B8424D5E5EC279245D5C72B25A0327ACF6DAF902079FCB643D8B208""");
    private static final byte[] SEED = hex("4D0C72FE8AFF35559D95ECC18EB5A36883402B28CDFD48C8A530A5A3D7D578DB");

    private static HsNtor.Client client() throws ProtocolException {
        return new HsNtor.Client(AUTH_KEY, B, SUBCREDENTIAL, X25519.of(X_SECRET));
    }

    private static byte[] expectedKeys() {
        return new Shake256()
                .update(SEED)
                .update("tor-hs-ntor-curve25519-sha3-256-1:hs_key_expand".getBytes(US_ASCII))
                .take(128);
    }

    @Test
    void clientDoesWhatCTorsClientDid() throws Exception {
        HsNtor.Client client = client();
        assertThat(client.seal(HEADER, PLAINTEXT)).isEqualTo(SEALED);
        assertThat(client.complete(ANSWER).take(128)).isEqualTo(expectedKeys());
    }

    @Test
    void serviceDoesWhatCTorsServiceDid() throws Exception {
        X25519 key = X25519.of(B_SECRET);
        HsNtor.Introduction introduction =
                HsNtor.open(key, AUTH_KEY, List.of(new byte[32], SUBCREDENTIAL), HEADER, SEALED);
        assertThat(introduction.plaintext()).isEqualTo(PLAINTEXT);
        HsNtor.Answer answer = HsNtor.answer(key, AUTH_KEY, introduction.clientKey(), X25519.of(Y_SECRET));
        assertThat(answer.answer()).isEqualTo(ANSWER);
        assertThat(answer.keys().take(128)).isEqualTo(expectedKeys());
    }

    @Test
    void refusesEveryAnswerThatIsNotTheServices() throws Exception {
        for (int at = 0; at < ANSWER.length; at++) {
            byte[] forged = ANSWER.clone();
            forged[at] ^= 4;
            HsNtor.Client client = client();
            assertThatThrownBy(() -> client.complete(forged)).isInstanceOf(ProtocolException.class);
        }
        byte[] zeros = new byte[HsNtor.ANSWER_LENGTH];
        HsNtor.Client client = client();
        assertThatThrownBy(() -> client.complete(zeros)).isInstanceOf(ProtocolException.class);
        HsNtor.Client other = client();
        assertThatThrownBy(() -> other.complete(new byte[63])).isInstanceOf(ProtocolException.class);
    }

    @Test
    void refusesEveryIntroductionThatWasChanged() {
        for (int at = 0; at < SEALED.length; at += 7) {
            byte[] forged = SEALED.clone();
            forged[at] ^= 1;
            assertThatThrownBy(() ->
                            HsNtor.open(X25519.of(B_SECRET), AUTH_KEY, List.of(SUBCREDENTIAL), HEADER, forged))
                    .isInstanceOf(ProtocolException.class);
        }
        assertThatThrownBy(() ->
                        HsNtor.open(X25519.of(B_SECRET), AUTH_KEY, List.of(SUBCREDENTIAL), PLAINTEXT, SEALED))
                .isInstanceOf(ProtocolException.class);
        assertThatThrownBy(() ->
                        HsNtor.open(X25519.of(B_SECRET), AUTH_KEY, List.of(SUBCREDENTIAL), HEADER, new byte[63]))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void refusesAKeyOfZeros() {
        assertThatThrownBy(() -> new HsNtor.Client(AUTH_KEY, new byte[32], SUBCREDENTIAL, new SecureRandom()))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void macIsThatOfTheSpecification() {
        assertThat(HsNtor.mac("who".getBytes(US_ASCII), "knows?".getBytes(US_ASCII)))
                .isEqualTo(hex("5e7da329630fdaa3eab7498bb1dc625bbb9ca968f10392b6af92d51d5db17473"));
        assertThat(HsNtor.mac("gone".getBytes(US_ASCII), "by".getBytes(US_ASCII)))
                .isEqualTo(hex("90071aabb06d3f7c777db41542f4790c7dd9e2e7b2b842f54c9c42bbdb37e9a0"));
    }
}
