package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ProtocolException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorityCertificateTest {
    @Test
    void readsGabelmoosOf2020() throws Exception {
        byte[] text = Documents.read("certificate.txt");
        AuthorityCertificate certificate = AuthorityCertificate.parse(text, 0, text.length);
        assertThat(certificate.name().authority()).hasToString("ED03BB616EB2F60BEC80151114BB25CEF515B226");
        assertThat(certificate.name().signingKey()).hasToString("C4F720E2C59F9DDD4867FFF465CA04031E35648F");
        assertThat(certificate.published()).isBefore(certificate.expires());
        assertThat(certificate.toBytes()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bad-cc-tag", "bad-fingerprint", "bad-version", "wrong-end", "wrong-start"})
    void refusesMalformedOnes(String name) throws Exception {
        byte[] text = Documents.read("bad-certificates/" + name);
        assertThatThrownBy(() -> AuthorityCertificate.parse(text, 0, text.length))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void refusesEveryChangeOfWhatIsSigned() throws Exception {
        String text = Documents.text("certificate.txt");
        int signed = text.indexOf("-----END RSA PUBLIC KEY-----", text.indexOf("dir-signing-key"));
        for (int i = text.indexOf("\nfingerprint") + 1; i < signed; i += 7) {
            char other = text.charAt(i) == 'A' ? 'B' : 'A';
            byte[] changed = Documents.latin1(text.substring(0, i) + other + text.substring(i + 1));
            assertThatThrownBy(() -> AuthorityCertificate.parse(changed, 0, changed.length))
                    .isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void refusesOneThatItsSigningKeyDidNotSign() {
        Instant expires = Instant.parse("2027-01-01T00:00:00Z");
        byte[] other = new TestAuthority().certificate(expires, new TestAuthority());
        assertThatThrownBy(() -> AuthorityCertificate.parse(other, 0, other.length))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("its signing key did not sign");
    }

    @Test
    void leavesOutTheMalformedAmongSeveral() throws Exception {
        String good = Documents.text("certificate.txt");
        String bad = Documents.text("bad-certificates/bad-fingerprint");
        List<AuthorityCertificate> certificates = AuthorityCertificate.parseAll(
                Documents.latin1("garbage\n" + good + bad + good + good.substring(0, good.length() - 5)));
        assertThat(certificates).hasSize(2);
        assertThat(AuthorityCertificate.parseAll(new byte[0])).isEmpty();
    }
}
