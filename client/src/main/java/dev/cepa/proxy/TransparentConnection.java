package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that a firewall has led to a transparent port: the program knows nothing of it. Owned as
 * {@link ProgramConnection} says.
 */
final class TransparentConnection extends ProgramConnection {
    private static final Logger LOG = LoggerFactory.getLogger(TransparentConnection.class);
    private static final byte[] NOTHING = {};

    /** One more; asked for so that the class is loaded where such a port is open, and nowhere else. */
    static ProgramConnection of(
            LocalSocket socket, PortSettings settings, ProgramRequests requests, CopyBuffers buffers) {
        return new TransparentConnection(socket, settings, requests, buffers);
    }

    private TransparentConnection(LocalSocket socket, PortSettings settings, ProgramRequests requests, CopyBuffers buffers) {
        super(socket, settings, requests, buffers);
    }

    @Override
    void converse() throws IOException {
        requestMade();
        OriginalDestinations destinations = settings.originalDestinations();
        if (destinations == null || !(socket instanceof TcpServer.Connection tcp)) {
            return;
        }
        Socket connection = tcp.socket();
        InetSocketAddress local = (InetSocketAddress) connection.getLocalSocketAddress();
        InetSocketAddress meant;
        try {
            meant = destinations.find(local, (InetSocketAddress) connection.getRemoteSocketAddress());
        } catch (IOException e) {
            LOG.warn("A connection to the transparent port was not led there by a firewall: {}", e.getMessage());
            return;
        }
        if (meant.equals(local)) {
            LOG.warn("A connection to the transparent port was meant for that port itself. Closing it.");
            return;
        }
        String host = HostText.format(meant.getAddress().getAddress());
        carry(
                new ProgramRequest(
                        "TRANS", client(), socket.clientPort(), "", "", host, meant.getPort(), settings.beginFlags()),
                NOTHING, NOTHING);
    }

    @Override
    byte[] failure(TorException e) {
        return NOTHING;
    }
}
