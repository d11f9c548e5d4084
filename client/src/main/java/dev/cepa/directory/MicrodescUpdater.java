package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.directory.BootstrapProgress.Phase;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.Consensus;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathSelector;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** When missing microdescriptors are fetched, and in which order. Belongs to the directory's own thread. */
final class MicrodescUpdater {
    private static final Logger LOG = LoggerFactory.getLogger(MicrodescUpdater.class);
    /** Fewer missing ones than this can wait, once there are enough. */
    private static final int FEW = 16;

    private final DirectoryManager manager;
    private final DirectorySettings settings;
    private final DirectoryFetcher fetcher;
    private final KnownDirectory known;
    private final BootstrapProgress progress;
    private final GuardManager guards;
    private final InstantSource clock;
    private final Backoff backoff;
    private final Duration patience;
    private Instant next = Instant.MIN;
    private Instant lastTry = Instant.MIN;
    private boolean failing;

    MicrodescUpdater(
            DirectoryManager manager, DirectorySettings settings, DirectoryFetcher fetcher, KnownDirectory known,
            BootstrapProgress progress, GuardManager guards, InstantSource clock, RandomGenerator random) {
        this.manager = manager;
        this.settings = settings;
        this.fetcher = fetcher;
        this.known = known;
        this.progress = progress;
        this.guards = guards;
        this.clock = clock;
        boolean testing = settings.testingNetwork();
        this.backoff = new Backoff(
                random, Duration.ofSeconds(testing ? 1 : 4), testing ? Duration.ofSeconds(10) : Duration.ofMinutes(10));
        this.patience = testing ? Duration.ofSeconds(5) : Duration.ofMinutes(10);
    }

    /** When the next round is due; the distant future if nothing is missing. */
    Instant next() {
        return known.missing().length == 0 ? Instant.MAX : next;
    }

    /** There is another consensus: what it lists and we lack is fetched at once, or a little later if it is little. */
    void consensusReplaced(boolean enough) {
        boolean canWait = enough && known.missing().length < FEW;
        next = canWait ? lastTry.plus(lastTry.equals(Instant.MIN) ? Duration.ZERO : patience) : Instant.MIN;
        backoff.reset();
    }

    /** What waits because it failed is tried at once. */
    void hurry() {
        if (failing) {
            next = Instant.MIN;
            backoff.reset();
        }
    }

    /** One round. */
    void fetch(PathSelector selector) throws InterruptedException {
        lastTry = clock.instant();
        Consensus consensus = known.consensus();
        int[] relays = guardsFirst(consensus, known.missing());
        progress.reach(Phase.REQUESTING_MICRODESCS);
        MicrodescFetch round = new MicrodescFetch(fetcher, settings, selector, consensus, relays, new Arrivals());
        TorException failure = round.run();
        boolean enough = manager.publish();
        known.tidy();
        int missing = known.missing().length;
        failing = missing > 0;
        if (!failing) {
            backoff.reset();
            return;
        }
        Duration wait = backoff.next();
        if (enough && missing < FEW && wait.compareTo(patience) < 0) {
            wait = patience;
        }
        next = clock.instant().plus(wait);
        String why = failure == null ? "no server that was asked has them" : failure.getMessage();
        LOG.debug("{} of {} microdescriptors are missing: {}", missing, relays.length, why);
        progress.stuck(missing + " relay descriptors are missing: " + why + "; trying again in "
                + Math.max(1, wait.toSeconds()) + " s");
    }

    /** Those of our guards come first: no circuit is built without them. */
    private int[] guardsFirst(Consensus consensus, int[] missing) {
        int front = 0;
        for (RsaId guard : guards.primaryGuards()) {
            int relay = consensus.indexOf(guard);
            int at = relay < 0 ? -1 : indexOf(missing, relay);
            if (at >= front) {
                System.arraycopy(missing, front, missing, front + 1, at - front);
                missing[front++] = relay;
            }
        }
        return missing;
    }

    private static int indexOf(int[] values, int value) {
        for (int i = 0; i < values.length; i++) {
            if (values[i] == value) {
                return i;
            }
        }
        return -1;
    }

    /** Takes answers in, and lets others see what has come. */
    private final class Arrivals implements MicrodescFetch.Destination {
        @Override
        public void accept(DirectoryAnswer answer) throws IOException {
            progress.reach(Phase.LOADING_MICRODESCS);
            try {
                known.accept(answer);
            } finally {
                manager.publishSoon();
            }
        }

        @Override
        public int[] stillMissing(int[] relays) {
            return known.stillMissing(relays);
        }
    }
}
