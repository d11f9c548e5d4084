package dev.cepa.onion;

import dev.cepa.cell.ByteReader;
import dev.cepa.error.ProtocolException;
import dev.cepa.onion.ServicePoint.Opened;
import dev.cepa.onion.pow.EffortQueue;
import dev.cepa.onion.pow.PuzzleSolution;
import dev.cepa.onion.pow.PuzzleVerifier;
import dev.cepa.onion.pow.PuzzleVerifier.Verdict;
import java.io.Closeable;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service's defence against more clients than it can meet (proposal 327): those that have worked are met first, and how
 * much work is needed for that is said in the descriptor. A thread hands on whoever's turn it is. Thread-safe.
 */
final class ProofOfWorkDefence implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(ProofOfWorkDefence.class);
    /** How often the suggested effort is thought over. */
    private static final Duration PERIOD = Duration.ofMinutes(5);

    private static final Duration PERIOD_TESTING = Duration.ofSeconds(10);
    /** How long whoever can't have a turn now waits until that is looked at again. */
    private static final Duration PAUSE = Duration.ofMillis(50);

    private static final Duration IDLE = Duration.ofMinutes(1);

    private final ServiceSettings.ProofOfWork settings;
    private final PuzzleVerifier verifier;
    private final ServiceSessions sessions;
    private final InstantSource clock;
    private final Duration period;

    private final ReentrantLock lock = new ReentrantLock();
    private final Turns turns = new Turns(lock);
    /** Guarded by the lock, as all below. */
    private final EffortQueue<Request> queue;

    private Instant periodEnd;
    private PowParams params;

    private record Request(ServicePoint point, Opened opened) {}

    /** @param testing whether this is a test network, where the suggested effort is thought over more often */
    ProofOfWorkDefence(
            ServiceSettings.ProofOfWork settings,
            PuzzleVerifier verifier,
            ServiceSessions sessions,
            InstantSource clock,
            boolean testing) {
        this.settings = settings;
        this.verifier = verifier;
        this.sessions = sessions;
        this.clock = clock;
        period = testing ? PERIOD_TESTING : PERIOD;
        queue = new EffortQueue<>(settings.rate(), settings.burst(), System.nanoTime());
        periodEnd = clock.instant().plus(period);
        PuzzleVerifier.Published seed = verifier.seed();
        params = new PowParams(seed.bytes(), 0, seed.expiry());
    }

    void start() {
        Thread.ofVirtual().name("cepa-onion-turns").start(this::run);
    }

    ServiceSettings.ProofOfWork settings() {
        return settings;
    }

    /**
     * Has a client wait for its turn.
     *
     * @throws ProtocolException if what it claims as work is none
     */
    void add(ServicePoint point, Opened opened) throws ProtocolException {
        long effort = effort(opened);
        Introduction whole = opened.introduction();
        // Many may wait: what was verified is not kept.
        Introduction kept = new Introduction(whole.cookie(), List.of(), whole.ntorKey(), whole.specifiers());
        lock.lock();
        try {
            queue.add(
                    new Request(point, new Opened(kept, opened.clientKey(), opened.keys())), effort, System.nanoTime());
            turns.call();
        } finally {
            lock.unlock();
        }
    }

    private long effort(Opened opened) throws ProtocolException {
        byte[] work = opened.introduction().extension(PuzzleSolution.EXTENSION);
        if (work == null) {
            return 0;
        }
        PuzzleSolution solution = PuzzleSolution.read(new ByteReader(work));
        Verdict verdict = verifier.verify(opened.keys().blindedKey(), solution);
        if (verdict != Verdict.GOOD) {
            throw new ProtocolException("proof of work that is none: " + verdict);
        }
        return solution.effort();
    }

    private void run() {
        Duration pause = IDLE;
        while (turns.await(pause)) {
            try {
                pause = handOn();
            } catch (RuntimeException e) {
                LOG.warn("A client of an onion service lost its turn", e);
                pause = PAUSE;
            }
        }
    }

    private Duration handOn() {
        while (sessions.hasRoom()) {
            Request next;
            lock.lock();
            try {
                next = queue.poll(sessions.meetings(), System.nanoTime());
                if (next == null) {
                    return queue.size() == 0 ? IDLE : PAUSE;
                }
            } finally {
                lock.unlock();
            }
            sessions.meet(next.point, next.opened);
        }
        return PAUSE;
    }

    /** What the descriptor should say now; does what is due before. The same object as long as it should not change. */
    PowParams params() {
        PuzzleVerifier.Published seed = verifier.seed();
        lock.lock();
        try {
            Instant now = clock.instant();
            if (!now.isBefore(periodEnd)) {
                queue.endPeriod();
                periodEnd = now.plus(period);
            }
            long suggested = queue.suggested();
            if (!seed.expiry().equals(params.expiry()) || isOther(params.suggestedEffort(), suggested)) {
                LOG.debug("An onion service suggests an effort of {}, {} clients wait", suggested, queue.size());
                params = new PowParams(seed.bytes(), suggested, seed.expiry());
            }
            return params;
        } finally {
            lock.unlock();
        }
    }

    /** How much work it would suggest, if that were not said in the descriptor already; 0 is none. */
    long suggestedEffort() {
        lock.lock();
        try {
            return queue.suggested();
        } finally {
            lock.unlock();
        }
    }

    /** How many clients wait for their turn. */
    int waiting() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    /** A change by less than 15 % is not worth a descriptor. */
    private static boolean isOther(long before, long now) {
        return 100 * now < 85 * before || 115 * before < 100 * now;
    }

    /** When {@link #params} is to be asked again. */
    Instant due() {
        lock.lock();
        try {
            return periodEnd.isBefore(params.expiry()) ? periodEnd : params.expiry();
        } finally {
            lock.unlock();
        }
    }

    /** Those that wait are forgotten. */
    @Override
    public void close() {
        lock.lock();
        try {
            turns.close();
        } finally {
            lock.unlock();
        }
    }
}
