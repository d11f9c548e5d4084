package dev.cepa.testnet;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One network of the usual size for all integration tests of a JVM. */
public final class TestNetworks {
    private static final Duration TIMEOUT = Duration.ofMinutes(3);
    private static final ReentrantLock LOCK = new ReentrantLock();
    /** The one mutable static here: a network costs too much to start it a test class. Guarded by the lock. */
    private static @Nullable TestNetwork shared;

    private TestNetworks() {}

    /**
     * The shared network, started at the first call and ended when the JVM exits. Who stops one of its relays starts it
     * again; tests that change more than that start a network of their own.
     */
    public static TestNetwork shared() throws IOException {
        LOCK.lock();
        try {
            TestNetwork network = shared;
            if (network == null) {
                network = TestNetwork.builder()
                        .bridges(1)
                        .progress(text -> System.err.println("test network: " + text))
                        .start(TIMEOUT);
                shared = network;
            }
            return network;
        } finally {
            LOCK.unlock();
        }
    }
}
