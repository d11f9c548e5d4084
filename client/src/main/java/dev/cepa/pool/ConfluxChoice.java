package dev.cepa.pool;

import dev.cepa.cell.DesiredUx;

/**
 * Whether streams may go over sets of circuits (torrc {@code ConfluxEnabled} and {@code ConfluxClientUX}).
 *
 * @param mode whether at all
 * @param ux how exits are asked to spread what they send
 */
public record ConfluxChoice(Mode mode, DesiredUx ux) {
    /** Whether sets are built. */
    public enum Mode {
        /** If the consensus says so. */
        AUTO,
        /** Whatever it says, as long as congestion is controlled. */
        ON,
        /** Never. */
        OFF
    }

    /** As the consensus says, for throughput. */
    public static final ConfluxChoice DEFAULT = new ConfluxChoice(Mode.AUTO, DesiredUx.HIGH_THROUGHPUT);
}
