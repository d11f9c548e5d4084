package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to an HTTP tunnel port: takes CONNECT, as HTTP proxies do for TLS, and no other method. Owned as
 * {@link ProgramConnection} says.
 */
final class HttpTunnelConnection extends ProgramConnection {
    private static final Logger LOG = LoggerFactory.getLogger(HttpTunnelConnection.class);

    private static final int BUFFER = 1024;

    private boolean http11;

    /** One more; asked for so that the class is loaded where such a port is open, and nowhere else. */
    static ProgramConnection of(
            LocalSocket socket, PortSettings settings, ProgramRequests requests, CopyBuffers buffers) {
        return new HttpTunnelConnection(socket, settings, requests, buffers);
    }

    private HttpTunnelConnection(LocalSocket socket, PortSettings settings, ProgramRequests requests, CopyBuffers buffers) {
        super(socket, settings, requests, buffers);
    }

    @Override
    void converse() throws IOException {
        HttpTunnelRequest request = new HttpTunnelRequest(requests::isDestination);
        Deadline deadline = Deadline.in(settings.timeout());
        byte[] buffer = new byte[BUFFER];
        HttpTunnelRequest.State state = HttpTunnelRequest.State.MORE;
        while (state == HttpTunnelRequest.State.MORE) {
            int count = read(buffer, deadline);
            if (count < 0) {
                return;
            }
            state = request.accept(buffer, 0, count);
        }
        requestMade();
        http11 = request.isHttp11();
        if (state == HttpTunnelRequest.State.MALFORMED) {
            // Whoever it is, it is no program that uses a proxy; a browser led here by a web page learns nothing.
            LOG.info("Something other than HTTP was sent to an HTTP tunnel port.");
            tunnel.hangUp();
        } else if (request.method().equals("CONNECT")) {
            connect(request);
        } else if (!request.isForLocalhost()) {
            // A web page may have a name of its own point here, to have browsers speak to local ports.
            LOG.info("A request that is not CONNECT was sent to an HTTP tunnel port.");
            tunnel.hangUp();
        } else {
            boolean asksWhatIsPossible = request.method().equals("OPTIONS");
            end(asksWhatIsPossible ? HttpTunnelReply.options(http11) : HttpTunnelReply.notAProxy(http11));
        }
    }

    private void connect(HttpTunnelRequest request) throws IOException {
        String problem = request.problem();
        if (problem != null) {
            LOG.info("HTTP tunnel request refused: {}", problem);
            end(HttpTunnelReply.refusal(http11, problem));
            return;
        }
        if (settings.safeSocks() && HostText.parseAddress(request.host()) != null) {
            LOG.warn("An HTTP tunnel to port {} was asked for by address, and SafeSocks is set. Rejecting.", request.port());
            end(HttpTunnelReply.refusal(http11, "403 Forbidden (entry policy violation)"));
            return;
        }
        ProgramRequest wanted = new ProgramRequest(
                "HTTP", client(), socket.clientPort(), request.user(), request.password(), request.host(), request.port(),
                request.beginFlags(settings.beginFlags()));
        carry(wanted, request.rest(), HttpTunnelReply.granted(http11));
    }

    @Override
    byte[] failure(TorException e) {
        return HttpTunnelReply.failure(http11, e);
    }
}
