package dev.cepa.benchmark.program;

import dev.cepa.benchmark.NetworkUnderTest;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Freezes the relays of a private network, one after the other and over again, and wakes each before the next; authorities
 * stay as they are. Always in the same order, so that every program meets the same. Whoever started it closes it, and then
 * all relays run.
 */
final class Churn implements AutoCloseable {
    private static final long FROZEN_MILLIS = 3000;
    private static final long BETWEEN_MILLIS = 1000;
    private static final long SEED = 7;

    private final List<Node> relays;
    private final Thread thread;
    private final CountDownLatch over = new CountDownLatch(1);
    private final AtomicInteger count = new AtomicInteger();
    private volatile @Nullable IOException failure;

    private Churn(List<Node> relays) {
        this.relays = relays;
        this.thread = Thread.ofVirtual().name("churn").unstarted(this::run);
    }

    /** Begins at once. */
    static Churn start(NetworkUnderTest network) throws IOException {
        TestNetwork own = network.testNetwork();
        if (own == null) {
            throw new IOException("relays can be frozen in a network that this tool has started only");
        }
        List<Node> relays = new ArrayList<>(own.nodes(NodeKind.RELAY));
        relays.addAll(own.nodes(NodeKind.EXIT));
        Collections.shuffle(relays, new Random(SEED));
        return start(relays);
    }

    /** Begins at once, with these. */
    static Churn start(List<Node> relays) {
        Churn churn = new Churn(List.copyOf(relays));
        churn.thread.start();
        return churn;
    }

    private void run() {
        try {
            for (int i = 0;; i++) {
                Node relay = relays.get(i % relays.size());
                relay.suspend();
                count.incrementAndGet();
                boolean ends;
                try {
                    ends = over.await(FROZEN_MILLIS, TimeUnit.MILLISECONDS);
                } finally {
                    relay.resume();
                }
                if (ends || over.await(BETWEEN_MILLIS, TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            // Nobody does that.
        } catch (IOException e) {
            failure = e;
        }
    }

    /** Whether it goes on. */
    boolean isAlive() {
        return thread.isAlive();
    }

    /**
     * Ends it.
     *
     * @return how often a relay was frozen
     * @throws IOException if relays could not be frozen or woken any more
     */
    int stop() throws IOException {
        close();
        IOException failed = failure;
        if (failed != null) {
            throw new IOException("relays could not be frozen: " + failed.getMessage(), failed);
        }
        return count.get();
    }

    @Override
    public void close() {
        over.countDown();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // it takes milliseconds, and relays must not stay frozen
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
