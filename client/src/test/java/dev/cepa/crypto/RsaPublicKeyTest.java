package dev.cepa.crypto;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cepa.error.ProtocolException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateKey;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import org.junit.jupiter.api.Test;

class RsaPublicKeyTest {
    private static final String CERTIFICATE =
            String.join("\n", Hex.lines(RsaPublicKeyTest.class, "authority-certificate.txt")) + "\n";

    @Test
    void verifiesTheSignaturesOfAnAuthorityCertificate() throws Exception {
        RsaPublicKey identity = RsaPublicKey.parse(object("dir-identity-key"));
        RsaPublicKey signing = RsaPublicKey.parse(object("dir-signing-key"));
        assertThat(identity.identity()).hasToString("D867ACF56A9D229B35C25F0090BC9867E906BE69");
        assertThat(identity.bits()).isEqualTo(3072);
        assertThat(signing.bits()).isEqualTo(1024);
        assertThat(identity.hasStandardExponent()).isTrue();

        byte[] crossSigned = identity.identity().toBytes();
        assertThat(signing.verifies(crossSigned, object("dir-key-crosscert"))).isTrue();
        assertThat(signing.recover(object("dir-key-crosscert"))).isEqualTo(crossSigned);

        String end = "dir-key-certification\n";
        String signed = CERTIFICATE.substring(0, CERTIFICATE.indexOf(end) + end.length());
        byte[] digest = Primitives.sha1().digest(signed.getBytes(StandardCharsets.US_ASCII));
        byte[] signature = object("dir-key-certification");
        assertThat(identity.verifies(digest, signature)).isTrue();

        digest[3] ^= 1;
        assertThat(identity.verifies(digest, signature)).isFalse();
        signature[100] ^= 1;
        digest[3] ^= 1;
        assertThat(identity.verifies(digest, signature)).isFalse();
        assertThatExceptionOfType(ProtocolException.class).isThrownBy(() -> identity.recover(signature));
    }

    @Test
    void verifiesWhatTheJdkSigns() throws Exception {
        KeyPair pair = newKey();
        RsaPublicKey key = RsaPublicKey.parse(pkcs1(pair));
        Cipher signer = Cipher.getInstance("RSA/ECB/PKCS1Padding");
        signer.init(Cipher.ENCRYPT_MODE, pair.getPrivate());
        for (int length : new int[] {20, 32, 117}) {
            byte[] digest = new byte[length];
            Arrays.fill(digest, (byte) 0x5a);
            byte[] signature = signer.doFinal(digest);
            assertThat(key.verifies(digest, signature)).isTrue();
            assertThat(key.recover(signature)).isEqualTo(digest);
            assertThat(key.verifies(digest, Arrays.copyOf(signature, 127))).isFalse();
            assertThat(key.verifies(digest, Arrays.copyOf(signature, 129))).isFalse();
        }
        assertThat(key.verifies(new byte[118], new byte[128])).isFalse();
    }

    @Test
    void refusesPaddingOfAnyOtherForm() throws Exception {
        KeyPair pair = newKey();
        RsaPublicKey key = RsaPublicKey.parse(pkcs1(pair));
        byte[] digest = new byte[20];
        byte[] good = new byte[128];
        good[1] = 1;
        Arrays.fill(good, 2, 107, (byte) 0xff);
        assertThat(key.verifies(digest, sign(pair, good))).isTrue();

        assertRefused(pair, key, good, 1, 2); // type 2
        assertRefused(pair, key, good, 50, 0xfe); // not all ff
        assertRefused(pair, key, good, 107, 1); // no zero before the digest
        byte[] shortPadding = good.clone();
        Arrays.fill(shortPadding, 9, 107, (byte) 0); // seven ff: the digest would follow much trailing room
        assertThat(key.verifies(digest, sign(pair, shortPadding))).isFalse();
        assertThatExceptionOfType(ProtocolException.class).isThrownBy(() -> key.recover(sign(pair, shortPadding)));
        byte[] endless = good.clone();
        Arrays.fill(endless, 2, 128, (byte) 0xff);
        assertThatExceptionOfType(ProtocolException.class).isThrownBy(() -> key.recover(sign(pair, endless)));
    }

    private static void assertRefused(KeyPair pair, RsaPublicKey key, byte[] good, int at, int value) {
        byte[] block = good.clone();
        block[at] = (byte) value;
        assertThat(key.verifies(new byte[20], sign(pair, block))).as("byte %d", at).isFalse();
        if (at != 107) {
            assertThatExceptionOfType(ProtocolException.class).isThrownBy(() -> key.recover(sign(pair, block)));
        }
    }

    @Test
    void refusesSignaturesNotSmallerThanTheModulus() throws Exception {
        KeyPair pair = newKey();
        RsaPublicKey key = RsaPublicKey.parse(pkcs1(pair));
        byte[] ones = new byte[128];
        Arrays.fill(ones, (byte) 0xff);
        assertThat(key.verifies(new byte[20], ones)).isFalse();
        assertThatExceptionOfType(ProtocolException.class).isThrownBy(() -> key.recover(ones));
    }

    @Test
    void refusesKeysThatAreNotStrictDer() throws Exception {
        byte[] der = object("dir-signing-key");
        RsaPublicKey.parse(der);
        for (int length = 0; length < der.length; length++) {
            refuses(Arrays.copyOf(der, length));
        }
        refuses(Arrays.copyOf(der, der.length + 1));
        byte[] longLength = new byte[der.length + 1]; // 30 82 00 89 instead of 30 81 89
        System.arraycopy(hex("30820089"), 0, longLength, 0, 4);
        System.arraycopy(der, 3, longLength, 4, der.length - 3);
        refuses(longLength);
        byte[] negative = der.clone();
        negative[6] = (byte) 0x80; // the modulus's sign byte
        refuses(negative);
        byte[] evenExponent = der.clone();
        evenExponent[der.length - 1] = 0;
        refuses(evenExponent);
        byte[] evenModulus = der.clone();
        evenModulus[der.length - 6] = 0;
        refuses(evenModulus);
        refuses(hex("30060201" + "0f" + "020103")); // four bits
    }

    private static void refuses(byte[] der) {
        assertThatExceptionOfType(ProtocolException.class).isThrownBy(() -> RsaPublicKey.parse(der));
    }

    private static KeyPair newKey() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(1024);
        return generator.generateKeyPair();
    }

    /** The PKCS#1 form: what X.509 wraps in 22 bytes, for a key of 1,024 bits. */
    private static byte[] pkcs1(KeyPair pair) {
        byte[] x509 = pair.getPublic().getEncoded();
        return Arrays.copyOfRange(x509, 22, x509.length);
    }

    private static byte[] sign(KeyPair pair, byte[] block) {
        RSAPrivateKey key = (RSAPrivateKey) pair.getPrivate();
        byte[] number = new BigInteger(1, block).modPow(key.getPrivateExponent(), key.getModulus()).toByteArray();
        byte[] signature = new byte[128];
        int used = Math.min(number.length, 128);
        System.arraycopy(number, number.length - used, signature, 128 - used, used);
        return signature;
    }

    /** The decoded object after a keyword line. */
    private static byte[] object(String keyword) {
        String rest = CERTIFICATE.substring(CERTIFICATE.indexOf("\n" + keyword + "\n") + keyword.length() + 2);
        String begin = rest.substring(rest.indexOf('\n') + 1);
        return Base64.getMimeDecoder().decode(begin.substring(0, begin.indexOf("-----")));
    }
}
