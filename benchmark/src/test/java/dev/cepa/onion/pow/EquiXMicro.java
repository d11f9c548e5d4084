package dev.cepa.onion.pow;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The work that onion services ask for, by one thread. A puzzle of effort n takes n solutions on average, and a challenge
 * has two, or n / 2 runs of {@link #solve}. In this package as the parts are not public.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 2)
@Fork(value = 2, jvmArgs = {"-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-Xmx256m"})
public class EquiXMicro {
    private static final int LANES = 512;

    private final EquiXSolver solver = new EquiXSolver();
    private final HashXLanes lanes = new HashXLanes(LANES);
    private final long[] inputs = new long[LANES];
    private final long[] hashes = new long[LANES];
    private final byte[] solved = new byte[Integer.BYTES];
    private final HashX function = function(solved);
    private final char[] solution = solver.solve(function).get(0);
    private int challenge;

    private static HashX function(byte[] challenge) {
        HashX function = HashX.of(challenge);
        if (function == null) {
            throw new IllegalStateException("a challenge without function");
        }
        return function;
    }

    /** A challenge that was not seen before: its program made, and all its solutions found. */
    @Benchmark
    public List<char[]> solve() {
        byte[] bytes = ByteBuffer.allocate(Integer.BYTES).putInt(++challenge).array();
        HashX drawn = HashX.of(bytes);
        return drawn == null ? List.of() : solver.solve(drawn);
    }

    /** 512 inputs. */
    @Benchmark
    public long[] hash() {
        for (int i = 0; i < LANES; i++) {
            inputs[i] = i;
        }
        lanes.hash(function, inputs, LANES, hashes);
        return hashes;
    }

    /** A solution that a client sent. */
    @Benchmark
    public boolean verify() {
        if (EquiX.verify(solved, solution) != null) {
            throw new IllegalStateException("a solution was not recognised");
        }
        return true;
    }
}
