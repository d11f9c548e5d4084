package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWatchTest {
    @TempDir
    private Path folder;

    private Path file;
    private FileWatch watch;

    @BeforeEach
    void watch() throws IOException {
        file = Files.writeString(folder.resolve("torrc"), "SocksPort 1\n");
        watch = new FileWatch(List.of(file, folder.resolve("none")));
    }

    @Test
    void seesNothingWhereNothingHappens() {
        assertThat(watch.hasChanged()).isFalse();
        assertThat(watch.hasChanged()).isFalse();
    }

    @Test
    void countsAChangeOnceItHasSettled() throws Exception {
        Files.writeString(file, "SocksPort 12\n");
        assertThat(watch.hasChanged()).isFalse();
        Files.writeString(file, "SocksPort 123\n");
        assertThat(watch.hasChanged()).isFalse();
        assertThat(watch.hasChanged()).isTrue();
        assertThat(watch.hasChanged()).isFalse();
    }

    @Test
    void seesANewFileInPlaceOfTheOldOne() throws Exception {
        Path other = Files.writeString(folder.resolve("new"), "SocksPort 2\n");
        FileTime time = Files.getLastModifiedTime(file);
        Files.setLastModifiedTime(other, time);
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
        watch.hasChanged();
        assertThat(watch.hasChanged()).isTrue();
    }

    @Test
    void seesFilesComeAndGo() throws Exception {
        Files.createFile(folder.resolve("none"));
        watch.hasChanged();
        assertThat(watch.hasChanged()).isTrue();
        Files.delete(file);
        watch.hasChanged();
        assertThat(watch.hasChanged()).isTrue();
        FileWatch whole = new FileWatch(List.of(folder));
        Files.createFile(folder.resolve("more"));
        Files.setLastModifiedTime(folder, FileTime.fromMillis(1));
        whole.hasChanged();
        assertThat(whole.hasChanged()).isTrue();
    }
}
