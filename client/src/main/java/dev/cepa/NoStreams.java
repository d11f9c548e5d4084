package dev.cepa;

import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.circuit.TorStream;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.pool.StreamRequest;
import dev.cepa.pool.StreamSource;
import java.util.List;

/** Opens none: a client whose services are not hidden must not be taken for one that hides its users. */
final class NoStreams implements StreamSource {
    static TorException refusal() {
        return new TorException(
                ErrorKind.CONFIG, "this client's onion services are not anonymous, so it opens no streams; use another");
    }

    @Override
    public TorStream openStream(StreamRequest request, Deadline deadline) throws TorException {
        throw refusal();
    }

    @Override
    public List<Resolved.Answer> resolve(StreamRequest request, Deadline deadline) throws TorException {
        throw refusal();
    }
}
