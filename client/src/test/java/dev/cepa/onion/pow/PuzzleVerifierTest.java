package dev.cepa.onion.pow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.onion.pow.PuzzleVerifier.Published;
import dev.cepa.onion.pow.PuzzleVerifier.Verdict;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PuzzleVerifierTest {
    private static final byte[] KEY = new byte[32];

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final PuzzleVerifier verifier = new PuzzleVerifier(new SecureRandom(), () -> now);

    private PuzzleSolution solve(long effort) throws TorException {
        return new PuzzleSolver(1, new SecureRandom()).solve(
                new Puzzle(KEY, verifier.seed().bytes()), effort, Deadline.in(Duration.ofMinutes(1)));
    }

    private static PuzzleSolution changed(PuzzleSolution s, long effort) {
        return new PuzzleSolution(s.nonce(), effort, s.seedHead(), s.solution());
    }

    @Test
    void takesASolutionOnce() throws Exception {
        PuzzleSolution solution = solve(2);
        assertThat(verifier.verify(KEY, solution)).isEqualTo(Verdict.GOOD);
        assertThat(verifier.verify(KEY, solution)).isEqualTo(Verdict.REPLAY);
        assertThat(verifier.verify(KEY, solve(1))).isEqualTo(Verdict.GOOD);
    }

    @Test
    void refusesAnotherEffortAnotherServiceAndAnotherSolution() throws Exception {
        PuzzleSolution solution = solve(1);
        assertThat(verifier.verify(KEY, changed(solution, Puzzle.MAX_EFFORT))).isEqualTo(Verdict.TOO_LITTLE_EFFORT);
        assertThat(verifier.verify(KEY, changed(solution, 0))).isEqualTo(Verdict.WRONG);
        byte[] otherKey = KEY.clone();
        otherKey[31] = 1;
        PuzzleSolution effortless = solve(0);
        assertThat(verifier.verify(otherKey, effortless)).isEqualTo(Verdict.WRONG);
        byte[] numbers = effortless.solution().clone();
        numbers[0]++;
        assertThat(verifier.verify(KEY, new PuzzleSolution(effortless.nonce(), 0, effortless.seedHead(), numbers)))
                .isEqualTo(Verdict.WRONG);
        assertThat(verifier.verify(KEY, effortless)).as("what was refused is not remembered").isEqualTo(Verdict.GOOD);
    }

    @Test
    void takesTheSeedBeforeButNotTheOneBeforeThat() throws Exception {
        PuzzleSolution first = solve(0);
        PuzzleSolution second = solve(0);
        Published seed = verifier.seed();
        assertThat(seed.expiry()).isBetween(now.plus(Duration.ofMinutes(105)), now.plus(Duration.ofMinutes(120)));
        now = seed.expiry().minusSeconds(1);
        assertThat(verifier.seed().bytes()).isEqualTo(seed.bytes());
        now = seed.expiry();
        assertThat(Arrays.copyOf(verifier.seed().bytes(), 4)).isNotEqualTo(Arrays.copyOf(seed.bytes(), 4));
        assertThat(verifier.verify(KEY, first)).isEqualTo(Verdict.GOOD);
        assertThat(verifier.verify(KEY, first)).isEqualTo(Verdict.REPLAY);
        now = verifier.seed().expiry();
        assertThat(verifier.verify(KEY, second)).isEqualTo(Verdict.UNKNOWN_SEED);
    }

    @Test
    void remembersAsManyNoncesAsItSays() {
        ReplaySet nonces = new ReplaySet(1000);
        byte[] nonce = new byte[PuzzleSolution.NONCE];
        for (int i = 0; i < 1000; i++) {
            ByteBuffer.wrap(nonce).putInt(0, i);
            assertThat(nonces.isFull()).isFalse();
            assertThat(nonces.contains(nonce)).isFalse();
            assertThat(nonces.add(nonce)).isTrue();
        }
        assertThat(nonces.isFull()).isTrue();
        ByteBuffer.wrap(nonce).putInt(0, 5);
        assertThat(nonces.contains(nonce)).isTrue();
        assertThat(nonces.add(nonce)).isFalse();
        ByteBuffer.wrap(nonce).putInt(0, -1);
        assertThat(nonces.add(nonce)).as("more than there is room for").isFalse();
    }
}
