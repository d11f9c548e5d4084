package dev.cepa.circuit;

import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;

/** Throws in one thread what went wrong in another. */
final class Failures {
    private Failures() {}

    /** The same failure with this thread's stack trace, and the first as its cause. */
    static TorException again(TorException failure) {
        String message = String.valueOf(failure.getMessage());
        return failure instanceof StreamException ended
                ? new StreamException(ended.kind(), ended.endReason(), message, ended)
                : new TorException(failure.kind(), message, failure);
    }
}
