package dev.cepa.onion;

import dev.cepa.circuit.TorStream;
import java.io.IOException;

/** What a service of ours does with the streams to one of its ports. */
@FunctionalInterface
public interface StreamHandler {
    /**
     * Takes a stream: accepts or refuses it, and closes it in the end; it may go on to do that on another thread.
     *
     * @param stream a client's, not accepted yet
     * @param circuit which client: the number of its circuit, the same for all its streams
     * @throws IOException if it can't be served; it is closed then
     */
    void handle(TorStream stream, long circuit) throws IOException;
}
