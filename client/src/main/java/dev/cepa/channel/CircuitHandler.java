package dev.cepa.channel;

import dev.cepa.error.TorException;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TrafficListener;

/** One circuit, as its channel sees it. */
public interface CircuitHandler {
    /**
     * A cell for this circuit. Called on the channel's reader, which is the only thread that calls it: it must not block,
     * and must not throw. The array is the channel's own; the body may be changed in place and is reused after return.
     *
     * @param command the cell command: RELAY, RELAY_EARLY, CREATED2, CREATED_FAST or DESTROY
     * @param buf holds the 509 body bytes from {@code offset} on
     */
    void onCell(int command, byte[] buf, int offset);

    /**
     * What the channel has read is handed over, or a cell for another circuit follows. Called on the channel's reader
     * after one or more {@link #onCell}: the moment to wake those who wait for what came, once and not for each cell. It
     * must not block, and must not throw.
     */
    default void onBatchEnd() {
        // A circuit that wakes nobody has nothing to do.
    }

    /** Tells how the circuit is, in the events that say so. Called from any thread. */
    default void describe(TorEventListener listener) {
        // A circuit that tells nobody what happens to it.
    }

    /** Shows the circuit and its streams with their counters. Called from any thread. */
    default void showTraffic(TrafficListener listener) {
        // A circuit that is shown to nobody.
    }

    /** The channel is gone, and with it this circuit. Called once, from any thread; no cell follows. */
    void onChannelClosed(TorException cause);
}
