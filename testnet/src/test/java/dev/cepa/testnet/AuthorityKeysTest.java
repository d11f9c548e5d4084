package dev.cepa.testnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthorityKeysTest {
    @Test
    void findsThePkcs1KeyInsideItsWrapping() throws NoSuchAlgorithmException {
        for (int size : new int[] {1024, 2048}) {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(size);
            KeyPair pair = generator.generateKeyPair();

            byte[] publicKey = AuthorityKeys.innermost(pair.getPublic().getEncoded());
            byte[] privateKey = AuthorityKeys.innermost(pair.getPrivate().getEncoded());

            // SEQUENCE, INTEGER modulus and so on; a private key begins with INTEGER 0.
            assertThat(publicKey[0]).isEqualTo((byte) 0x30);
            assertThat(publicKey[publicKey[1] == (byte) 0x81 ? 3 : 4]).isEqualTo((byte) 2);
            assertThat(publicKey.length).isBetween(size / 8 + 10, size / 8 + 20);
            assertThat(Arrays.copyOfRange(privateKey, 4, 7)).containsExactly(2, 1, 0);
        }
    }

    @Test
    void writesAnIdentityOnlyItsOwnerCanRead(@TempDir Path keys) throws IOException {
        assertThat(AuthorityKeys.createRelayIdentity(keys)).matches("[0-9A-F]{40}");
        Path file = keys.resolve("secret_id_key");
        assertThat(Files.readString(file)).startsWith("-----BEGIN RSA PRIVATE KEY-----\n")
                .endsWith("-----END RSA PRIVATE KEY-----\n");
        assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
    }
}
