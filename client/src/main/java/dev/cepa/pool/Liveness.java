package dev.cepa.pool;

import dev.cepa.path.BuildTimeouts;
import dev.cepa.path.GuardManager;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Looks whether anything comes from the network, and tells those who judge relays and circuits by what fails: without a
 * network everything does. Thread-safe; to be called without the pool's lock.
 */
final class Liveness {
    private final LongSupplier lastReceived;
    private final BuildTimeouts timeouts;
    private final GuardManager guards;
    private final AtomicLong seen;

    /** @param lastReceived when anything last came from any relay, by {@link System#nanoTime} */
    Liveness(LongSupplier lastReceived, BuildTimeouts timeouts, GuardManager guards) {
        this.lastReceived = lastReceived;
        this.timeouts = timeouts;
        this.guards = guards;
        seen = new AtomicLong(lastReceived.getAsLong());
    }

    /** Whether anything came since the last look. */
    boolean look() {
        long last = lastReceived.getAsLong();
        if (last - seen.getAndSet(last) <= 0) {
            return false;
        }
        timeouts.networkIsLive();
        guards.noteInternetConnectivity();
        return true;
    }
}
