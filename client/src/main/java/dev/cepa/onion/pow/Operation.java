package dev.cepa.onion.pow;

/**
 * What an instruction of HashX does, and what the generator takes into account when it schedules it on the processor that
 * HashX has in mind: three ports that execute, of which only the second multiplies.
 */
enum Operation {
    /** destination = high half of the unsigned product with the source. */
    UNSIGNED_HIGH_PRODUCT(4, Ports.P1, Ports.P5, 0),
    /** destination = high half of the signed product with the source. */
    SIGNED_HIGH_PRODUCT(4, Ports.P1, Ports.P5, 0),
    /** destination *= source. */
    MULTIPLY(3, Ports.P1, 0, 0),
    /** destination -= source. */
    SUBTRACT(1, Ports.ANY, 0, 0),
    /** destination ^= source. */
    XOR(1, Ports.ANY, 0, 0),
    /** destination += source shifted left by 0 to 3. */
    ADD_SHIFTED(1, Ports.P0 | Ports.P1, 0, 3),
    /** destination is rotated right by 1 to 63. */
    ROTATE(1, Ports.P0 | Ports.P5, 0, 63),
    /** destination += a signed constant. */
    ADD_CONSTANT(1, Ports.ANY, 0, -1),
    /** destination ^= a signed constant. */
    XOR_CONSTANT(1, Ports.ANY, 0, -1),
    /** Where the next branch goes. */
    TARGET(1, Ports.ANY, Ports.ANY, 0),
    /** Goes back to the target if certain bits of the last high product are all zero, once in a run of the program. */
    BRANCH(1, Ports.ANY, Ports.ANY, 0);

    /** Ports as bits, in the order in which the scheduler prefers them from the highest on. */
    static final class Ports {
        static final int P1 = 1;
        static final int P0 = 2;
        static final int P5 = 4;
        static final int ANY = P0 | P1 | P5;

        private Ports() {}
    }

    /** Cycles until the result can be used. */
    final int latency;
    /** Where the first half may execute. */
    final int ports;
    /** Where the second half may execute; 0 if there is none. */
    final int secondPorts;
    /** Which bits of a random number are the constant; 0 if there is none. */
    final int constantMask;

    Operation(int latency, int ports, int secondPorts, int constantMask) {
        this.latency = latency;
        this.ports = ports;
        this.secondPorts = secondPorts;
        this.constantMask = constantMask;
    }

    boolean hasSource() {
        return compareTo(ADD_SHIFTED) <= 0;
    }

    boolean hasDestination() {
        return compareTo(TARGET) < 0;
    }

    boolean isHighProduct() {
        return compareTo(SIGNED_HIGH_PRODUCT) <= 0;
    }

    boolean multiplies() {
        return compareTo(MULTIPLY) <= 0;
    }

    /** The operation that this one counts as when two in a row would cancel out or merge. */
    Operation group() {
        return this == SUBTRACT ? ADD_SHIFTED : this;
    }
}
