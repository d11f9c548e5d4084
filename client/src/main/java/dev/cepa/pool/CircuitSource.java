package dev.cepa.pool;

import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.ConfluxSet;
import dev.cepa.circuit.ConfluxSettings;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.PathSelector;
import java.time.Duration;
import java.util.List;

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

    /**
     * Chooses the paths of a set's legs.
     *
     * @throws TorException of kind NO_EXIT, NO_PATH or NETWORK_DOWN
     */
    SetPlan planSet(PathSelector selector, ExitRequest request, int legs) throws TorException;

    /** Builds a set. What is returned may carry streams. */
    BuiltSet buildSet(SetPlan plan, SetOptions options) throws TorException;

    /**
     * Paths of a set, whose guard attempts are ended like those of a {@link Plan}.
     *
     * @param paths from which a leg that failed gets another one
     */
    record SetPlan(List<Plan> legs, LegPaths paths) {}

    /**
     * How a set is built.
     *
     * @param retries how often a leg is tried again
     * @param legTime how long building a leg may take, and then linking it
     */
    record SetOptions(ConfluxSettings settings, int retries, Duration legTime) {}

    /** @param legs the plans that were built, some perhaps not as first planned */
    record BuiltSet(ConfluxSet set, List<Plan> legs) {}
}
