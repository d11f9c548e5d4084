package dev.cepa;

import dev.cepa.event.TorEventListener;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What controllers go through to a client: nothing of it is there before the first one comes. Thread-safe. */
final class ControlDoor {
    private final Supplier<NetworkControl> maker;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile @Nullable NetworkControl made;

    ControlDoor(Supplier<NetworkControl> maker) {
        this.maker = maker;
    }

    NetworkControl open() {
        NetworkControl known = made;
        if (known != null) {
            return known;
        }
        lock.lock();
        try {
            known = made;
            if (known == null) {
                known = maker.get();
                made = known;
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    /** Whether programs' streams wait for a controller. */
    void leaveUnattached(boolean wait) {
        if (wait || made != null) {
            open().leaveUnattached(wait);
        }
    }

    /** Tells of streams that wait for a controller. */
    void describe(TorEventListener listener) {
        NetworkControl known = made;
        if (known != null) {
            known.describe(listener);
        }
    }
}
