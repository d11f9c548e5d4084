package dev.cepa.circuit;

import dev.cepa.error.CircuitException;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;

/** Throws in one thread what went wrong in another. */
final class Failures {
    private Failures() {}

    /** The same failure with this thread's stack trace, and the first as its cause. */
    static TorException again(TorException failure) {
        String message = String.valueOf(failure.getMessage());
        return switch (failure) {
            case StreamException ended -> new StreamException(ended.kind(), ended.endReason(), message, ended);
            case CircuitException ended -> new CircuitException(ended.kind(), ended.destroyReason(), message, ended);
            case ProtocolException broken -> new ProtocolException(message, broken);
            default -> new TorException(failure.kind(), message, failure);
        };
    }
}
