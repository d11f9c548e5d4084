package dev.cepa.testrelay;

import java.io.IOException;

/** What a test relay does with the cells that a client sends once the link is open. */
@FunctionalInterface
public interface CellHandler {
    /**
     * Called on the link's reader, one cell after the other.
     *
     * @param body 509 bytes, the handler's own
     */
    void onCell(RelayLink link, int circuitId, int command, byte[] body) throws IOException;
}
