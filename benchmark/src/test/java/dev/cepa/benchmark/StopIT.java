package dev.cepa.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C, in a process of its own. */
@Timeout(180)
class StopIT {
    @TempDir
    Path folder;

    @Test
    @EnabledOnOs(OS.LINUX)
    void ctrlCPrintsAndWritesWhatIsDone() throws Exception {
        Path torrc = Files.writeString(folder.resolve("torrc"), "TestingTorNetwork 1\n");
        Path json = folder.resolve("a.json");
        Path out = folder.resolve("out");
        // Whoever runs the tests may have been started with INT ignored, as in the background of a script.
        Process process = new ProcessBuilder("env", "--default-signal=INT",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), StoppedRun.class.getName(),
                torrc.toString(), json.toString())
                .redirectOutput(out.toFile())
                .start();
        try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8)) {
            String line = err.readLine();
            while (line != null && !line.equals("[2/3] Endless")) {
                line = err.readLine();
            }
            assertThat(line).isNotNull();
            new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).isEqualTo(130);
        assertThat(Files.readString(out)).contains("Done", "✓ PASS", "stopped before it was done", "not run: Never Begun",
                "FINAL RESULTS: 1 PASSED, 1 FAILED (out of 3 total)");
        Map<?, ?> root = (Map<?, ?>) Json.read(Files.readString(json));
        assertThat((List<?>) root.get("results")).hasSize(2);
        assertThat(root.get("not_run")).isEqualTo(List.of("Never Begun"));
    }
}
