package dev.cepa.onion.pow;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A service's side: it draws seeds, replaces each after {@link #SEED_LIFE} or a little less, and takes solutions for the
 * present seed and the one before, each of them once. A seed that was used {@value #MOST_USES} times is replaced at
 * once, as no more uses of it are remembered. Thread-safe.
 */
public final class PuzzleVerifier {
    /** How long a seed is the present one at most; a quarter of an hour less at least. */
    static final Duration SEED_LIFE = Duration.ofHours(2);

    /** In 4 MB, or 8 while two seeds have been used so often. */
    private static final int MOST_USES = 1 << 18;

    private static final Duration SEED_LIFE_SPREAD = Duration.ofMinutes(15);

    private final SecureRandom random;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private Seed present;
    private @Nullable Seed previous;

    /** Draws the first seed. */
    public PuzzleVerifier(SecureRandom random, InstantSource clock) {
        this.random = random;
        this.clock = clock;
        present = draw(null);
    }

    /** What is said of a solution. */
    public enum Verdict {
        /** It is right, and had not been seen. */
        GOOD,
        /** Its seed is neither the present one nor the one before. */
        UNKNOWN_SEED,
        /** It was used before. */
        REPLAY,
        /** It is not worth the effort it claims. */
        TOO_LITTLE_EFFORT,
        /** It solves nothing. */
        WRONG
    }

    /**
     * A seed for a descriptor.
     *
     * @param bytes 32 bytes
     * @param expiry when it is replaced; the descriptor is to be published anew then
     */
    public record Published(byte[] bytes, Instant expiry) {}

    /** The present seed. */
    public Published seed() {
        lock.lock();
        try {
            rotate();
            return new Published(present.bytes.clone(), present.expiry);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Checks a client's work, what is cheap first, and remembers it if it is good.
     *
     * @param blindedKey the service's blinded public key of the descriptor that the client has, 32 bytes
     */
    public Verdict verify(byte[] blindedKey, PuzzleSolution solution) {
        byte[] bytes;
        lock.lock();
        try {
            rotate();
            Seed seed = seedOf(solution);
            if (seed == null) {
                return Verdict.UNKNOWN_SEED;
            }
            if (seed.used.contains(solution.nonce())) {
                return Verdict.REPLAY;
            }
            bytes = seed.bytes;
        } finally {
            lock.unlock();
        }
        byte[] challenge = new Puzzle(blindedKey, bytes).challenge(solution.nonce(), solution.effort());
        if (!Puzzle.isWorth(solution.effort(), challenge, solution.solution())) {
            return Verdict.TOO_LITTLE_EFFORT;
        }
        if (EquiX.verify(challenge, solution.indices()) != null) {
            return Verdict.WRONG;
        }
        lock.lock();
        try {
            Seed seed = seedOf(solution);
            // Whoever sent it twice at once is told so the second time.
            return seed != null && seed.used.add(solution.nonce()) ? Verdict.GOOD : Verdict.REPLAY;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Seed seedOf(PuzzleSolution solution) {
        if (present.begins(solution.seedHead())) {
            return present;
        }
        boolean fits = previous != null && previous.begins(solution.seedHead()) && !previous.used.isFull();
        return fits ? previous : null;
    }

    private void rotate() {
        if (!clock.instant().isBefore(present.expiry) || present.used.isFull()) {
            previous = present;
            present = draw(previous);
        }
    }

    private Seed draw(@Nullable Seed before) {
        byte[] bytes = new byte[Puzzle.SEED];
        do {
            random.nextBytes(bytes);
        } while (before != null && before.begins(Arrays.copyOf(bytes, PuzzleSolution.SEED_HEAD)));
        Duration less = Duration.ofSeconds(random.nextLong(SEED_LIFE_SPREAD.toSeconds() + 1));
        return new Seed(bytes, clock.instant().plus(SEED_LIFE).minus(less), new ReplaySet(MOST_USES));
    }

    private record Seed(byte[] bytes, Instant expiry, ReplaySet used) {
        boolean begins(byte[] head) {
            return MessageDigest.isEqual(Arrays.copyOf(bytes, head.length), head);
        }
    }
}
