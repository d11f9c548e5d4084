package dev.cepa.http;

import dev.cepa.error.Deadline;
import java.io.IOException;
import java.net.Socket;

/** Opens a stream to a host that is named, not resolved. */
@FunctionalInterface
public interface Connector {
    /** A connected socket; whoever calls closes it. */
    Socket open(String host, int port, Deadline deadline) throws IOException;
}
