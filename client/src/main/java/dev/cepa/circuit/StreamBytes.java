package dev.cepa.circuit;

import java.util.concurrent.atomic.LongAdder;

/** Counts the bytes of streams that a program of this computer reads and writes. Thread-safe. */
public final class StreamBytes {
    private final LongAdder toProgram = new LongAdder();
    private final LongAdder fromProgram = new LongAdder();

    /** Counts nothing yet. */
    public StreamBytes() {}

    void addToProgram(int bytes) {
        toProgram.add(bytes);
    }

    void addFromProgram(int bytes) {
        fromProgram.add(bytes);
    }

    /** {@return bytes that the program has taken} */
    public long toProgram() {
        return toProgram.sum();
    }

    /** {@return bytes that the program has sent} */
    public long fromProgram() {
        return fromProgram.sum();
    }
}
