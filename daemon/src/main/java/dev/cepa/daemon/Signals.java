package dev.cepa.daemon;

import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

/** Turns the process's signals into names in a queue. */
final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    private Signals() {}

    /** Puts {@code HUP}, {@code INT}, {@code TERM}, {@code USR1} and {@code USR2} into the queue from now on. */
    static void handle(BlockingQueue<String> queue) {
        for (String name : new String[] {"HUP", "INT", "TERM", "USR1", "USR2"}) {
            try {
                Signal.handle(new Signal(name), signal -> {
                    if (!queue.offer(signal.getName())) {
                        LOG.warn("Too many signals at once; {} is ignored", signal.getName());
                    }
                });
            } catch (IllegalArgumentException e) {
                // Windows has not all of them, and the VM keeps SIGUSR2 unless _JAVA_SR_SIGNUM names another one.
                LOG.debug("SIG{} can't be handled: {}", name, e.getMessage());
            }
        }
    }
}
