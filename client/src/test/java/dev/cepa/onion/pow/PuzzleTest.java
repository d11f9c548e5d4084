package dev.cepa.onion.pow;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cepa.cell.ByteReader;
import dev.cepa.crypto.Hex;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PuzzleTest {
    private static final Puzzle PUZZLE = new Puzzle(new byte[32], hex("aa".repeat(32)));
    private static final long UNSOLVABLE = Puzzle.MAX_EFFORT;

    /** Gives the same nonce always. */
    private static final class Given extends SecureRandom {
        private static final long serialVersionUID = 1;
        private final byte[] bytes;

        Given(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public void nextBytes(byte[] out) {
            System.arraycopy(bytes, 0, out, 0, out.length);
        }
    }

    static Stream<String> puzzles() {
        return Hex.lines(PuzzleTest.class, "puzzles.txt").stream();
    }

    @ParameterizedTest
    @MethodSource("puzzles")
    void solvesAsTheOthersDo(String line) throws Exception {
        String[] words = line.split(" ");
        long effort = Long.parseLong(words[0]);
        Puzzle puzzle = new Puzzle(hex(words[3]), hex(words[2]));
        PuzzleSolution solution = new PuzzleSolver(1, new Given(hex(words[1])))
                .solve(puzzle, effort, Deadline.in(Duration.ofMinutes(1)));
        assertThat(solution.nonce()).isEqualTo(hex(words[4]));
        assertThat(solution.solution()).isEqualTo(hex(words[5]));
        assertThat(solution.effort()).isEqualTo(effort);
        assertThat(solution.seedHead()).isEqualTo(Arrays.copyOf(hex(words[2]), 4));
        byte[] challenge = puzzle.challenge(solution.nonce(), effort);
        assertThat(EquiX.verify(challenge, solution.indices())).isNull();
        assertThat(Puzzle.isWorth(effort, challenge, solution.solution())).isTrue();
        assertThat(Puzzle.isWorth(UNSOLVABLE, challenge, solution.solution())).isFalse();
    }

    @Test
    void solvesWithMoreThanOneThread() throws Exception {
        PuzzleSolver solver = new PuzzleSolver(2, new SecureRandom());
        for (int i = 0; i < 2; i++) {
            PuzzleSolution solution = solver.solve(PUZZLE, 3, Deadline.in(Duration.ofMinutes(1)));
            byte[] challenge = PUZZLE.challenge(solution.nonce(), 3);
            assertThat(EquiX.verify(challenge, solution.indices())).isNull();
        }
    }

    @Test
    void givesUpWhenTheTimeIsOver() {
        PuzzleSolver solver = new PuzzleSolver(1, new SecureRandom());
        assertThatExceptionOfType(TorException.class)
                .isThrownBy(() -> solver.solve(PUZZLE, UNSOLVABLE, Deadline.in(Duration.ofMillis(50))))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
    }

    @Test
    void givesUpWhenInterruptedAndLetsTheNextOneWork() throws Exception {
        PuzzleSolver solver = new PuzzleSolver(1, new SecureRandom());
        AtomicReference<Exception> ended = new AtomicReference<>();
        Thread impossible = Thread.startVirtualThread(() -> {
            try {
                solver.solve(PUZZLE, UNSOLVABLE, Deadline.in(Duration.ofMinutes(1)));
            } catch (TorException e) {
                ended.set(e);
            }
        });
        while (impossible.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        Thread.sleep(10);
        impossible.interrupt();
        assertThat(solver.solve(PUZZLE, 1, Deadline.in(Duration.ofMinutes(1))).effort()).isEqualTo(1);
        impossible.join();
        assertThat(ended.get()).isInstanceOfSatisfying(
                TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLOSED));
    }

    @Test
    void putsASolutionIntoAnExtensionAndReadsItBack() throws Exception {
        PuzzleSolution solution = new PuzzleSolution(
                hex("000102030405060708090a0b0c0d0e0f"), 0xfedcba98L, hex("a0a1a2a3"), hex("1011121314151617c8c9cacbcccdcecf"));
        byte[] bytes = solution.toBytes();
        assertThat(bytes).isEqualTo(hex("01 000102030405060708090a0b0c0d0e0f fedcba98 a0a1a2a3 1011121314151617c8c9cacbcccdcecf"))
                .hasSize(PuzzleSolution.LENGTH);
        assertThat(PuzzleSolution.read(new ByteReader(bytes))).usingRecursiveComparison().isEqualTo(solution);
        assertThat(solution.indices()[0]).isEqualTo((char) 0x1110);
        assertThat(solution.indices()[7]).isEqualTo((char) 0xcfce);
        assertThat(PuzzleSolution.pack(solution.indices())).isEqualTo(solution.solution());
    }

    @Test
    void refusesExtensionsOfAnotherVersionOrLength() {
        byte[] good = new byte[PuzzleSolution.LENGTH];
        good[0] = 1;
        for (byte[] bad : new byte[][] {Arrays.copyOf(good, 40), Arrays.copyOf(good, 42), new byte[41], new byte[0]}) {
            assertThatExceptionOfType(ProtocolException.class).isThrownBy(() -> PuzzleSolution.read(new ByteReader(bad)));
        }
        assertThatIllegalArgumentException().isThrownBy(
                () -> new PuzzleSolution(new byte[16], -1, new byte[4], new byte[16]));
    }

    @Test
    void worksHarderAfterEachFailure() {
        assertThat(Effort.next(0, 0)).isZero();
        assertThat(Effort.next(0, 1)).isEqualTo(8);
        assertThat(Effort.next(0, 2)).isEqualTo(16);
        assertThat(Effort.next(100, 1)).isEqualTo(200);
        assertThat(Effort.next(999, 1)).isEqualTo(1998);
        assertThat(Effort.next(1000, 1)).isEqualTo(1500);
        assertThat(Effort.next(1001, 1)).isEqualTo(1501);
        assertThat(Effort.next(8000, 1)).isEqualTo(10_000);
        assertThat(Effort.next(3, Integer.MAX_VALUE)).isEqualTo(10_000);
        assertThat(Effort.next(Puzzle.MAX_EFFORT, 0)).isEqualTo(10_000);
    }
}
