package dev.cepa.circuit;

import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;

/**
 * A stream that we have ended while its far end may not know yet. It remembers how much of each message may still be under
 * way; anything beyond is a protocol violation, because it would let a relay send signals unseen (tor-spec section 6.3).
 * Belongs to the channel's reader once it is in the circuit's table.
 */
final class HalfStream implements StreamEntry {
    private int data;
    private int sendmes;
    private boolean connected;
    private final boolean resolved;

    private HalfStream(int data, boolean connected, boolean resolved) {
        this.data = data;
        this.connected = connected;
        this.resolved = resolved;
    }

    /** What is left of a stream to which {@code data} cells more might have come. */
    static HalfStream ofStream(int data, boolean connectedPending) {
        return new HalfStream(data, connectedPending, false);
    }

    /** What is left of a name's resolution that was given up. */
    static HalfStream ofResolve() {
        return new HalfStream(0, false, true);
    }

    /** Before it enters the table: so many DATA cells have not been acknowledged. */
    void unacknowledged(int cells) {
        sendmes = (cells + TorStream.INCREMENT - 1) / TorStream.INCREMENT;
    }

    void dataReceived() throws ProtocolException {
        if (data-- <= 0) {
            throw new ProtocolException("DATA on a closed stream, beyond what its window allowed");
        }
    }

    void sendmeReceived() throws ProtocolException {
        if (sendmes-- <= 0) {
            throw new ProtocolException("SENDME on a closed stream for cells that were not sent");
        }
    }

    void connectedReceived() throws ProtocolException {
        if (!connected) {
            throw new ProtocolException("unexpected CONNECTED on a closed stream");
        }
        connected = false;
    }

    void resolvedReceived() throws ProtocolException {
        if (!resolved) {
            throw new ProtocolException("RESOLVED on a closed stream");
        }
    }

    @Override
    public void entered(int streamId) {
        // It takes the id of the stream that it was.
    }

    @Override
    public void circuitClosed(TorException reason) {
        // Nobody waits for it.
    }
}
