package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ChannelMessage.Certs;
import dev.cepa.cell.ChannelMessage.Certs.Certificate;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The certificates are those of one relay of a test network, as Arti's tests have them. Its TLS certificate itself is not
 * known, only its digest.
 */
class LinkVerifierTest {
    private static final byte[] TYPE_2 = hex("308201b930820122a0030201020208607c28be6c390943300d06092a864886f70d01010b0500301f"
            + "311d301b06035504030c147777772e74636a76356b766a646472322e636f6d301e170d3230303831303030303030305a170d323130383"
            + "1303030303030305a301f311d301b06035504030c147777772e74636a76356b766a646472322e636f6d30819f300d06092a864886f70d0"
            + "10101050003818d0030818902818100d38b1e6ceb946e0db0751f4cbace3dcb9688b6c25304227b4710c35afb73627e50500f5913e158b"
            + "621802612d1c75827003703338375237552eb3cd3c12f6ab3604e60c1a2d26bb1fbad206ff023969a90909d6a65a5458a5312c26ebd3a3"
            + "dad30302d4515cdcd264146ac18e6fc60a04bd3ec327f04294d96ba5aa25b464c3f0203010001300d06092a864886f70d01010b0500038"
            + "181003bce561ea7f95cc00b78aab5d69573ff301c282a751d4a651921d042f1becdba24d918a6d8a5e138dc07bba0b335478ae37abd2c9"
            + "3a93932442ae9084329e846170fe0fc4a50aafc804f311cc3ca4f41d845a7ba5901cbbc3e021e9794aac70ce1f37b0a951592db1b64f2b"
            + "4afb81ae52dbd9b6fede96a5fb8125eb6251ee50a");
    private static final byte[] TYPE_4 = hex("01040006cc2a01f82294b866a31f01fc5d0da8572850a9b929545c3266558d7d2316e3b74172b0"
            + "0100200400dcb604db2034b00fd16986d4adb9d16b21cb4e4457a33dec0f538903683e96e9ff1a5203fa27f86ef7528d89a0845d252016"
            + "6e340754ffea2aae0f612b7ce5da094a0236cdac45034b0b6842c18e7f6b51b93a3cf7e60663b8ad061c30a62602");
    private static final byte[] TYPE_5 = hex("01050006c98a03b4fd606b64e4cbd466b8d76cb131069bae6f3aa1878857c9f624e31d77a799b8"
            + "007173e5f8068431d0d3f5ee16b4c9ffd59df373e152a87281bae744aa5fcf72171bf4b27c4e8fc1c6a9fc5ca11058bc49647063d7903"
            + "cfd9f512f89099b27bc0c");
    private static final byte[] TYPE_7 = hex("dcb604db2034b00fd16986d4adb9d16b21cb4e4457a33dec0f538903683e96e90006da3a805cf600"
            + "6f9179066534de6b45ad47a5c469063ee462762723396dc9f25452a0a52da3f5087dd239f2a311f6b0d4dfeff4abd089dc3d0237a0abab1"
            + "9eb2045b91cdcaf04be0a72d548a27bf2e77bd876ecfe5e1be622350da6bf31f6e306ed896488dd5b39409b23fc3eb7b2c9f7328eb18da3"
            + "6d54d80575899ea6507ccbfcdf1f");
    private static final byte[] TLS_DIGEST = hex("b4fd606b64e4cbd466b8d76cb131069bae6f3aa1878857c9f624e31d77a799b8");
    private static final Ed25519Id ED25519_ID =
            Ed25519Id.of(hex("dcb604db2034b00fd16986d4adb9d16b21cb4e4457a33dec0f538903683e96e9"));
    private static final RsaId RSA_ID = RsaId.ofHex("2f1fb49bb332a9eec617e41e911c33fb3890aef3");
    private static final Instant THEN = Instant.parse("2020-09-26T18:01:20Z");

    private final List<Certificate> certificates = new ArrayList<>(List.of(
            new Certificate(2, TYPE_2), new Certificate(5, TYPE_5), new Certificate(7, TYPE_7), new Certificate(4, TYPE_4)));

    @Test
    void acceptsRealRelay() throws Exception {
        LinkVerifier.Identity identity = verifier(RSA_ID, ED25519_ID, THEN, null).verify(certs(), TLS_DIGEST);
        assertThat(identity).isEqualTo(new LinkVerifier.Identity(RSA_ID, ED25519_ID));
    }

    @Test
    void tellsEd25519IdentityThatWasNotKnown() throws Exception {
        LinkVerifier.Identity identity = verifier(RSA_ID, null, THEN, null).verify(certs(), TLS_DIGEST);
        assertThat(identity.ed25519Id()).isEqualTo(ED25519_ID);
    }

    @Test
    void passesOverCertificatesOfOtherTypes() throws Exception {
        certificates.add(new Certificate(1, new byte[] {1}));
        certificates.add(new Certificate(99, new byte[0]));
        verifier(RSA_ID, ED25519_ID, THEN, null).verify(certs(), TLS_DIGEST);
    }

    @ParameterizedTest
    @CsvSource({"2, no RSA identity certificate", "4, no identity certificate", "5, no link certificate", "7, no RSA cross"})
    void refusesMissingCertificate(int type, String why) {
        certificates.removeIf(c -> c.type() == type);
        refused().hasMessageStartingWith(why);
    }

    @ParameterizedTest
    @CsvSource({"2", "4", "5", "7"})
    void refusesTwoOfOneType(int type) {
        certificates.add(certificates.stream().filter(c -> c.type() == type).findFirst().orElseThrow());
        refused().hasMessage("two certificates of type " + type + " in CERTS");
    }

    @Test
    void refusesTwoOfOneUnknownType() {
        certificates.add(new Certificate(99, new byte[0]));
        certificates.add(new Certificate(99, new byte[0]));
        refused().hasMessage("two certificates of type 99 in CERTS");
    }

    @ParameterizedTest
    @CsvSource({
        "2, RSA identity certificate is not signed with its own key",
        "4, identity certificate (type 4) with a bad signature",
        "5, link certificate (type 5) with a bad signature",
        "7, RSA cross-certificate (type 7) with a bad signature"
    })
    void refusesBadSignature(int type, String why) {
        certificates.replaceAll(c -> {
            byte[] body = c.body().clone();
            if (c.type() == type) {
                body[body.length - 1] ^= 0x10;
            }
            return new Certificate(c.type(), body);
        });
        refused().hasMessage(why);
    }

    @Test
    void refusesCertificateUnderAnotherTypesNumber() {
        certificates.replaceAll(c -> c.type() == 5 ? new Certificate(5, TYPE_4) : c);
        refused().hasMessage("link certificate (type 5) that says it is of type 4");
    }

    @Test
    void refusesMalformedX509() {
        certificates.replaceAll(c -> c.type() == 2 ? new Certificate(2, new byte[100]) : c);
        refused().hasMessage("malformed RSA identity certificate");
    }

    /** Its last bit is 0, so the signature would be the same without it. */
    @Test
    void refusesX509WhoseSignatureHasUnusedBits() {
        byte[] changed = TYPE_2.clone();
        changed[changed.length - 129] = 1;
        certificates.replaceAll(c -> c.type() == 2 ? new Certificate(2, changed) : c);
        refused().hasMessage("RSA identity certificate whose signature is not in DER");
    }

    @Test
    void refusesOtherIdentities() {
        refused(verifier(RSA_ID, Ed25519Id.of(new byte[32]), THEN, null), TLS_DIGEST, ErrorKind.PROTOCOL)
                .hasMessageStartingWith("wrong Ed25519 identity: it is " + ED25519_ID);
        refused(verifier(RsaId.of(new byte[20]), ED25519_ID, THEN, null), TLS_DIGEST, ErrorKind.PROTOCOL)
                .hasMessage("wrong RSA identity: it is $" + RSA_ID);
    }

    @Test
    void refusesAnotherTlsCertificate() {
        refused(verifier(RSA_ID, ED25519_ID, THEN, null), new byte[32], ErrorKind.PROTOCOL)
                .hasMessageStartingWith("link certificate (type 5) is for another TLS certificate");
    }

    @ParameterizedTest
    @CsvSource({
        "2020-09-28T18:00:01Z, link certificate (type 5) expired at 2020-09-28T18:00:00Z",
        "2020-10-26T18:00:01Z, identity certificate (type 4) expired at 2020-10-26T18:00:00Z"
    })
    void refusesExpiredCertificates(Instant now, String why) {
        refused(verifier(RSA_ID, ED25519_ID, now, null), TLS_DIGEST, ErrorKind.PROTOCOL).hasMessage(why);
    }

    @Test
    void acceptsCertificateUntilItsLastSecond() throws Exception {
        verifier(RSA_ID, ED25519_ID, Instant.parse("2020-09-28T18:00:00Z"), null).verify(certs(), TLS_DIGEST);
    }

    @Test
    void saysThatTheClockIsWrongIfThatExplainsExpiry() {
        Instant now = Instant.parse("2020-09-28T20:00:00Z");
        refused(verifier(RSA_ID, ED25519_ID, now, Duration.ofHours(3)), TLS_DIGEST, ErrorKind.CLOCK_SKEW)
                .hasMessageContaining("180 minutes ahead");
        refused(verifier(RSA_ID, ED25519_ID, now, Duration.ofHours(1)), TLS_DIGEST, ErrorKind.PROTOCOL);
    }

    @Test
    void refusesIdentityCertificateFarFromTheFuture() {
        refused(verifier(RSA_ID, ED25519_ID, Instant.parse("2020-07-01T00:00:00Z"), null), TLS_DIGEST, ErrorKind.PROTOCOL)
                .hasMessageContaining("not valid before 2020-08-10");
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused() {
        return refused(verifier(RSA_ID, ED25519_ID, THEN, null), TLS_DIGEST, ErrorKind.PROTOCOL);
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused(LinkVerifier verifier, byte[] digest, ErrorKind kind) {
        return assertThatThrownBy(() -> verifier.verify(certs(), digest))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    private Certs certs() {
        return new Certs(certificates);
    }

    private static LinkVerifier verifier(RsaId rsaId, Ed25519Id ed25519Id, Instant now, Duration skew) {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        return new LinkVerifier(new ChannelTarget(rsaId, ed25519Id, List.of(address)), now, skew);
    }

    private static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
