package dev.cepa.circuit;

import dev.cepa.error.TorException;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * Where streams' messages go out, and come from: a {@link Hop} of one circuit, or the one exit that the legs of a set lead to.
 * What is said to need the lock needs the {@link SendLock} of that circuit or set.
 */
sealed interface Outlet permits Hop, ConfluxOutlet {
    /** Who is there, for messages. */
    String name();

    /** How congestion is controlled; null if it is not, and streams have windows of their own. */
    @Nullable CongestionSettings congestion();

    /** Those wait on it, in turn, who have data and may not send it; a condition of the lock. */
    Condition turn();

    /** The channel that the next data is likely to go out by; needs no lock. */
    CircuitLink link();

    /** With the lock: whether anything can be sent at all. */
    boolean isOpen();

    /** With the lock: throws why nothing can be sent any more. */
    void checkOpen() throws TorException;

    /** With the lock: whether a DATA cell may be sent now. */
    boolean maySend();

    /** With the lock: the hop that the next message must be put on, to be told of by {@link #sent}. */
    Hop next() throws TorException;

    /** With the lock: one message was put on the hop that {@link #next} named. */
    void sent();
}
