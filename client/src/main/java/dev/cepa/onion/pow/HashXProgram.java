package dev.cepa.onion.pow;

/**
 * A program of HashX: {@link #SIZE} instructions over eight registers of 64 bits. Immutable once it is handed out.
 */
final class HashXProgram {
    static final int SIZE = 512;
    static final int REGISTERS = 8;

    private final Operation[] operations = new Operation[SIZE];
    private final byte[] destinations = new byte[SIZE];
    private final byte[] sources = new byte[SIZE];
    private final int[] constants = new int[SIZE];

    void set(int at, Operation operation, int destination, int source, int constant) {
        operations[at] = operation;
        destinations[at] = (byte) destination;
        sources[at] = (byte) source;
        constants[at] = constant;
    }

    Operation operation(int at) {
        return operations[at];
    }

    /** The number of the register that is changed; -1 if none is. */
    int destination(int at) {
        return destinations[at];
    }

    /** The number of the register that is read beside it; -1 if none is. */
    int source(int at) {
        return sources[at];
    }

    /** The constant, the shift, the rotation, or the mask of a branch; 0 if there is none. */
    int constant(int at) {
        return constants[at];
    }
}
