package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.directory.BootstrapProgress.Phase;
import dev.cepa.directory.DirectoryFetcher.Server;
import dev.cepa.directory.DirectoryFetcher.Source;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One search for a consensus by a client that has none: fallback directories are asked at once and authorities a little
 * later, several at the same time, and the first whole answer wins. It goes on, ever more slowly, until there is one.
 * Once an answer is on its way the other questions are withdrawn, so that the document comes once.
 *
 * <p>All state is guarded by {@link #lock}; each question has a virtual thread of its own.
 */
final class ConsensusRace {
    /**
     * An answer.
     *
     * @param document a consensus, or a difference to the one we have; not looked into yet
     */
    record Winner(Server server, byte[] document) {}

    private static final Duration SLOWEST = Duration.ofSeconds(60);
    private static final Duration SLOWEST_TESTING = Duration.ofSeconds(5);
    private static final long NEVER_NANOS = Duration.ofDays(36_500).toNanos();
    /** So many failures are followed by another question at once. */
    private static final int QUICK_FAILURES = 3;

    private final DirectoryFetcher fetcher;
    private final DirectorySettings settings;
    private final BootstrapProgress progress;
    private final DirectoryRequest request;
    private final Backoff fallbackBackoff;
    private final Backoff authorityBackoff;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Thread> asking = new ArrayList<>();
    private final Set<RsaId> asked = new HashSet<>();
    private @Nullable Thread downloading;
    private @Nullable Winner winner;
    private @Nullable TorException lastFailure;
    private int failures;
    private int newFailures;
    private boolean hurry;

    ConsensusRace(
            DirectoryFetcher fetcher, DirectorySettings settings, BootstrapProgress progress, DirectoryRequest request,
            RandomGenerator random) {
        this.fetcher = fetcher;
        this.settings = settings;
        this.progress = progress;
        this.request = request;
        Duration slowest = settings.testingNetwork() ? SLOWEST_TESTING : SLOWEST;
        this.fallbackBackoff = new Backoff(random, Duration.ofSeconds(1), slowest);
        this.authorityBackoff = new Backoff(random, Duration.ofSeconds(1), slowest);
    }

    /** Runs until somebody has won. Interrupting it withdraws all questions. */
    Winner run() throws InterruptedException {
        lock.lock();
        try {
            long start = System.nanoTime();
            Duration first = fetcher.hasAuthoritiesBesideFallbacks() ? settings.fallbackDelay() : settings.authorityOnlyDelay();
            long nextFallback = start + first.toNanos();
            // Far enough away if there are none to ask beside the fallbacks.
            long nextAuthority = start
                    + (fetcher.hasAuthoritiesBesideFallbacks() ? settings.authorityDelay().toNanos() : NEVER_NANOS);
            while (true) {
                Winner found = winner;
                if (found != null) {
                    return found;
                }
                long now = System.nanoTime();
                if (hurry || (newFailures > 0 && asking.isEmpty() && failures < QUICK_FAILURES)) {
                    nextFallback = Math.min(nextFallback, now);
                }
                hurry = false;
                if (now - nextFallback >= 0 && mayAsk()) {
                    start(Source.FALLBACK);
                    nextFallback = now + fallbackBackoff.next().toNanos();
                }
                if (now - nextAuthority >= 0 && mayAsk()) {
                    start(Source.AUTHORITY);
                    nextAuthority = now + authorityBackoff.next().toNanos();
                }
                if (newFailures > 0 && asking.isEmpty()) {
                    newFailures = 0;
                    progress.stuck(trouble(Math.min(nextFallback, nextAuthority) - System.nanoTime()));
                }
                long wait = mayAsk() ? Math.min(nextFallback, nextAuthority) - System.nanoTime() : Long.MAX_VALUE;
                if (wait > 0) {
                    changed.await(wait, TimeUnit.NANOSECONDS);
                }
            }
        } finally {
            withdraw(null);
            lock.unlock();
        }
    }

    /** There may be a network again: asks at once. */
    void hurry() {
        lock.lock();
        try {
            hurry = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean mayAsk() {
        return downloading == null && asking.size() < settings.maxParallelConsensusFetches();
    }

    private void start(Source source) {
        Thread[] self = new Thread[1];
        self[0] = Thread.ofVirtual().name("cepa-consensus").unstarted(() -> ask(source, self[0]));
        asking.add(self[0]);
        self[0].start();
    }

    private void ask(Source source, Thread self) {
        Winner found = null;
        TorException failure = null;
        try {
            found = fetch(source, self);
        } catch (TorException e) {
            failure = e;
        } catch (IOException e) {
            failure = new TorException(ErrorKind.RELAY_UNREACHABLE, String.valueOf(e.getMessage()), e);
        } catch (RuntimeException e) {
            failure = new TorException(ErrorKind.INTERNAL, "a mistake in fetching a consensus: " + e, e);
        }
        lock.lock();
        try {
            boolean withdrawn = !asking.remove(self);
            if (downloading == self) {
                downloading = null;
            }
            if (found != null && winner == null) {
                winner = found;
            } else if (failure != null && !withdrawn) {
                lastFailure = failure;
                failures++;
                newFailures++;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Winner fetch(Source source, Thread self) throws IOException {
        Server server = choose(source);
        try (DirectoryAnswer answer = fetcher.ask(server, request, Deadline.in(settings.requestTimeout()))) {
            try {
                answer.expectOk();
                if (!beginDownload(self)) {
                    return null;
                }
                progress.reach(Phase.LOADING_CONSENSUS);
                return new Winner(server, answer.readAll());
            } catch (IOException e) {
                fetcher.failed(server);
                throw e;
            }
        }
    }

    private Server choose(Source source) throws TorException {
        lock.lock();
        try {
            Server server;
            try {
                server = fetcher.choose(source, null, asked);
            } catch (TorException e) {
                if (asked.isEmpty()) {
                    throw e;
                }
                // Everybody was asked: begin again.
                asked.clear();
                server = fetcher.choose(source, null, asked);
            }
            asked.add(server.id());
            return server;
        } finally {
            lock.unlock();
        }
    }

    /** An answer has begun: the others are withdrawn, unless one of them was first. */
    private boolean beginDownload(Thread self) {
        lock.lock();
        try {
            if (downloading != null || winner != null || !asking.contains(self)) {
                return false;
            }
            downloading = self;
            withdraw(self);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void withdraw(@Nullable Thread but) {
        for (Thread thread : List.copyOf(asking)) {
            if (thread != but) {
                asking.remove(thread);
                thread.interrupt();
            }
        }
    }

    private String trouble(long nanosToWait) {
        TorException failure = lastFailure;
        String why = failure == null ? "" : ": " + failure.getMessage();
        long seconds = Math.max(1, TimeUnit.NANOSECONDS.toSeconds(nanosToWait + 500_000_000));
        return "no consensus from " + failures + (failures == 1 ? " directory server" : " directory servers") + " asked"
                + why + "; trying again in " + seconds + " s";
    }
}
