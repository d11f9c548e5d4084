package dev.cepa.event;

import org.jspecify.annotations.Nullable;

/** What may be asked of a stream beside what its events say, at any time and after its end. Thread-safe; never waits. */
public interface StreamFacts {
    /** {@return whom it is for; null for one of the client's own, or of the application that the client is part of} */
    @Nullable StreamOrigin origin();

    /** {@return bytes that have come for it} */
    long bytesReceived();

    /** {@return bytes that were written to it} */
    long bytesWritten();
}
