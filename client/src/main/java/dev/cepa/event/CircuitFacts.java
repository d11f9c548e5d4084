package dev.cepa.event;

import java.time.Instant;
import java.util.List;

/** What may be asked of a circuit beside what its events say, at any time and after its end. Thread-safe; never waits. */
public interface CircuitFacts {
    /** {@return when it was begun} */
    Instant created();

    /** {@return {@code $FINGERPRINT~nickname} of each hop so far; of bridges too, so this is for controllers, not for logs} */
    List<String> hops();

    /** {@return bodies of relay cells that have come, in bytes} */
    long bytesReceived();

    /** {@return bodies of relay cells that were sent, in bytes} */
    long bytesSent();

    /** {@return what of {@link #bytesReceived} were messages} */
    long payloadReceived();

    /** {@return what of {@link #bytesSent} were messages} */
    long payloadSent();

    /** {@return why this side closed it, in the words of the control specification; empty if it did not} */
    String closedFor();
}
