package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFileTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-11-24T04:05:06Z"));

    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("state");
    }

    private StateFile load() throws TorException {
        return StateFile.load(file(), "0.4.9.11", CLOCK);
    }

    @Test
    void keepsWhatItDoesNotKnow() throws IOException {
        String kept = "Dormant 0\nGuard in=default rsa_id=AB unknown=1\nSomething strange\t with  blanks \\\nBare\nName caf\u00e9\n";
        Files.writeString(file(), "# Tor state file\n\n" + kept, StandardCharsets.UTF_8);

        StateFile state = load();
        state.save();

        assertThat(Files.readString(file(), StandardCharsets.UTF_8))
                .isEqualTo("# Tor state file last generated on 2026-11-24 04:05:06 UTC\n# Other times below are in UTC\n"
                        + "# You *do not* need to edit this file.\n\n" + kept
                        + "LastWritten 2026-11-24 04:05:06\nTorVersion Tor 0.4.9.11\n");
    }

    @Test
    void replacesLinesWhereTheyWere() throws IOException {
        Files.writeString(file(), "A 1\nguard x\nB 2\nGuard y\nC 3\n");
        StateFile state = load();
        assertThat(state.values("Guard")).containsExactly("x", "y");
        assertThat(state.isDirty()).isFalse();

        state.replace("Guard", List.of("x", "y"));
        assertThat(state.isDirty()).as("nothing changed").isFalse();
        state.replace("Guard", List.of("z", "line\nbreak"));
        assertThat(state.isDirty()).isTrue();
        state.save();

        assertThat(state.isDirty()).isFalse();
        assertThat(Files.readString(file())).contains("A 1\nGuard z\nGuard line break\nB 2\nC 3\n");
    }

    @Test
    void aMissingFileIsAnEmptyOne() throws IOException {
        StateFile state = load();
        assertThat(state.value("TorVersion")).isNull();
        state.save();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file()))).isEqualTo("rw-------");
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file());
        }
    }

    @Test
    void contributorsRunBeforeASaveAndWhatChangesMeanwhileIsStillToBeSaved() throws TorException {
        StateFile state = load();
        state.beforeSave(() -> state.replace("Guard", List.of("one")));
        state.markDirty();
        state.save();
        assertThat(load().values("Guard")).containsExactly("one");
        assertThat(state.isDirty()).isFalse();

        state.beforeSave(state::markDirty);
        state.save();
        assertThat(state.isDirty()).isTrue();
    }

    @Test
    void aFolderThatIsGoneLosesNothing() throws IOException {
        Path inner = Files.createDirectory(folder.resolve("inner"));
        StateFile state = StateFile.load(inner.resolve("state"), "1", CLOCK);
        state.replace("Guard", List.of("one"));
        Files.delete(inner);

        assertThatThrownBy(state::save)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.STORAGE))
                .hasMessageContaining("inner");
        assertThat(state.isDirty()).isTrue();

        Files.createDirectory(inner);
        state.save();
        assertThat(state.isDirty()).isFalse();
        assertThat(Files.readString(inner.resolve("state"))).contains("Guard one\n");
    }

    @Test
    void aFullDiskLeavesTheOldFileAlone() throws IOException {
        Files.writeString(file(), "Guard old\n");
        StateFile state = load();
        state.replace("Guard", List.of("new"));
        // What can't be replaced by a file: a directory with something in it.
        Files.createDirectories(folder.resolve("state.tmp/full"));

        assertThatThrownBy(state::save)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.STORAGE));
        assertThat(Files.readString(file())).isEqualTo("Guard old\n");
        assertThat(state.isDirty()).isTrue();
    }

    @Test
    void anUnreadableFileIsAnErrorAndNotAnEmptyOne() throws IOException {
        Files.createDirectory(file());
        assertThatThrownBy(this::load)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.STORAGE));
    }

    @Test
    void timesAreReadAndWrittenToTheSecond() {
        assertThat(StateTime.parse("2026-11-24T03:42:00", 'T'))
                .isEqualTo(Instant.parse("2026-11-24T03:42:00Z").getEpochSecond());
        assertThat(StateTime.format(Instant.parse("2026-01-02T03:04:05Z").getEpochSecond(), ' '))
                .isEqualTo("2026-01-02 03:04:05");
        for (String bad : List.of("", "2026-11-24 03:42:00", "2026-13-24T03:42:00", "2026-11-24T24:42:00", "1969-11-24T03:42:00",
                "2026-11-24T03:42:0x", "-026-11-24T03:42:00")) {
            assertThat(StateTime.parse(bad, 'T')).as(bad).isEqualTo(-1);
        }
    }
}
