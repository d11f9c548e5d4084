package dev.cepa.pool;

import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.path.PathSelector;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The selector of the current directory, for those who must wait until there is a first one. Thread-safe. */
final class Selectors {
    private static final Duration LOOK_INTERVAL = Duration.ofMillis(200);

    /** Says that the owner is closed. */
    @FunctionalInterface
    interface OpenCheck {
        /** With the owner's lock held. */
        void check() throws TorException;
    }

    private final Supplier<@Nullable PathSelector> paths;
    private final ReentrantLock lock;
    private final Condition changed;
    private final OpenCheck open;

    /** @param changed signalled, with the lock held, when there may be a directory */
    Selectors(Supplier<@Nullable PathSelector> paths, ReentrantLock lock, Condition changed, OpenCheck open) {
        this.paths = paths;
        this.lock = lock;
        this.changed = changed;
        this.open = open;
    }

    /** @throws TorException of kind NO_DIRECTORY if there is none by then */
    PathSelector await(Deadline deadline) throws TorException {
        for (PathSelector selector = paths.get(); ; selector = paths.get()) {
            if (selector != null) {
                return selector;
            }
            if (deadline.passed()) {
                throw new TorException(ErrorKind.NO_DIRECTORY, "not enough directory information to choose a path yet");
            }
            lock.lock();
            try {
                open.check();
                deadline.atMost(LOOK_INTERVAL).await(changed, "directory information");
            } finally {
                lock.unlock();
            }
        }
    }
}
