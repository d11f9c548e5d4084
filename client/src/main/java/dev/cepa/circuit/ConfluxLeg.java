package dev.cepa.circuit;

import dev.cepa.cell.ConfluxMessage;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TrafficListener;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/** The use of a circuit that is one leg of a set: whatever comes for streams goes to the set, which has them. */
final class ConfluxLeg implements CircuitUse, ConfluxSequencer.Receiver {
    /** How far it is. Only a joined one carries streams' messages. */
    enum State {
        BUILDING,
        LINKING,
        LINKED,
        JOINED,
        LOST
    }

    private final ConfluxSet set;
    private final StreamReceiver receiver;
    /** The answer to LINK. */
    final OneShot<Boolean> linked = new OneShot<>();

    // The set's, guarded by its receiving lock.
    State state = State.BUILDING;
    final ConfluxSequencer.Leg inbound;
    @Nullable Circuit circuit;
    @Nullable Hop hop;
    long linkSentNanos;
    boolean exitWantsSpread;

    // The outlet's, guarded by the send lock, once the set is joined.
    long sent;
    long linkMicros;

    ConfluxLeg(ConfluxSet set, ConfluxSequencer.Leg inbound, StreamReceiver receiver) {
        this.set = set;
        this.inbound = inbound;
        this.receiver = receiver;
    }

    /** The last hop of a leg that is linked. */
    Hop exit() {
        Hop last = hop;
        if (last == null) {
            throw new IllegalStateException("the leg is not linked");
        }
        return last;
    }

    @Override
    public SendLock sendLock() {
        return set.sendLock();
    }

    /** The set's writers take turns, whichever leg their data goes by. */
    @Override
    public Condition newTurn() {
        return set.turn();
    }

    @Override
    public void received(Hop from, int command, int streamId, byte[] buf, int at, int length) throws TorException {
        set.received(this, from, command, streamId, buf, at, length);
    }

    /** In order, from the set. */
    @Override
    public void received(int command, int streamId, byte[] buf, int at, int length) throws TorException {
        receiver.received(set.outlet(), command, streamId, buf, at, length);
    }

    @Override
    public void sendmeReceived(Hop from, int streamId) throws ProtocolException {
        throw new ProtocolException("SENDME for a stream whose congestion is controlled");
    }

    @Override
    public void confluxReceived(Hop from, ConfluxMessage message) throws TorException {
        set.confluxReceived(this, from, message);
    }

    @Override
    public void batchEnded() {
        receiver.batchEnded();
    }

    @Override
    public void circuitEnded(TorException reason) {
        set.legEnded(this, reason);
    }

    @Override
    public void describe(TorEventListener listener) {
        set.describe(this, listener);
    }

    @Override
    public void showTraffic(TrafficListener listener) {
        set.showTraffic(this, listener);
    }

    @Override
    public @Nullable TorStream findStream(long streamId) {
        return set.findStream(streamId);
    }

    @Override
    public Tunnel tunnel(Circuit owner) {
        return set;
    }

    @Override
    public boolean carriesStreams() {
        return set.streamCount() > 0;
    }

    @Override
    public String setName() {
        return set.name();
    }
}
