package dev.cepa.pool;

import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.circuit.HopTarget;
import dev.cepa.circuit.TorStream;
import dev.cepa.circuit.Tunnel;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;

/**
 * A circuit that somebody has for himself: the pool gives it to nobody else, and does not close it when it is old.
 * Streams fail when it does; none is moved to another. Thread-safe.
 */
public final class PinnedStreams implements StreamSource, Closeable {
    private final Tunnel circuit;

    PinnedStreams(Tunnel circuit) {
        this.circuit = circuit;
    }

    @Override
    public TorStream openStream(StreamRequest request, Deadline deadline) throws TorException {
        return CircuitPool.openOn(circuit, request, deadline);
    }

    @Override
    public List<Resolved.Answer> resolve(StreamRequest request, Deadline deadline) throws TorException {
        CircuitPool.refuseOnion(request);
        return circuit.resolve(request.host(), deadline);
    }

    /** Its relays as events name them, the guard first. */
    public List<String> path() {
        List<String> path = new ArrayList<>(3);
        for (HopTarget hop : circuit.path()) {
            path.add(hop.toString());
        }
        return path;
    }

    /** The circuit's number in events. */
    public long circuitId() {
        return circuit.id();
    }

    /** Whether it can carry streams. */
    public boolean isOpen() {
        return circuit.isOpen();
    }

    /** Ends the circuit and its streams. */
    @Override
    public void close() {
        circuit.close();
    }
}
