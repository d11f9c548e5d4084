package dev.cepa.onion.pow;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.crypto.Hex;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EquiXTest {
    private static final byte[] ZERO = new byte[4];

    private static List<char[]> solve(byte[] challenge) {
        return new EquiXSolver().solve(HashX.of(challenge));
    }

    @Test
    void findsTheSolutionsThatTheOthersFindInTheirOrder() {
        Map<String, List<char[]>> expected = new LinkedHashMap<>();
        List<char[]> solutions = List.of();
        for (String line : Hex.lines(EquiXTest.class, "equix.txt")) {
            if (line.startsWith("\"")) {
                solutions = new ArrayList<>();
                expected.put(line.substring(1, line.length() - 1), solutions);
            } else {
                char[] solution = new char[EquiX.INDICES];
                for (int i = 0; i < solution.length; i++) {
                    solution[i] = (char) Integer.parseInt(line.split(" ")[i], 16);
                }
                solutions.add(solution);
            }
        }
        assertThat(expected).hasSize(10);
        EquiXSolver solver = new EquiXSolver();
        expected.forEach((text, all) -> {
            byte[] challenge = text.getBytes(US_ASCII);
            assertThat(solver.solve(HashX.of(challenge))).as(text).usingRecursiveComparison().isEqualTo(all);
            for (char[] solution : all) {
                assertThat(EquiX.verify(challenge, solution)).isNull();
            }
        });
    }

    @Test
    void findsAsManySolutionsAsTheOthersAndNoneTwice() {
        Set<String> found = new HashSet<>();
        int count = 0;
        EquiXSolver solver = new EquiXSolver();
        for (byte i = 0; i < 20; i++) {
            for (char[] solution : solver.solve(HashX.of(new byte[] {i, 0, 0, 0}))) {
                found.add(new String(solution));
                count++;
            }
        }
        assertThat(count).isEqualTo(38);
        assertThat(found).hasSize(38);
    }

    @Test
    void takesOneOrderOfTheNumbersOnly() {
        List<char[]> solutions = solve(ZERO);
        assertThat(solutions).hasSize(1);
        Map<Object, Integer> verdicts = new LinkedHashMap<>();
        permute(solutions.get(0), 0, verdicts);
        // As many as Arti counts.
        assertThat(verdicts).containsEntry("good", 1).containsEntry(EquiX.Fault.SUM, 314).hasSize(3);
    }

    private static void permute(char[] indices, int from, Map<Object, Integer> verdicts) {
        if (from == indices.length) {
            EquiX.Fault fault = EquiX.verify(ZERO, indices);
            verdicts.merge(fault == null ? "good" : fault, 1, Integer::sum);
            return;
        }
        for (int i = from; i < indices.length; i++) {
            char[] next = indices.clone();
            next[from] = indices[i];
            next[i] = indices[from];
            permute(next, from + 1, verdicts);
        }
    }

    @Test
    void refusesNumbersThatDoNotSumToZero() {
        char[] solution = solve(ZERO).get(0);
        for (int i = 0; i < EquiX.INDICES; i++) {
            char[] other = solution.clone();
            other[i]++;
            assertThat(EquiX.verify(ZERO, other)).isNotNull();
        }
    }

    @Test
    void refusesOrderedNumbersThatSolveOnlyHalf() {
        char[] solution = solve(ZERO).get(0);
        char[] half = solution.clone();
        System.arraycopy(solution, 0, half, 4, 4);
        assertThat(EquiX.isOrdered(half)).isTrue();
        assertThat(EquiX.verify(ZERO, half)).isEqualTo(EquiX.Fault.SUM);
    }

    @Test
    void refusesChallengesWithoutFunction() {
        assertThat(EquiX.verify("cflngib".getBytes(US_ASCII), new char[EquiX.INDICES])).isEqualTo(EquiX.Fault.CHALLENGE);
    }
}
