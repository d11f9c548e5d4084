package dev.cepa.daemon;

import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives memory back whenever the program has come to rest: the heap shrinks to what is live, and pages of files that were
 * needed only for the work go. A thread of its own, which ends with the process.
 */
final class MemoryKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryKeeper.class);

    private MemoryKeeper() {}

    static void start() {
        Thread.ofVirtual().name("cepa-memory").start(MemoryKeeper::run);
    }

    private static void run() {
        QuietTimes quiet = new QuietTimes();
        boolean again = false;
        try {
            while (true) {
                Thread.sleep(Duration.ofSeconds(QuietTimes.TICK_SECONDS));
                Duration cpu = ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
                boolean now = quiet.tick(cpu.toNanos());
                if (now) {
                    System.gc();
                }
                // Once more at the next tick: collecting and giving back have themselves touched much of the JVM.
                if (now || again) {
                    LOG.trace("Gave memory back: {} kB of mapped files.", ColdPages.release() >> 10);
                }
                again = now;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.debug("Memory is not given back: {}", e.getMessage());
        }
    }
}
