package dev.cepa.circuit;

import dev.cepa.crypto.HopCrypto;
import dev.cepa.error.TorException;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/** A relay, or behind the last relay an onion service, that the circuit has reached, and what is shared with it. */
final class Hop implements Outlet {
    private final int index;
    private final @Nullable HopTarget target;
    private final HopCrypto crypto;
    private final FlowControl flow;
    private final CircuitSender sender;
    private final Condition turn;

    /**
     * Puts a hop together.
     *
     * @param index 0 for the guard
     * @param target null for an onion service, whose relay nobody knows
     * @param sender of the circuit
     * @param turn of the circuit's send lock: those wait on it, in turn, who have data and may not send it
     */
    Hop(int index, @Nullable HopTarget target, HopCrypto crypto, FlowControl flow, CircuitSender sender, Condition turn) {
        this.index = index;
        this.target = target;
        this.crypto = crypto;
        this.flow = flow;
        this.sender = sender;
        this.turn = turn;
    }

    int index() {
        return index;
    }

    @Nullable HopTarget target() {
        return target;
    }

    HopCrypto crypto() {
        return crypto;
    }

    FlowControl flow() {
        return flow;
    }

    CircuitSender sender() {
        return sender;
    }

    @Override
    public String name() {
        return target == null ? "the onion service" : "relay " + target;
    }

    @Override
    public @Nullable CongestionSettings congestion() {
        return flow.congestion();
    }

    @Override
    public Condition turn() {
        return turn;
    }

    @Override
    public CircuitLink link() {
        return sender.link();
    }

    @Override
    public boolean isOpen() {
        return sender.isOpen();
    }

    @Override
    public void checkOpen() throws TorException {
        sender.failIfClosed();
    }

    @Override
    public boolean maySend() {
        return flow.maySend();
    }

    @Override
    public Hop next() {
        return this;
    }

    @Override
    public void sent() {
        // Nothing is counted where there is one way only.
    }
}
