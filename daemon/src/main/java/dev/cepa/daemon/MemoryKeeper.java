package dev.cepa.daemon;

import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives memory back whenever the program does little: the heap shrinks to what is live, and pages of files that were needed
 * only for the work go. A thread of its own, which ends with the process.
 */
final class MemoryKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryKeeper.class);

    private MemoryKeeper() {}

    /** @param keepsDebuggersOut whether to do that too, with the first rest: the same classes call into the C library */
    static void start(boolean keepsDebuggersOut) {
        Thread.ofVirtual().name("cepa-memory").start(() -> run(keepsDebuggersOut));
    }

    private static void run(boolean keepsDebuggersOut) {
        QuietTimes quiet = new QuietTimes();
        try {
            // Not before there is something to give back: finding them is work that the start can do without.
            ColdPages pages = null;
            boolean first = true;
            while (true) {
                Thread.sleep(Duration.ofSeconds(QuietTimes.TICK_SECONDS));
                Duration cpu = ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
                QuietTimes.Rest rest = quiet.tick(cpu.toNanos());
                if (rest == QuietTimes.Rest.NONE) {
                    continue;
                }
                if (first) {
                    first = false;
                    pages = ColdPages.find();
                    if (keepsDebuggersOut) {
                        shutDebuggersOut();
                    }
                }
                if (rest == QuietTimes.Rest.ALL) {
                    System.gc();
                }
                if (pages != null) {
                    LOG.trace("Gave memory back: {} kB of mapped files.", pages.release() >> 10);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.debug("Memory is not given back: {}", e.getMessage());
        }
    }

    /** As far as that is possible here. */
    static void shutDebuggersOut() {
        try {
            DebuggerDoor door = DebuggerDoor.find();
            if (door != null) {
                door.set(false);
                LOG.debug("Debuggers are kept out.");
            }
        } catch (IOException e) {
            LOG.warn("Debuggers could not be kept out: {}", e.getMessage());
        }
    }
}
