package dev.cepa.proxy;

import java.io.Closeable;
import java.io.IOException;
import java.net.SocketAddress;

/** Where programs connect to. */
interface LocalServer extends Closeable {
    /** Waits for the next program. */
    LocalSocket accept() throws IOException;

    /** Where it listens, with the port that it got. */
    SocketAddress address();

    /** Whether it listens no more. */
    boolean isClosed();
}
