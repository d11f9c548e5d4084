package dev.cepa.pool;

import dev.cepa.circuit.HopTarget;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import java.util.Collection;

/** What an onion service of ours needs besides: relays to wait at for its clients. Thread-safe. */
public interface ServiceCircuits extends InternalCircuits {
    /**
     * A random relay that can be an introduction point.
     *
     * @param others that are introduction points already; related to none of them, if there is a choice
     * @throws TorException of kind NO_PATH if none is left
     */
    HopTarget pickIntroductionPoint(Collection<HopTarget> others, Deadline deadline) throws TorException;

    /** Whether introduction and rendezvous points see where the service is, which its descriptor then says. */
    boolean areDirect();
}
