package dev.cepa.onion;

import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.circuit.TorStream;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.pool.OpenedStream;
import dev.cepa.pool.StreamOpener;
import dev.cepa.pool.StreamRequest;
import dev.cepa.pool.StreamSource;
import java.util.List;

/** Sends streams where they belong: those to onion services to them, all others to exits. Thread-safe. */
public final class OnionStreams implements StreamSource, StreamOpener {
    private final StreamSource exits;
    private final OnionClient services;
    private final Runnable requestListener;

    /** @param requestListener is told of each stream to an onion service that is asked for, on the thread that asks */
    public OnionStreams(StreamSource exits, OnionClient services, Runnable requestListener) {
        this.exits = exits;
        this.services = services;
        this.requestListener = requestListener;
    }

    @Override
    public TorStream openStream(StreamRequest request, Deadline deadline) throws TorException {
        if (!OnionAddress.isOnion(request.host())) {
            return exits.openStream(request, deadline);
        }
        requestListener.run();
        return services.open(request, deadline);
    }

    @Override
    public OpenedStream open(StreamRequest request, Deadline deadline) throws TorException {
        TorStream stream = openStream(request, deadline);
        return new OpenedStream(stream.input(), stream.output(), stream);
    }

    @Override
    public List<Resolved.Answer> resolve(StreamRequest request, Deadline deadline) throws TorException {
        if (OnionAddress.isOnion(request.host())) {
            throw new TorException(ErrorKind.BAD_REQUEST, "an onion service has no address that it could be resolved to");
        }
        return exits.resolve(request, deadline);
    }
}
