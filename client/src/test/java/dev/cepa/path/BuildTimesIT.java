package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cepa.event.TorEvents;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Build times in the state file, handed to tor and taken back from it. */
@Timeout(60)
class BuildTimesIT {
    private static final Pattern FIT = Pattern.compile("Circuit timeout data: ([0-9.]+)ms, ([0-9.]+)ms, Xm: ([0-9]+),");
    private static final InstantSource CLOCK = InstantSource.system();

    @TempDir
    private Path folder;

    private static BuildTimeouts timeouts(StateFile state) {
        return new BuildTimeouts(state, PathSettings.DEFAULT, CLOCK, new Random(1), new TorEvents());
    }

    @Test
    void torReadsOursLearnsTheSameAndWeReadWhatItWrites() throws Exception {
        Path file = folder.resolve("state");
        StateFile state = StateFile.load(file, "Cepa 0", CLOCK);
        BuildTimeouts ours = timeouts(state);
        Random random = new Random(7);
        for (int i = 0; i < 300; i++) {
            ours.built(Duration.ofMillis((long) (40 / Math.pow(1 - random.nextDouble(), 0.4))), true);
        }
        ours.networkIsLive();
        ours.abandoned(CLOCK.instant().minusSeconds(60));
        state.save();
        // What is read back has lost what its bins do not tell.
        BuildTimeouts binned = timeouts(StateFile.load(file, "Cepa 0", CLOCK));

        Matcher fit = FIT.matcher(runTor());
        assertThat(fit.find()).isTrue();
        assertThat(Double.parseDouble(fit.group(1))).isCloseTo(binned.timeout(3).toNanos() / 1e6, within(0.001));
        assertThat(Double.parseDouble(fit.group(2))).isCloseTo(binned.closeTimeout(3).toNanos() / 1e6, within(0.001));
        assertThat(Integer.parseInt(fit.group(3))).isEqualTo(binned.status().xm());

        StateFile after = StateFile.load(file, "Cepa 0", CLOCK);
        assertThat(after.value("TorVersion")).startsWith("Tor 0.4");
        assertThat(after.values("CircuitBuildTimeBin")).isEqualTo(state.values("CircuitBuildTimeBin"));
        assertThat(after.value("CircuitBuildAbandonedCount")).isEqualTo("1");
        BuildTimeouts again = timeouts(after);
        assertThat(again.status()).isEqualTo(binned.status());
        assertThat(again.status().times()).isEqualTo(301);
    }

    /** Runs tor until it has read the state, and stops it, upon which it writes it. Returns its log. */
    private String runTor() throws Exception {
        Path torrc = folder.resolve("torrc");
        Files.write(torrc, List.of("DataDirectory " + folder, "SocksPort 0", "DisableNetwork 1", "Log info stdout"));
        Process tor = new ProcessBuilder("tor", "--defaults-torrc", "/dev/null", "-f", torrc.toString())
                .redirectErrorStream(true)
                .start();
        StringBuilder log = new StringBuilder();
        try (BufferedReader out = tor.inputReader()) {
            boolean stopping = false;
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                log.append(line).append('\n');
                if (!stopping && line.contains("Bootstrapped 0%")) {
                    tor.toHandle().destroy(); // which leaves its output open
                    stopping = true;
                }
            }
            assertThat(tor.waitFor(20, TimeUnit.SECONDS)).isTrue();
        } finally {
            tor.destroyForcibly();
        }
        return log.toString();
    }
}
