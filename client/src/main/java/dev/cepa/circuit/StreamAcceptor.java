package dev.cepa.circuit;

/** Takes the streams that an onion service's client opens on a circuit. */
@FunctionalInterface
public interface StreamAcceptor {
    /**
     * A stream is being opened. Runs on the channel's reader: it must not block, and has another thread
     * {@linkplain TorStream#accept accept} or {@linkplain TorStream#refuse refuse} the stream.
     *
     * @param port from 1 to 65,535
     */
    void begin(TorStream stream, int port);
}
