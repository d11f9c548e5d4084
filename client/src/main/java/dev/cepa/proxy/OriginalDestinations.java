package dev.cepa.proxy;

import java.io.IOException;
import java.net.InetSocketAddress;

/** Finds out where connections were meant for that a firewall has led to a port of ours. Thread-safe. */
@FunctionalInterface
public interface OriginalDestinations {
    /**
     * Where a connection was meant for.
     *
     * @param local this end of it
     * @param remote the program's end
     * @throws IOException if the system doesn't say, or the connection was not led here
     */
    InetSocketAddress find(InetSocketAddress local, InetSocketAddress remote) throws IOException;
}
