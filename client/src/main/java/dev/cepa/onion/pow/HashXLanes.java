package dev.cepa.onion.pow;

import java.util.Arrays;

/**
 * Runs functions of HashX on many inputs side by side: each instruction is done for all of them before the next. So it is
 * decoded once for all, the work is in a few short loops that the JVM compiles once and with vector instructions, and no
 * program has to become a class of its own, whose compilation would take longer than its life is worth.
 *
 * <p>A lane is one input. A branch goes back at most once in a run, for one lane in sixteen: those lanes are set apart,
 * repeat the part from the target to the branch, and come back. Not thread-safe.
 */
final class HashXLanes {
    private final long[][] registers;
    private final long[][] apart;
    /** The low half of the last high product in each lane. */
    private final int[] products;
    /** For each lane 1 if it has gone back, 0 if it still may. */
    private final int[] hasBranched;
    /** The lanes that go back now; one place more than can be taken. */
    private final int[] branching;

    /** Makes room for so many inputs at a time. */
    HashXLanes(int capacity) {
        registers = new long[HashXProgram.REGISTERS][capacity];
        apart = new long[HashXProgram.REGISTERS][capacity];
        products = new int[capacity];
        hasBranched = new int[capacity];
        branching = new int[capacity + 1];
    }

    /** Hashes the first {@code count} inputs into the first {@code count} places of {@code hashes}. */
    void hash(HashX function, long[] inputs, int count, long[] hashes) {
        load(function.inputKey(), inputs, count);
        run(function.program(), count);
        finish(function.inputKey(), count, hashes);
    }

    /** Fills the registers: SipHash-2-4 of the input with an output of eight words, as it is inside. */
    private void load(SipKey key, long[] inputs, int count) {
        long[] v0 = registers[0];
        long[] v1 = registers[1];
        long[] v2 = registers[2];
        long[] v3 = registers[3];
        Arrays.fill(v0, 0, count, key.v0());
        Arrays.fill(v1, 0, count, key.v1() ^ 0xee);
        Arrays.fill(v2, 0, count, key.v2());
        Arrays.fill(v3, 0, count, key.v3());
        xor(v3, inputs, count);
        sipRounds(2, v0, v1, v2, v3, count);
        xor(v0, inputs, count);
        xorConstant(v2, 0xee, count);
        sipRounds(4, v0, v1, v2, v3, count);
        for (int r = 0; r < 4; r++) {
            System.arraycopy(registers[r], 0, registers[4 + r], 0, count);
        }
        xorConstant(registers[5], 0xdd, count);
        sipRounds(4, registers[4], registers[5], registers[6], registers[7], count);
    }

    private void run(HashXProgram program, int count) {
        Arrays.fill(hasBranched, 0, count, 0);
        int target = 0;
        for (int at = 0; at < HashXProgram.SIZE; at++) {
            Operation operation = program.operation(at);
            if (operation.hasDestination()) {
                step(program, at, registers, count);
                if (operation.isHighProduct()) {
                    keepLowHalves(registers[program.destination(at)], count);
                }
            } else if (operation == Operation.TARGET) {
                target = at;
            } else {
                branch(program, target, at, count);
            }
        }
    }

    private void keepLowHalves(long[] results, int count) {
        for (int lane = 0; lane < count; lane++) {
            products[lane] = (int) results[lane];
        }
    }

    private void branch(HashXProgram program, int target, int at, int count) {
        int mask = program.constant(at);
        int set = 0;
        // Which lanes they are can't be foreseen, so this has no branch itself.
        for (int lane = 0; lane < count; lane++) {
            branching[set] = lane;
            set += (products[lane] & mask | hasBranched[lane]) == 0 ? 1 : 0;
        }
        for (int i = 0; i < set; i++) {
            hasBranched[branching[i]] = 1;
        }
        for (int r = 0; r < HashXProgram.REGISTERS; r++) {
            for (int i = 0; i < set; i++) {
                apart[r][i] = registers[r][branching[i]];
            }
        }
        // Branches on the way are none to lanes that have had theirs, and nobody asks for their products any more.
        for (int again = target + 1; again < at; again++) {
            if (program.operation(again).hasDestination()) {
                step(program, again, apart, set);
            }
        }
        for (int r = 0; r < HashXProgram.REGISTERS; r++) {
            for (int i = 0; i < set; i++) {
                registers[r][branching[i]] = apart[r][i];
            }
        }
    }

    private static void step(HashXProgram program, int at, long[][] registers, int count) {
        Operation operation = program.operation(at);
        int constant = program.constant(at);
        long[] to = registers[program.destination(at)];
        long[] from = operation.hasSource() ? registers[program.source(at)] : to;
        switch (operation) {
            case UNSIGNED_HIGH_PRODUCT -> unsignedHighProduct(to, from, count);
            case SIGNED_HIGH_PRODUCT -> signedHighProduct(to, from, count);
            case MULTIPLY -> multiply(to, from, count);
            case SUBTRACT -> subtract(to, from, count);
            case XOR -> xor(to, from, count);
            case ADD_SHIFTED -> addShifted(to, from, constant, count);
            case ROTATE -> rotate(to, constant, count);
            case ADD_CONSTANT -> addConstant(to, constant, count);
            case XOR_CONSTANT -> xorConstant(to, constant, count);
            case TARGET, BRANCH -> throw new IllegalArgumentException(operation.name());
        }
    }

    /** Takes away the bias toward zero that multiplications leave. */
    private void finish(SipKey key, int count, long[] hashes) {
        addConstant(registers[0], key.v0(), count);
        addConstant(registers[1], key.v1(), count);
        addConstant(registers[6], key.v2(), count);
        addConstant(registers[7], key.v3(), count);
        sipRounds(1, registers[0], registers[1], registers[2], registers[3], count);
        sipRounds(1, registers[4], registers[5], registers[6], registers[7], count);
        System.arraycopy(registers[0], 0, hashes, 0, count);
        xor(hashes, registers[4], count);
    }

    private static void unsignedHighProduct(long[] to, long[] from, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = Math.unsignedMultiplyHigh(to[i], from[i]);
        }
    }

    private static void signedHighProduct(long[] to, long[] from, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = Math.multiplyHigh(to[i], from[i]);
        }
    }

    private static void multiply(long[] to, long[] from, int count) {
        for (int i = 0; i < count; i++) {
            to[i] *= from[i];
        }
    }

    private static void subtract(long[] to, long[] from, int count) {
        for (int i = 0; i < count; i++) {
            to[i] -= from[i];
        }
    }

    private static void xor(long[] to, long[] from, int count) {
        for (int i = 0; i < count; i++) {
            to[i] ^= from[i];
        }
    }

    private static void addShifted(long[] to, long[] from, int shift, int count) {
        for (int i = 0; i < count; i++) {
            to[i] += from[i] << shift;
        }
    }

    private static void rotate(long[] to, int distance, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = to[i] >>> distance | to[i] << Long.SIZE - distance;
        }
    }

    private static void addConstant(long[] to, long constant, int count) {
        for (int i = 0; i < count; i++) {
            to[i] += constant;
        }
    }

    private static void xorConstant(long[] to, long constant, int count) {
        for (int i = 0; i < count; i++) {
            to[i] ^= constant;
        }
    }

    private static void sipRounds(int rounds, long[] v0, long[] v1, long[] v2, long[] v3, int count) {
        for (int round = 0; round < rounds; round++) {
            sipRound(v0, v1, v2, v3, count);
        }
    }

    private static void sipRound(long[] v0, long[] v1, long[] v2, long[] v3, int count) {
        for (int i = 0; i < count; i++) {
            long a = v0[i] + v1[i];
            long c = v2[i] + v3[i];
            long b = Long.rotateLeft(v1[i], 13) ^ a;
            long d = Long.rotateLeft(v3[i], 16) ^ c;
            a = Long.rotateLeft(a, 32) + d;
            c += b;
            v0[i] = a;
            v1[i] = Long.rotateLeft(b, 17) ^ c;
            v2[i] = Long.rotateLeft(c, 32);
            v3[i] = Long.rotateLeft(d, 21) ^ a;
        }
    }
}
