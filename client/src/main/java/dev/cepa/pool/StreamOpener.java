package dev.cepa.pool;

import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import java.util.List;

/** What listeners need of a client: streams and answers about names. Thread-safe. */
public interface StreamOpener {
    /**
     * Opens a stream and waits until the exit has connected it; no wait for CONNECTED when the request is optimistic.
     *
     * @throws TorException whose kind says why not
     */
    OpenedStream open(StreamRequest request, Deadline deadline) throws TorException;

    /**
     * Asks an exit what a name resolves to, or an address's name when the host ends in {@code in-addr.arpa} or
     * {@code ip6.arpa}.
     *
     * @return at least one answer
     * @throws TorException if nobody could be asked
     */
    List<Resolved.Answer> resolve(StreamRequest request, Deadline deadline) throws TorException;
}
