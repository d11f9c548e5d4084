package dev.cepa.onion.pow;

import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does the work that services ask for, one puzzle at a time, however many want to have one solved; the others wait for
 * their turn. It is done by threads of the operating system, as a virtual thread that only computes would keep all others
 * from running. They exist, with their 1.6 MB each, only while a puzzle is being solved. Thread-safe.
 */
public final class PuzzleSolver {
    private static final Logger LOG = LoggerFactory.getLogger(PuzzleSolver.class);

    private final int threads;
    private final SecureRandom random;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Threads at work, also those that have been told to stop and have yet to see it; guarded by the lock. */
    private int working;

    /**
     * Makes a solver.
     *
     * @param threads how many threads work on a puzzle; at least one
     */
    public PuzzleSolver(int threads, SecureRandom random) {
        if (threads < 1) {
            throw new IllegalArgumentException("proof of work by " + threads + " threads");
        }
        this.threads = threads;
        this.random = random;
    }

    /**
     * Solves a puzzle. Takes a hundredth of a second a unit of effort, give or take; being interrupted ends it.
     *
     * @param effort at least 0; see {@link Effort}
     * @throws TorException of kind TIMEOUT when the deadline has passed, of kind CLOSED when the thread was interrupted
     */
    public PuzzleSolution solve(Puzzle puzzle, long effort, Deadline deadline) throws TorException {
        Search search = new Search(puzzle, effort);
        lock.lock();
        try {
            while (working > 0) {
                deadline.await(changed, "the proof of work of another connection");
            }
            for (int i = 0; i < threads; i++) {
                byte[] nonce = new byte[PuzzleSolution.NONCE];
                random.nextBytes(nonce);
                Thread.ofPlatform().daemon().name("cepa-proof-of-work").start(() -> search.work(nonce));
                working++;
            }
            while (search.outcome == null) {
                deadline.await(changed, "a proof of work");
            }
            return search.result();
        } finally {
            search.stopped = true;
            lock.unlock();
        }
    }

    private final class Search {
        private final Puzzle puzzle;
        private final long effort;
        /** The solution, or the throwable that prevents it; guarded by the lock. */
        private @Nullable Object outcome;
        private volatile boolean stopped;

        Search(Puzzle puzzle, long effort) {
            this.puzzle = puzzle;
            this.effort = effort;
        }

        PuzzleSolution result() throws TorException {
            if (outcome instanceof PuzzleSolution solution) {
                return solution;
            }
            throw new TorException(ErrorKind.INTERNAL, "a proof of work failed", (Throwable) outcome);
        }

        void work(byte[] nonce) {
            Object found = null;
            try {
                found = search(nonce);
            } catch (RuntimeException | Error e) {
                // Whoever waits for the work has to hear of it.
                found = e;
            } finally {
                lock.lock();
                try {
                    working--;
                    if (outcome == null) {
                        outcome = found;
                    }
                    stopped |= found != null;
                    changed.signalAll();
                } finally {
                    lock.unlock();
                }
            }
        }

        /** Tries one nonce after the other; null when told to stop. */
        private @Nullable PuzzleSolution search(byte[] nonce) {
            EquiXSolver solver = new EquiXSolver();
            for (int tried = 1; !stopped; tried++) {
                byte[] challenge = puzzle.challenge(nonce, effort);
                HashX function = HashX.of(challenge);
                List<char[]> found = function == null ? List.of() : solver.solve(function);
                for (char[] indices : found) {
                    byte[] solution = PuzzleSolution.pack(indices);
                    if (Puzzle.isWorth(effort, challenge, solution)) {
                        LOG.debug("Proof of work of effort {} found with the {}th nonce", effort, tried);
                        return new PuzzleSolution(nonce, effort, puzzle.seedHead(), solution);
                    }
                }
                increment(nonce);
            }
            return null;
        }
    }

    /** The next nonce: a little-endian number. */
    private static void increment(byte[] nonce) {
        for (int i = 0; i < nonce.length && ++nonce[i] == 0; i++) {
            // The carry goes on to the next byte.
        }
    }
}
