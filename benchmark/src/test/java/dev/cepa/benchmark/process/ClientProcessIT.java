package dev.cepa.benchmark.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That no client outlives whoever started it, however that one ends. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class ClientProcessIT {
    @TempDir
    private Path folder;

    /** Starts a client in a JVM of its own, says its process id, and never closes it. */
    static final class Owner {
        private Owner() {}

        public static void main(String[] args) throws Exception {
            ClientProgram idle = new ClientProgram("idle", List.of("/bin/sh", "-c", "exec sleep 600", "sh"));
            ClientProcess client = ClientProcess.start(idle, Path.of(args[0]), List.of(), null);
            System.out.println(client.pid());
            Thread.sleep(Duration.ofMinutes(10));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM", "KILL"})
    void aClientEndsWithItsOwner(String signal) throws Exception {
        // Whoever runs the tests may have been started with INT ignored, as in the background of a script.
        Process owner = new ProcessBuilder(
                        "env", "--default-signal=INT", Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), Owner.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = owner.inputReader()) {
            ProcessHandle client = ProcessHandle.of(Long.parseLong(out.readLine())).orElseThrow();
            assertThat(client.isAlive()).isTrue();
            assertThat(new ProcessBuilder("/bin/sh", "-c", "kill -" + signal + " " + owner.pid()).start().waitFor()).isZero();
            assertThat(owner.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(client.onExit().orTimeout(60, TimeUnit.SECONDS).join().isAlive()).isFalse();
        } finally {
            owner.destroyForcibly();
        }
    }
}
