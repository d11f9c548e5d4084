package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClientAuthFolderTest {
    private static final String SERVICE = "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid";
    private static final String KEY = "sdznmd4rp4sch4eyttuzpfrzinnfwaoppkz6binzac7lrev24rbq";

    @TempDir
    private Path folder;

    private void write(String name, String text) throws Exception {
        Files.writeString(folder.resolve(name), text);
    }

    @Test
    void readsTheFilesThatCTorWrites() throws Exception {
        write("a.auth_private", SERVICE + ":descriptor:x25519:" + KEY.toUpperCase() + "\n");
        assertThat(ClientAuthFolder.read(folder))
                .containsOnlyKeys(OnionAddress.parseLabel(SERVICE))
                .containsValue(ClientAuthKey.parse(KEY));
    }

    @Test
    void leavesOutWhatItCannotRead() throws Exception {
        write("b.auth_private", SERVICE + ":descriptor:x25519:" + KEY);
        write("c.auth_private", SERVICE + ":descriptor:x25519:" + KEY);
        write("d.auth_private", "nonsense");
        write("e.auth_private", SERVICE.substring(1) + ":descriptor:x25519:" + KEY);
        write("f.auth_private", SERVICE + ":descriptor:x448:" + KEY);
        write("g.auth_private", "");
        write("h.auth_private", "x".repeat(5000));
        write("i.auth", SERVICE + ":descriptor:x25519:" + KEY);
        Files.createDirectory(folder.resolve("j.auth_private"));
        assertThat(ClientAuthFolder.read(folder)).hasSize(1);
    }

    @Test
    void keepsAKeyAsCTorDoesAndRemovesItWhateverItsFileIsCalled() throws Exception {
        OnionAddress address = OnionAddress.parseLabel(SERVICE);
        Path file = folder.resolve(SERVICE + ".auth_private");
        ClientAuthFolder.write(folder, address, ClientAuthKey.of(new byte[32]));
        ClientAuthFolder.write(folder, address, ClientAuthKey.parse(KEY));
        assertThat(Files.readString(file)).isEqualTo(SERVICE + ":descriptor:x25519:" + KEY);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder))).isEqualTo("rwx------");
        assertThat(ClientAuthFolder.read(folder)).containsEntry(address, ClientAuthKey.parse(KEY));

        Files.move(file, folder.resolve("mine.auth_private"));
        write("other.auth_private", "nonsense");
        assertThat(ClientAuthFolder.remove(folder, OnionAddress.of(new byte[32]))).isFalse();
        assertThat(ClientAuthFolder.remove(folder, address)).isTrue();
        assertThat(ClientAuthFolder.read(folder)).isEmpty();
        assertThat(folder.resolve("other.auth_private")).exists();
    }

    @Test
    void saysThatTheFolderIsMissing() {
        assertThatThrownBy(() -> ClientAuthFolder.read(folder.resolve("none")))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.STORAGE));
    }
}
