package dev.cepa.circuit;

import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.error.TorException;
import java.util.List;

/** A question about a name, which takes a stream id but is no stream: it has no data and no windows. */
final class ResolveStream implements StreamEntry {
    final Outlet outlet;
    final OneShot<List<Resolved.Answer>> answers = new OneShot<>();
    private int streamId;

    ResolveStream(Outlet outlet) {
        this.outlet = outlet;
    }

    int streamId() {
        return streamId;
    }

    @Override
    public void entered(int id) {
        streamId = id;
    }

    @Override
    public void circuitClosed(TorException reason) {
        answers.fail(reason);
    }
}
