package dev.cepa.circuit;

import dev.cepa.crypto.HopCrypto;
import java.util.concurrent.locks.Condition;

/** A relay that the circuit has reached, and what is shared with it. Equal to itself alone. */
final class Hop {
    private final int index;
    private final HopTarget target;
    private final HopCrypto crypto;
    private final FlowControl flow;
    private final Condition turn;

    /**
     * Puts a hop together.
     *
     * @param index 0 for the guard
     * @param turn of the circuit's send lock: those wait on it, in turn, who have data and may not send it
     */
    Hop(int index, HopTarget target, HopCrypto crypto, FlowControl flow, Condition turn) {
        this.index = index;
        this.target = target;
        this.crypto = crypto;
        this.flow = flow;
        this.turn = turn;
    }

    int index() {
        return index;
    }

    HopTarget target() {
        return target;
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
