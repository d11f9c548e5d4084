package dev.cepa.pool;

import dev.cepa.circuit.Circuit;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.PathSelector;

/** Where a pool's circuits come from. */
interface CircuitSource {
    /** A path that has been chosen; its guard attempt must be ended by building it or by {@link GuardAttempt#closed}. */
    record Plan(PathSelector selector, int guard, int middle, int exit, boolean stable, GuardAttempt attempt) {}

    /** Told how far building is. */
    interface Progress {
        /**
         * The channel is there and the first cell is about to be sent.
         *
         * @return by when the circuit must be complete
         */
        Deadline begun();

        /** The first hop has answered. */
        void firstHopDone();

        /** The last hop has answered. */
        void complete();

        /** It is complete, and must wait until it is clear that no better guard works. */
        default void held() {}

        /** Nothing comes from the first hop any more, on its channel of now. */
        default void silent() {}
    }

    /**
     * Chooses a path.
     *
     * @throws TorException of kind NO_EXIT, NO_PATH or NETWORK_DOWN
     */
    Plan plan(PathSelector selector, ExitRequest request) throws TorException;

    /** Builds it. The returned circuit may carry streams. */
    Circuit build(Plan plan, Progress progress) throws TorException;
}
