package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceFolderTest {
    private static final String CLIENT = "dz4q5xqlb4ldnbs72iarrml4ephk3du4i7o2cgiva5lwr6wkquja";

    @TempDir
    private Path parent;

    private Path folder;

    @BeforeEach
    void choose() {
        folder = parent.resolve("deep").resolve("service");
    }

    private ServiceFolder open() throws TorException {
        return ServiceFolder.open(folder, ServiceFolder.Use.DEFAULT, new SecureRandom());
    }

    private ServiceFolder openForGroup() throws TorException {
        return ServiceFolder.open(folder, new ServiceFolder.Use(true, false), new SecureRandom());
    }

    private void refuses(ErrorKind kind, String because) {
        assertThatExceptionOfType(TorException.class)
                .isThrownBy(() -> open().clients())
                .withMessageContaining(because)
                .satisfies(e -> assertThat(e.kind()).isEqualTo(kind));
    }

    private String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void makesAKeyAsCTorWritesItAndKeepsIt() throws Exception {
        ServiceFolder made = open();
        byte[] secret = Files.readAllBytes(folder.resolve("hs_ed25519_secret_key"));
        byte[] open = Files.readAllBytes(folder.resolve("hs_ed25519_public_key"));
        assertThat(secret).hasSize(96).startsWith("== ed25519v1-secret: type0 ==\0\0\0".getBytes(StandardCharsets.US_ASCII));
        assertThat(open).hasSize(64).startsWith("== ed25519v1-public: type0 ==\0\0\0".getBytes(StandardCharsets.US_ASCII));
        assertThat(open).endsWith(made.identity().publicKey());
        assertThat(secret).endsWith(((MasterIdentity) made.identity()).pair().secretKey());
        String address = OnionAddress.of(made.identity().publicKey()).label() + ".onion\n";
        assertThat(folder.resolve("hostname")).hasContent(address);
        assertThat(mode(folder)).isEqualTo("rwx------");
        assertThat(mode(folder.resolve("authorized_clients"))).isEqualTo("rwx------");
        assertThat(mode(folder.resolve("hs_ed25519_secret_key"))).isEqualTo("rw-------");
        assertThat(mode(folder.resolve("hostname"))).isEqualTo("rw-------");
        assertThat(open().identity().publicKey()).isEqualTo(made.identity().publicKey());
        assertThat(made.clients()).isEmpty();
    }

    @Test
    void writesWhatIsMissingBesideTheSecretKey() throws Exception {
        byte[] key = open().identity().publicKey();
        Files.delete(folder.resolve("hs_ed25519_public_key"));
        Files.delete(folder.resolve("hostname"));
        Files.delete(folder.resolve("authorized_clients"));
        assertThat(open().identity().publicKey()).isEqualTo(key);
        assertThat(folder.resolve("hs_ed25519_public_key")).exists();
        assertThat(folder.resolve("hostname")).exists();
    }

    @Test
    void refusesAFolderThatIsOpenToOthers() throws Exception {
        open();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-x---"));
        refuses(ErrorKind.STORAGE, "open to others");
    }

    @Test
    void aGroupMaySeeTheHostNameIfItIsSaidSoAndNeverTheKey() throws Exception {
        openForGroup();
        assertThat(mode(folder)).isEqualTo("rwxr-x---");
        assertThat(mode(folder.resolve("hostname"))).isEqualTo("rw-r-----");
        assertThat(mode(folder.resolve("hs_ed25519_secret_key"))).isEqualTo("rw-------");
        openForGroup();
        refuses(ErrorKind.STORAGE, "mode 700");
        Files.setPosixFilePermissions(folder.resolve("hs_ed25519_secret_key"), PosixFilePermissions.fromString("rw-r-----"));
        assertThatExceptionOfType(TorException.class).isThrownBy(this::openForGroup).withMessageContaining("mode 600");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwx---"));
        assertThatExceptionOfType(TorException.class).isThrownBy(this::openForGroup).withMessageContaining("mode 750");
    }

    @Test
    void aFolderOfBeforeIsOpenedForTheGroup() throws Exception {
        open();
        openForGroup();
        assertThat(mode(folder)).isEqualTo("rwxr-x---");
        assertThat(mode(folder.resolve("hostname"))).isEqualTo("rw-r-----");
    }

    @Test
    void aServiceThatWasNotHiddenOnceIsNeverHiddenAgain() throws Exception {
        ServiceFolder.open(folder, new ServiceFolder.Use(false, true), new SecureRandom());
        ServiceFolder.open(folder, new ServiceFolder.Use(false, true), new SecureRandom());
        refuses(ErrorKind.STORAGE, "non-anonymous");
    }

    @Test
    void refusesKeysThatAreDamagedOrDoNotBelongTogether() throws Exception {
        open();
        Path file = folder.resolve("hs_ed25519_public_key");
        byte[] bytes = Files.readAllBytes(file);
        bytes[63] ^= 1;
        Files.write(file, bytes);
        refuses(ErrorKind.STORAGE, "does not belong");
        Files.write(folder.resolve("hs_ed25519_secret_key"), new byte[96]);
        refuses(ErrorKind.STORAGE, "no secret key");
    }

    @Test
    void readsAuthorisedClientsAndLeavesOutWhatIsNone() throws Exception {
        ServiceFolder made = open();
        Path clients = folder.resolve("authorized_clients");
        Files.writeString(clients.resolve("alice.auth"), "descriptor:x25519:" + CLIENT.toUpperCase(java.util.Locale.ROOT) + "\n");
        Files.writeString(clients.resolve("bob.auth"), "descriptor:x25519:short\n");
        Files.writeString(clients.resolve("notes.txt"), "nothing\n");
        assertThat(made.clients()).hasSize(1).containsExactly(Base32.decode(CLIENT, 32));
    }

    @Test
    void doesNotOpenAServiceToAllBecauseItsClientsCanNotBeRead() throws Exception {
        open();
        Files.writeString(folder.resolve("authorized_clients").resolve("bob.auth"), "descriptor:x25519:short\n");
        refuses(ErrorKind.CONFIG, "no file");
    }
}
