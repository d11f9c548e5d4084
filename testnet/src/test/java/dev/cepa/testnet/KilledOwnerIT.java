package dev.cepa.testnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledOwnerIT {
    private static final Duration NOTICE = Duration.ofSeconds(40);

    /** The JVM that is killed: starts a small network, prints its process ids and waits. */
    static final class Owner {
        public static void main(String[] args) throws IOException, InterruptedException {
            TestNetwork network = TestNetwork.builder().authorities(1).relays(1).exits(1)
                    .folder(Path.of(args[0])).start(Duration.ofMinutes(3));
            for (Node node : network.relays()) {
                System.out.println(node.pid());
            }
            System.out.println("ready");
            new CountDownLatch(1).await();
        }
    }

    @Test
    void leavesNoRelayBehindWhenTheJvmIsKilled(@TempDir Path folder) throws Exception {
        Process owner = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m",
                "-cp", System.getProperty("java.class.path"), Owner.class.getName(), folder.resolve("net").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<Long> pids = new ArrayList<>();
        try (BufferedReader lines = owner.inputReader()) {
            String line;
            while ((line = lines.readLine()) != null && !line.equals("ready")) {
                pids.add(Long.parseLong(line));
            }
            assertThat(pids).hasSize(3).allMatch(KilledOwnerIT::isAlive);
        } finally {
            owner.destroyForcibly();
        }
        long end = System.nanoTime() + NOTICE.toNanos();
        while (pids.stream().anyMatch(KilledOwnerIT::isAlive) && System.nanoTime() - end < 0) {
            Thread.sleep(200);
        }
        assertThat(pids).noneMatch(KilledOwnerIT::isAlive);
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent();
    }
}
