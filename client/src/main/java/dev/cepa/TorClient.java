package dev.cepa;

import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.io.Closeable;

/** A Tor client. */
public final class TorClient implements Closeable {
    private final TorEvents events = new TorEvents();

    private TorClient() {}

    /** What happens in this client. */
    public TorEvents events() {
        return events;
    }

    @Override
    public void close() throws TorException {}
}
