package dev.cepa.testrelay;

import dev.cepa.channel.ChannelTarget;
import java.io.IOException;

/**
 * What a test relay does with circuits: honest, but for what a test overrides. A null in place of bytes keeps the relay
 * silent. Called on the relay's own threads.
 */
public interface RelayScript {
    /** A relay that does nothing wrong. */
    RelayScript HONEST = new RelayScript() {};

    /** Changes what a client asks for in CREATE2 or CREATE_FAST before the relay answers it. */
    default byte[] asked(int handshakeType, byte[] handshake) {
        return handshake;
    }

    /** Changes the handshake data of CREATED2 or CREATED_FAST. */
    default byte[] created(byte[] handshake) {
        return handshake;
    }

    /** Changes the handshake data of EXTENDED2, which the next relay has made. */
    default byte[] extended(byte[] handshake) {
        return handshake;
    }

    /** Changes where a circuit is extended to. */
    default ChannelTarget next(ChannelTarget asked) {
        return asked;
    }

    /**
     * Has a message that was meant for this relay.
     *
     * @return true if there is nothing left to do; false lets the relay do what an honest one does
     */
    default boolean onMessage(RelayCircuit circuit, int command, int streamId, byte[] body) throws IOException {
        return false;
    }

    /**
     * Has a cell that is for somebody behind this relay, with this relay's layer removed.
     *
     * @return true if there is nothing left to do; false passes it on
     */
    default boolean onUnrecognised(RelayCircuit circuit, int command, byte[] body) throws IOException {
        return false;
    }
}
