package dev.cepa.proxy;

import dev.cepa.error.TorException;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/** Where programs connect to. Thread-safe. */
public interface LocalServer extends Closeable {
    /**
     * Listens.
     *
     * @param address of a port, 0 for any free one; or of a socket in the file system
     * @param mode who may use a socket in the file system
     * @throws TorException of kind CONFIG if the address can't be had
     */
    static LocalServer open(SocketAddress address, SocketFileMode mode) throws TorException {
        return address instanceof UnixDomainSocketAddress path
                ? UnixServer.open(path, mode)
                : TcpServer.open((InetSocketAddress) address);
    }

    /** Waits for the next program. */
    LocalSocket accept() throws IOException;

    /** Where it listens, with the port that it got. */
    SocketAddress address();

    /** Whether it listens no more. */
    boolean isClosed();
}
