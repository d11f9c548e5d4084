package dev.cepa.benchmark.load;

import dev.cepa.error.Deadline;
import java.io.IOException;
import java.net.Socket;
import org.jspecify.annotations.Nullable;

/** One of the ways by which programs open streams through a proxy on this machine. Immutable, thread-safe. */
public interface ProxyClient {
    /**
     * A stream to a host.
     *
     * @param host     a name, which is left to the proxy, or an IPv4 address
     * @param hostPort its port
     * @param user     streams of different users share no circuit; null for none
     * @return connected, and the proxy has said that the far end is too
     * @throws IOException if the proxy refuses, with its reason, or the deadline passes
     */
    Socket connect(String host, int hostPort, @Nullable String user, Deadline deadline) throws IOException;
}
