package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.event.TorEvents;
import dev.cepa.path.GuardManager.Usage;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is left of the state file when its program is killed (SIGKILL) while it writes. */
@Timeout(120)
class StateKillIT {
    private static final int KILLS = 12;
    private static final int LINES = 2000;

    @TempDir
    private Path folder;

    /** The program that is killed: keeps guards, and saves without a pause. */
    static final class Saver {
        public static void main(String[] args) throws Exception {
            StateFile state = StateFile.load(Path.of(args[0]), "1", InstantSource.system());
            GuardManager guards = guards(state);
            for (int round = 0; ; round++) {
                guards.select(Usage.TRAFFIC, GuardRestriction.NONE).succeeded();
                state.replace("Round", Collections.nCopies(LINES, Integer.toString(round)));
                state.save();
                if (round == 0) {
                    System.out.println("saving");
                }
            }
        }
    }

    private static GuardManager guards(StateFile state) {
        SmallNet net = new SmallNet().realWeights().many(100, SmallNet.GUARD, 100);
        net.validAfter = Instant.now().minusSeconds(60);
        GuardManager guards = new GuardManager(state, InstantSource.system(), new Random(), new TorEvents());
        guards.update(new PathSelector(net.dir(), PathSettings.DEFAULT, new Random()));
        return guards;
    }

    @Test
    void aProgramThatIsKilledWhileItSavesFindsAllItsGuardsAgain() throws Exception {
        Path file = folder.resolve("state");
        Random random = new Random(7);
        List<GuardInfo> first = List.of();
        for (int kill = 0; kill < KILLS; kill++) {
            Process saver = new ProcessBuilder(List.of(
                            System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                            "-cp", System.getProperty("java.class.path"), Saver.class.getName(), file.toString()))
                    .redirectErrorStream(true)
                    .start();
            try (BufferedReader out = saver.inputReader()) {
                List<String> said = new ArrayList<>();
                for (String line = out.readLine(); !"saving".equals(line); line = out.readLine()) {
                    assertThat(line).as("after %s", said).isNotNull();
                    said.add(line);
                }
                TimeUnit.MICROSECONDS.sleep(random.nextInt(100_000));
                saver.destroyForcibly();
                assertThat(saver.waitFor(10, TimeUnit.SECONDS)).isTrue();
            } finally {
                saver.destroyForcibly();
            }

            StateFile left = StateFile.load(file, "1", InstantSource.system());
            List<String> rounds = left.values("Round");
            assertThat(rounds).as("one save's lines, all of them").hasSize(LINES).containsOnly(rounds.getFirst());
            List<GuardInfo> guards = guards(left).guards();
            assertThat(guards).hasSize(20).filteredOn(guard -> guard.status().equals("up") || guard.primary()).isNotEmpty();
            first = first.isEmpty() ? guards : first;
            assertThat(guards).extracting(GuardInfo::id).containsExactlyElementsOf(
                    first.stream().map(GuardInfo::id).toList());
        }
    }
}
