package dev.cepa.pool;

import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.circuit.TorStream;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import java.util.List;

/** What opens streams: the pool, on whatever circuit suits; or one circuit that is somebody's own. Thread-safe. */
public interface StreamSource {
    /**
     * Opens a stream and waits until the exit has connected it; no wait for CONNECTED when the request is optimistic.
     *
     * @throws TorException whose kind says why the last attempt failed
     */
    TorStream openStream(StreamRequest request, Deadline deadline) throws TorException;

    /**
     * Asks an exit what a name resolves to, or an address's name when the host ends in {@code in-addr.arpa} or
     * {@code ip6.arpa}.
     *
     * @return at least one answer
     * @throws TorException if nobody could be asked
     */
    List<Resolved.Answer> resolve(StreamRequest request, Deadline deadline) throws TorException;
}
