package dev.cepa.circuit;

import dev.cepa.crypto.HopCrypto;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/** A relay, or behind the last relay an onion service, that the circuit has reached, and what is shared with it. */
final class Hop {
    private final int index;
    private final @Nullable HopTarget target;
    private final HopCrypto crypto;
    private final FlowControl flow;
    private final Condition turn;

    /**
     * Puts a hop together.
     *
     * @param index 0 for the guard
     * @param target null for an onion service, whose relay nobody knows
     * @param turn of the circuit's send lock: those wait on it, in turn, who have data and may not send it
     */
    Hop(int index, @Nullable HopTarget target, HopCrypto crypto, FlowControl flow, Condition turn) {
        this.index = index;
        this.target = target;
        this.crypto = crypto;
        this.flow = flow;
        this.turn = turn;
    }

    int index() {
        return index;
    }

    @Nullable HopTarget target() {
        return target;
    }

    /** Who it is, for messages. */
    String name() {
        return target == null ? "the onion service" : "relay " + target;
    }

    HopCrypto crypto() {
        return crypto;
    }

    FlowControl flow() {
        return flow;
    }

    Condition turn() {
        return turn;
    }
}
