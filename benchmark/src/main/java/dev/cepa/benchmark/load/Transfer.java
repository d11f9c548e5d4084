package dev.cepa.benchmark.load;

/**
 * One download or upload that is complete and right.
 *
 * @param bytes          of content
 * @param startedNanos   when it began, on {@link System#nanoTime}'s clock
 * @param firstByteNanos from then until the first byte of the answer
 * @param nanos          from then until the last byte, its content checked
 */
public record Transfer(long bytes, long startedNanos, long firstByteNanos, long nanos) {
    /** Bytes a second. */
    public double rate() {
        return bytes * 1e9 / Math.max(1, nanos);
    }
}
