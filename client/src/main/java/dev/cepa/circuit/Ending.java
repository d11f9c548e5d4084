package dev.cepa.circuit;

import dev.cepa.error.TorException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Why something has ended, and who is to be told. Thread-safe. */
final class Ending {
    private volatile @Nullable TorException reason; // written under listeners
    /** Guarded by itself; empty once they have been handed out. */
    private final List<Runnable> listeners = new ArrayList<>(1);

    /** Why; null while it has not. */
    @Nullable TorException reason() {
        return reason;
    }

    /** Throws why it has ended, if it has. */
    void check() throws TorException {
        TorException why = reason;
        if (why != null) {
            throw Failures.again(why);
        }
    }

    /** Has {@code listener} run by whoever ends it, or runs it now if it has ended. */
    void onEnd(Runnable listener) {
        synchronized (listeners) {
            if (reason == null) {
                listeners.add(listener);
                return;
            }
        }
        listener.run();
    }

    /**
     * It ends.
     *
     * @return who is to be told, once all is done; null if it had ended before
     */
    @Nullable List<Runnable> end(TorException why) {
        synchronized (listeners) {
            if (reason != null) {
                return null;
            }
            reason = why;
            List<Runnable> all = List.copyOf(listeners);
            listeners.clear();
            return all;
        }
    }
}
