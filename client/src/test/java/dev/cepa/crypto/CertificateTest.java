package dev.cepa.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.error.ProtocolException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The vectors are the certificates of one relay of a test network, as Arti's tests have them. */
class CertificateTest {
    private static final String IDENTITY = "dcb604db2034b00fd16986d4adb9d16b21cb4e4457a33dec0f538903683e96e9";
    private static final String SIGNING = "f82294b866a31f01fc5d0da8572850a9b929545c3266558d7d2316e3b74172b0";
    private static final String TLS_DIGEST = "b4fd606b64e4cbd466b8d76cb131069bae6f3aa1878857c9f624e31d77a799b8";
    private static final String TYPE_4 = "01040006cc2a01" + SIGNING + "0100200400" + IDENTITY
            + "ff1a5203fa27f86ef7528d89a0845d2520166e340754ffea2aae0f612b7ce5da"
            + "094a0236cdac45034b0b6842c18e7f6b51b93a3cf7e60663b8ad061c30a62602";
    private static final String TYPE_5 = "01050006c98a03" + TLS_DIGEST + "00"
            + "7173e5f8068431d0d3f5ee16b4c9ffd59df373e152a87281bae744aa5fcf7217"
            + "1bf4b27c4e8fc1c6a9fc5ca11058bc49647063d7903cfd9f512f89099b27bc0c";
    private static final String TYPE_7 = IDENTITY + "0006da3a80"
            + "5cf6006f9179066534de6b45ad47a5c469063ee462762723396dc9f25452a0a5"
            + "2da3f5087dd239f2a311f6b0d4dfeff4abd089dc3d0237a0abab19eb2045b91c"
            + "dcaf04be0a72d548a27bf2e77bd876ecfe5e1be622350da6bf31f6e306ed8964"
            + "88dd5b39409b23fc3eb7b2c9f7328eb18da36d54d80575899ea6507ccbfcdf1f";
    private static final String RSA_MODULUS = "d38b1e6ceb946e0db0751f4cbace3dcb9688b6c25304227b4710c35afb73627e50500f5913e1"
            + "58b621802612d1c75827003703338375237552eb3cd3c12f6ab3604e60c1a2d26bb1fbad206ff023969a90909d6a65a5458a5312c2"
            + "6ebd3a3dad30302d4515cdcd264146ac18e6fc60a04bd3ec327f04294d96ba5aa25b464c3f";

    @Test
    void readsAndVerifiesSigningKeyCertificate() throws Exception {
        Ed25519Certificate certificate = Ed25519Certificate.parse(hex(TYPE_4));
        assertThat(certificate.type()).isEqualTo(Ed25519Certificate.IDENTITY_SIGNING);
        assertThat(certificate.keyType()).isEqualTo(Ed25519Certificate.KEY_ED25519);
        assertThat(certificate.certifiedKey()).isEqualTo(hex(SIGNING));
        assertThat(certificate.signingKey()).isEqualTo(Ed25519Id.of(hex(IDENTITY)));
        assertThat(certificate.expiry()).isEqualTo(Instant.parse("2020-10-26T18:00:00Z"));
        assertThat(certificate.verify(Ed25519Id.of(hex(IDENTITY)))).isTrue();
    }

    @Test
    void readsAndVerifiesLinkCertificateWithoutNamedSigner() throws Exception {
        Ed25519Certificate certificate = Ed25519Certificate.parse(hex(TYPE_5));
        assertThat(certificate.type()).isEqualTo(Ed25519Certificate.SIGNING_TLS);
        assertThat(certificate.keyType()).isEqualTo(Ed25519Certificate.KEY_SHA256_OF_X509);
        assertThat(certificate.certifiedKey()).isEqualTo(hex(TLS_DIGEST));
        assertThat(certificate.signingKey()).isNull();
        assertThat(certificate.expiry()).isEqualTo(Instant.parse("2020-09-28T18:00:00Z"));
        assertThat(certificate.verify(Ed25519Id.of(hex(SIGNING)))).isTrue();
    }

    @Test
    void refusesSignatureOfAnotherKey() throws Exception {
        assertThat(Ed25519Certificate.parse(hex(TYPE_4)).verify(Ed25519Id.of(hex(SIGNING)))).isFalse();
        assertThat(Ed25519Certificate.parse(hex(TYPE_5)).verify(Ed25519Id.of(hex(IDENTITY)))).isFalse();
        byte[] noPoint = new byte[32];
        Arrays.fill(noPoint, (byte) 0xff);
        assertThat(Ed25519Certificate.parse(hex(TYPE_5)).verify(Ed25519Id.of(noPoint))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 6, 7, 39, 41, 43, 44, 76, 139})
    void refusesChangeOfAnyFieldOfEd25519Certificate(int at) {
        byte[] changed = hex(TYPE_4);
        changed[at] ^= 0x20;
        boolean verified;
        try {
            verified = Ed25519Certificate.parse(changed).verify(Ed25519Id.of(hex(IDENTITY)));
        } catch (ProtocolException e) {
            verified = false;
        }
        assertThat(verified).isFalse();
    }

    @Test
    void refusesUnknownVersion() {
        refused("03", "unknown version 3");
    }

    @Test
    void refusesSigningKeyOfWrongLength() {
        refused(TYPE_4.replace("0100200400" + IDENTITY, "0100210400" + IDENTITY + "ff"), "signing key of 33 bytes");
    }

    @Test
    void refusesUnknownExtensionThatAffectsValidation() {
        refused(TYPE_4.replace("0100200400", "0100200901"), "unknown mandatory extension 9");
    }

    @Test
    void passesOverUnknownExtensionThatDoesNot() throws Exception {
        assertThat(Ed25519Certificate.parse(hex(TYPE_4.replace("0100200400", "0100200900"))).signingKey()).isNull();
    }

    @Test
    void refusesTwoSigningKeys() {
        refused(TYPE_4.replace("0100200400" + IDENTITY, "0200200400" + IDENTITY + "00200400" + IDENTITY), "two signing keys");
    }

    @Test
    void refusesBytesMissingOrTooMany() {
        refused(TYPE_4.substring(2 * 64), "");
        refused(TYPE_4.substring(0, TYPE_4.length() - 2), "cut short");
        refused(TYPE_4 + "00", "1 bytes too many");
    }

    @Test
    void verifiesRsaCrossCertificateWithItsKeyAlone() throws Exception {
        RsaCrossCertificate certificate = RsaCrossCertificate.parse(hex(TYPE_7));
        assertThat(certificate.ed25519Id()).isEqualTo(Ed25519Id.of(hex(IDENTITY)));
        assertThat(certificate.expiry()).isEqualTo(Instant.ofEpochSecond(0x6da3aL * 3600));
        assertThat(certificate.verify(rsa(RSA_MODULUS))).isTrue();
        assertThat(certificate.verify(rsa(RSA_MODULUS.replace("bd3a3d", "bd6a3d")))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 31, 32, 35, 37, 164})
    void refusesChangeOfAnyFieldOfCrossCertificate(int at) throws Exception {
        byte[] changed = hex(TYPE_7);
        changed[at] ^= 1;
        assertThat(RsaCrossCertificate.parse(changed).verify(rsa(RSA_MODULUS))).isFalse();
    }

    @Test
    void refusesCrossCertificateOfWrongLength() {
        assertThatThrownBy(() -> RsaCrossCertificate.parse(hex(TYPE_7 + "00"))).isInstanceOf(ProtocolException.class);
        assertThatThrownBy(() -> RsaCrossCertificate.parse(hex(TYPE_7.substring(2)))).isInstanceOf(ProtocolException.class);
    }

    private static void refused(String certificate, String why) {
        assertThatThrownBy(() -> Ed25519Certificate.parse(hex(certificate)))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining(why);
    }

    private static RsaPublicKey rsa(String modulus) throws Exception {
        return RsaPublicKey.parse(hex("30818902818100" + modulus + "0203010001"));
    }

    private static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
