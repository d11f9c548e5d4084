package dev.cepa.circuit;

import dev.cepa.cell.ConfluxMessage;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TrafficListener;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/** The use of a circuit that stands alone: its streams are its own, and what comes for them is in order. */
final class OwnStreams implements CircuitUse {
    final Streams streams;
    private final SendLock sendLock;
    private final StreamReceiver receiver;

    OwnStreams(Circuit circuit, Streams streams, SendLock sendLock) {
        this.streams = streams;
        this.sendLock = sendLock;
        receiver = new StreamReceiver(streams, circuit::begun);
    }

    @Override
    public SendLock sendLock() {
        return sendLock;
    }

    @Override
    public Condition newTurn() {
        return sendLock.newCondition();
    }

    @Override
    public void received(Hop from, int command, int streamId, byte[] buf, int at, int length) throws TorException {
        receiver.received(from, command, streamId, buf, at, length);
    }

    @Override
    public void sendmeReceived(Hop from, int streamId) throws ProtocolException {
        receiver.sendmeReceived(from, streamId);
    }

    @Override
    public void confluxReceived(Hop from, ConfluxMessage message) throws TorException {
        throw new ProtocolException("relay command " + message.command() + " on a circuit that is no leg of a set");
    }

    @Override
    public void batchEnded() {
        receiver.batchEnded();
    }

    @Override
    public void circuitEnded(TorException reason) {
        streams.close(reason);
    }

    @Override
    public void describe(TorEventListener listener) {
        streams.describe(listener);
    }

    @Override
    public void showTraffic(TrafficListener listener) {
        streams.showTraffic(listener);
    }

    @Override
    public @Nullable TorStream findStream(long streamId) {
        return streams.findById(streamId);
    }

    @Override
    public Tunnel tunnel(Circuit circuit) {
        return circuit;
    }

    @Override
    public boolean carriesStreams() {
        return streams.open() > 0;
    }

    @Override
    public @Nullable String setName() {
        return null;
    }
}
