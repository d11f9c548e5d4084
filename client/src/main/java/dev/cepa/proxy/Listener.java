package dev.cepa.proxy;

import java.io.Closeable;
import java.net.SocketAddress;

/** A port that programs use, open from the start. Thread-safe. */
public interface Listener extends Closeable {
    /** What programs speak there. */
    ListenerKind kind();

    /** Where it listens, or did, with the port that it got. */
    SocketAddress address();

    /** Takes over other settings, for connections that come from now on. */
    void reconfigure(PortSettings changed);

    /** How many connections are open now. */
    int connectionCount();

    /** Stops listening, so that the port is free; connections that are open stay until they end by themselves. */
    void stopListening();

    /** Stops listening and closes all connections. */
    @Override
    void close();
}
