package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PidFileTest {
    @Test
    void namesTheProcessWhileItRuns(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("pid");
        PidFile.write(file);
        assertThat(Files.readString(file)).isEqualTo(ProcessHandle.current().pid() + "\n");
        PidFile.delete(file);
        assertThat(file).doesNotExist();
        PidFile.delete(file);
        assertThatThrownBy(() -> PidFile.write(folder.resolve("none").resolve("pid")))
                .isInstanceOf(TorException.class)
                .hasMessageContaining("No such file or directory");
    }
}
