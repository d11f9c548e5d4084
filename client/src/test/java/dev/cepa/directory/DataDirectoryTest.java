package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir
    Path temp;

    @Test
    void createsTheFolderForItsOwnerAlone() throws IOException {
        Path folder = temp.resolve("new/data");
        try (DataDirectory data = DataDirectory.open(folder)) {
            assertThat(mode(data.path())).isEqualTo("rwx------");
            assertThat(mode(data.path().resolve("lock"))).isEqualTo("rw-------");
        }
    }

    @Test
    void closesAFolderThatOthersCouldRead() throws IOException {
        Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (DataDirectory data = DataDirectory.open(temp)) {
            assertThat(mode(data.path())).isEqualTo("rwx------");
        }
    }

    @Test
    void belongsToOneInstanceAtATime() throws IOException {
        try (DataDirectory first = DataDirectory.open(temp)) {
            assertThatThrownBy(() -> DataDirectory.open(temp))
                    .isInstanceOfSatisfying(
                            TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.ALREADY_RUNNING))
                    .hasMessageContaining(first.path().toString());
        }
        DataDirectory.open(temp).close();
    }

    @Test
    void aLockFileLeftBehindIsNoObstacle() throws IOException {
        Files.createFile(temp.resolve("lock"));
        DataDirectory.open(temp).close();
    }

    @Test
    void saysWhatIsWrongWithAPathThatIsAFile() throws IOException {
        Path file = Files.createFile(temp.resolve("file"));
        assertThatThrownBy(() -> DataDirectory.open(file.resolve("data")))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.STORAGE))
                .hasMessageContaining(file.toString());
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void letsTheGroupReadItIfTold() throws Exception {
        Path folder = temp.resolve("shared");
        DataDirectory.open(folder, true).close();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder))).isEqualTo("rwxr-x---");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        DataDirectory.prepareCache(folder, true);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder))).isEqualTo("rwxr-x---");
        DataDirectory.open(folder, false).close();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder))).isEqualTo("rwx------");
    }
}
