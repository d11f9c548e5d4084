package dev.cepa.circuit;

import dev.cepa.cell.ConfluxMessage;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TrafficListener;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/** What a circuit is used for: it carries {@linkplain OwnStreams streams of its own}, or is a {@linkplain ConfluxLeg leg}. */
sealed interface CircuitUse permits OwnStreams, ConfluxLeg {
    /** The lock under which the circuit sends. */
    SendLock sendLock();

    /** A condition of that lock, for a new hop. */
    Condition newTurn();

    /**
     * The circuit's reader: a message of a stream has come from a hop.
     *
     * @param command one for which {@link RelayCells#isOfStream} holds
     */
    void received(Hop from, int command, int streamId, byte[] buf, int at, int length) throws TorException;

    /** The circuit's reader: a stream-level SENDME has come. */
    void sendmeReceived(Hop from, int streamId) throws ProtocolException;

    /** The circuit's reader: one of the messages that hold a set together. */
    void confluxReceived(Hop from, ConfluxMessage message) throws TorException;

    /** The circuit's reader: no more of what came together. */
    void batchEnded();

    /** The circuit has ended, and sends and receives nothing more. */
    void circuitEnded(TorException reason);

    /** Tells how the streams are that are on the circuit. */
    void describe(TorEventListener listener);

    /** Shows the streams that are on the circuit. */
    void showTraffic(TrafficListener listener);

    /** The stream of that id in events; null if it is not on the circuit. */
    @Nullable TorStream findStream(long streamId);

    /** What carries the circuit's streams. */
    Tunnel tunnel(Circuit circuit);

    /** Whether streams are open or being opened on it. */
    boolean carriesStreams();

    /** What its set is called in events; null if it is in none. */
    @Nullable String setName();
}
