package dev.cepa.circuit;

import dev.cepa.cell.DesiredUx;

/**
 * How sets of circuits behave.
 *
 * @param desiredUx how exits are asked to spread what they send
 * @param maxQueuedBytes so much may wait for what comes before it on another leg; more ends the set (cfx_max_oooq_bytes)
 */
public record ConfluxSettings(DesiredUx desiredUx, int maxQueuedBytes) {
    /** As C tor: for throughput, and no limit but that of all queues together. */
    public static final ConfluxSettings DEFAULT = new ConfluxSettings(DesiredUx.HIGH_THROUGHPUT, Integer.MAX_VALUE);
}
