package dev.cepa.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.ProtocolException;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

class RsaPublicKeyFuzz {
    private static final byte[] KEY = newKey();

    @Property
    void anyBytesAreAKeyOrRefused(@ForAll @Size(max = 300) byte[] der) {
        read(der);
    }

    @Property
    void damagedKeysAreReadOrRefusedAndVerifyNothing(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] damaged = KEY.clone();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            damaged[random.nextInt(random.nextBoolean() ? 12 : damaged.length)] = (byte) random.nextInt();
        }
        read(damaged);
    }

    private static void read(byte[] der) {
        try {
            RsaPublicKey parsed = RsaPublicKey.parse(der);
            byte[] signature = new byte[(parsed.bits() + 7) / 8];
            Arrays.fill(signature, 1, signature.length, (byte) 0x5a);
            assertThat(parsed.verifies(new byte[20], signature)).isFalse();
            parsed.recover(signature);
            throw new AssertionError("made-up signature accepted");
        } catch (ProtocolException e) {
            assertThat(e).hasMessageMatching("(?s).+");
        }
    }

    private static byte[] newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(1024);
            byte[] x509 = generator.generateKeyPair().getPublic().getEncoded();
            return Arrays.copyOfRange(x509, 22, x509.length);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
