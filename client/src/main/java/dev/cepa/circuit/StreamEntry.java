package dev.cepa.circuit;

import dev.cepa.error.TorException;

/** What a stream id of a circuit stands for. */
sealed interface StreamEntry permits TorStream, ResolveStream, HalfStream {
    /** Says under which id it has been entered; called once, before anybody can find it. */
    void entered(int streamId);

    /** The circuit is gone. */
    void circuitClosed(TorException reason);
}
