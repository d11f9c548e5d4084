package dev.cepa.cell;

import org.jspecify.annotations.Nullable;

/** How one end of a conflux set would like the other end to spread what it sends over the legs (proposal 329 section 2). */
public enum DesiredUx {
    /** As the other end thinks right. */
    NONE,
    /** On the leg with the shortest round trip alone. */
    MIN_LATENCY,
    /** The same, with little kept in queues. */
    LOW_MEMORY_LATENCY,
    /** On all legs, as far as their windows reach. */
    HIGH_THROUGHPUT,
    /** The same, with little kept in queues. */
    LOW_MEMORY_THROUGHPUT;

    private static final DesiredUx[] ALL = values();

    /** As messages carry it: one byte. */
    public int code() {
        return ordinal();
    }

    /** Null if there is no such code. */
    public static @Nullable DesiredUx of(int code) {
        return code >= 0 && code < ALL.length ? ALL[code] : null;
    }

    /** Whether it asks for more than one leg at a time, as C tor understands it: to that the last one means one leg too. */
    public boolean spreads() {
        return this == NONE || this == HIGH_THROUGHPUT;
    }
}
