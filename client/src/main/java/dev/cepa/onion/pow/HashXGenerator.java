package dev.cepa.onion.pow;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Draws a program of HashX. The rules imitate the scheduler of a processor, so that a program keeps its three ports busy
 * and leaves little for special hardware to win; every choice has to fall as in the other implementations, bit for bit.
 * Used once; not thread-safe.
 */
final class HashXGenerator {
    /** The program ends with the cycle before this one, and an acceptable one has its last result so many later. */
    private static final int CYCLES = 192;
    private static final int LAST_RESULT = 194;
    private static final int MULTIPLICATIONS = 192;
    /** Instructions may be scheduled a little past the end before that is noticed. */
    private static final int SCHEDULE = CYCLES + 4;
    private static final int SLOTS_A_CYCLE = 3;
    /** Of the 32 bits of a branch's mask so many are set: one run in 16 branches. */
    private static final int BRANCH_BITS = 4;
    /** Never the destination of an addition with shift: the address arithmetic of x86 can't have it there. */
    private static final int UNSHIFTED_REGISTER = 5;

    /** What is drawn in each slot: m multiplication, w high product, t target, b branch, any other operation. */
    private static final String LAYOUT = "mt.m..m..m..w..m..mb.m..w..m..m..m..";
    private static final Operation[] OTHERS = {
        Operation.ROTATE, Operation.XOR_CONSTANT, Operation.ADD_CONSTANT, Operation.ADD_CONSTANT,
        Operation.SUBTRACT, Operation.XOR, Operation.XOR_CONSTANT, Operation.ADD_SHIFTED
    };
    /** The last parameter of an operation that has none but constants. */
    private static final int NO_PARAMETER = -1;

    private final SipRandom random;
    private final HashXProgram program = new HashXProgram();

    private final int[] busyPorts = new int[SCHEDULE];
    /** For each register the cycle from which it can be read, and what was last done to it. */
    private final int[] readyAt = new int[HashXProgram.REGISTERS];
    private final @Nullable Operation[] lastGroup = new Operation[HashXProgram.REGISTERS];
    private final int[] lastParameter = new int[HashXProgram.REGISTERS];

    private int slot;
    private int multiplications;
    private int lastResult;

    private HashXGenerator(SipKey key) {
        random = new SipRandom(key);
        Arrays.fill(lastParameter, NO_PARAMETER);
    }

    /** The key's program; null if it came out too easy, which happens to fewer than one key in 10,000. */
    static @Nullable HashXProgram generate(SipKey key) {
        return new HashXGenerator(key).generate();
    }

    private @Nullable HashXProgram generate() {
        Operation last = null;
        boolean retry = false;
        int size = 0;
        while (size < HashXProgram.SIZE) {
            Operation operation = drawOperation(last, retry);
            last = operation.group();
            int constant = drawConstant(operation);
            int parameter = operation.isHighProduct() ? random.nextInt() : NO_PARAMETER;
            int cycle = schedule(operation, false);
            if (cycle < 0) {
                return null;
            }
            int source = -1;
            if (operation.hasSource()) {
                source = drawSource(operation, cycle);
                if (!operation.isHighProduct()) {
                    parameter = source;
                }
            }
            int destination = -1;
            if (operation.hasDestination() && (source >= 0 || !operation.hasSource())) {
                destination = drawDestination(operation, source, parameter, cycle, retry);
            }
            if (operation.hasDestination() && destination < 0) {
                // No register will do. Another operation is tried, and if that can't be had either, time passes.
                if (retry) {
                    slot += SLOTS_A_CYCLE;
                }
                retry = !retry;
                continue;
            }
            retry = false;
            cycle = schedule(operation, true);
            if (cycle < 0 || cycle >= CYCLES) {
                return null;
            }
            if (destination >= 0) {
                readyAt[destination] = cycle + operation.latency;
                lastGroup[destination] = operation.group();
                lastParameter[destination] = parameter;
                lastResult = Math.max(lastResult, readyAt[destination]);
            }
            program.set(size++, operation, destination, source, constant);
            multiplications += operation.multiplies() ? 1 : 0;
            slot += operation.secondPorts == 0 ? 1 : 2;
        }
        return multiplications == MULTIPLICATIONS && lastResult == LAST_RESULT ? program : null;
    }

    private Operation drawOperation(@Nullable Operation last, boolean retry) {
        return switch (LAYOUT.charAt(slot % LAYOUT.length())) {
            case 'm' -> Operation.MULTIPLY;
            case 't' -> Operation.TARGET;
            case 'b' -> Operation.BRANCH;
            case 'w' -> (random.nextByte() & 1) == 0 ? Operation.SIGNED_HIGH_PRODUCT : Operation.UNSIGNED_HIGH_PRODUCT;
            default -> {
                // The first half of the others are those that need no source.
                int mask = retry ? OTHERS.length / 2 - 1 : OTHERS.length - 1;
                Operation operation;
                do {
                    operation = OTHERS[random.nextByte() & mask];
                } while (operation.group() == last);
                yield operation;
            }
        };
    }

    private int drawConstant(Operation operation) {
        if (operation == Operation.BRANCH) {
            int mask = 0;
            while (Integer.bitCount(mask) < BRANCH_BITS) {
                mask |= 1 << random.nextByte() % Integer.SIZE;
            }
            return mask;
        }
        int constant = 0;
        if (operation.constantMask != 0) {
            do {
                constant = random.nextInt() & operation.constantMask;
            } while (constant == 0 && operation != Operation.ADD_SHIFTED);
        }
        return constant;
    }

    /** A register that can be read in the cycle; -1 if there is none. */
    private int drawSource(Operation operation, int cycle) {
        int candidates = 0;
        for (int register = 0; register < HashXProgram.REGISTERS; register++) {
            candidates |= readyAt[register] <= cycle ? 1 << register : 0;
        }
        if (operation == Operation.ADD_SHIFTED && Integer.bitCount(candidates) == 2
                && (candidates & 1 << UNSHIFTED_REGISTER) != 0) {
            // It can't be the destination, so the other one has to be.
            return UNSHIFTED_REGISTER;
        }
        return drawRegister(candidates);
    }

    /**
     * A register that can be changed in the cycle; -1 if there is none. Left out are the source, registers multiplied just
     * before (zeros would pile up at their low ends), and those to which the same was done with the same last.
     */
    private int drawDestination(Operation operation, int source, int parameter, int cycle, boolean retry) {
        int candidates = 0;
        for (int register = 0; register < HashXProgram.REGISTERS; register++) {
            Operation last = lastGroup[register];
            boolean fits = readyAt[register] <= cycle
                    && (operation.isHighProduct() || register != source)
                    && (retry || operation != Operation.MULTIPLY || last != Operation.MULTIPLY)
                    && (last != operation.group() || lastParameter[register] != parameter)
                    && (operation != Operation.ADD_SHIFTED || register != UNSHIFTED_REGISTER);
            candidates |= fits ? 1 << register : 0;
        }
        return drawRegister(candidates);
    }

    /** One of the registers whose bits are set; a number is drawn only if there is a choice. */
    private int drawRegister(int candidates) {
        int count = Integer.bitCount(candidates);
        if (count == 0) {
            return -1;
        }
        int left = candidates;
        for (int skip = count > 1 ? random.nextBelow(count) : 0; skip > 0; skip--) {
            left &= left - 1;
        }
        return Integer.numberOfTrailingZeros(left);
    }

    /** The earliest cycle, from the current one on, in which both halves can begin; -1 past the end of the schedule. */
    private int schedule(Operation operation, boolean reserve) {
        for (int cycle = slot / SLOTS_A_CYCLE; cycle < SCHEDULE; cycle++) {
            int first = nextFree(operation.ports, cycle);
            if (first >= 0 && (operation.secondPorts == 0 || first == nextFree(operation.secondPorts, cycle))) {
                if (reserve) {
                    occupy(operation.ports, cycle);
                    occupy(operation.secondPorts, cycle);
                }
                return first;
            }
        }
        return -1;
    }

    /** The earliest cycle in which one of the ports is free; -1 past the end of the schedule. */
    private int nextFree(int ports, int from) {
        for (int cycle = from; cycle < SCHEDULE; cycle++) {
            if ((ports & ~busyPorts[cycle]) != 0) {
                return cycle;
            }
        }
        return -1;
    }

    private void occupy(int ports, int from) {
        int cycle = ports == 0 ? -1 : nextFree(ports, from);
        if (cycle >= 0) {
            busyPorts[cycle] |= Integer.highestOneBit(ports & ~busyPorts[cycle]);
        }
    }
}
