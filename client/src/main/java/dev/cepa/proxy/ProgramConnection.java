package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One program's connection to a port, from its first byte to its last; what is spoken there is for subclasses. Run by one
 * thread; {@link #close} may be called from any.
 */
abstract class ProgramConnection implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(ProgramConnection.class);

    final LocalSocket socket;
    final PortSettings settings;
    final ProgramRequests requests;
    final Tunnel tunnel;
    private Runnable handshakeOver = () -> {};

    ProgramConnection(LocalSocket socket, PortSettings settings, ProgramRequests requests, CopyBuffers buffers) {
        this.socket = socket;
        this.settings = settings;
        this.requests = requests;
        this.tunnel = new Tunnel(socket, buffers);
    }

    /**
     * Serves it until it ends.
     *
     * @param whenRequested called once, when the program has made its request or failed to
     */
    final void run(Runnable whenRequested) {
        handshakeOver = whenRequested;
        try {
            converse();
        } catch (SocketTimeoutException e) {
            LOG.debug("a program made no request in time");
        } catch (IOException e) {
            LOG.debug("a program's connection ended: {}", e.getMessage());
        } finally {
            requestMade();
            close();
        }
    }

    /** Speaks with the program until all is said. */
    abstract void converse() throws IOException;

    /** What to send a program whose stream could not be opened; may be empty. */
    abstract byte[] failure(TorException e);

    /** Has the program counted no longer among those that have yet to make a request. */
    final void requestMade() {
        Runnable once = handshakeOver;
        handshakeOver = () -> {};
        once.run();
    }

    /** Where the program is, as text. */
    final String client() {
        InetAddress address = socket.client();
        return address == null ? "" : HostText.format(address.getAddress());
    }

    /** Reads on, but no longer than until then. */
    final int read(byte[] buffer, Deadline deadline) throws IOException {
        socket.setReadTimeout(Math.max(1, deadline.millisLeft()));
        int count = socket.input().read(buffer);
        socket.setReadTimeout(0);
        return count;
    }

    final void send(byte[] bytes) throws IOException {
        if (bytes.length > 0) {
            OutputStream out = socket.output();
            out.write(bytes);
            out.flush();
        }
    }

    /** Sends the last bytes and ends the connection. */
    final void end(byte[] last) throws IOException {
        send(last);
        tunnel.hangUp();
    }

    /**
     * Opens a stream and copies until it ends.
     *
     * @param early what the program has sent for the far end already
     * @param granted what it is told once the stream is open
     */
    final void carry(ProgramRequest request, byte[] early, byte[] granted) throws IOException {
        tunnel.startUpload(early);
        try {
            tunnel.opened(requests.connect(request, tunnel::takeEarly, settings, Deadline.in(settings.timeout())));
        } catch (TorException e) {
            if (tunnel.failed()) {
                log(e, request.port());
                end(failure(e));
            }
            return;
        }
        send(granted);
        tunnel.download();
        tunnel.hangUp();
    }

    /** Tells the user what he may have to know about a request that failed. */
    final void log(TorException e, int port) {
        if (e instanceof RefusedException) {
            LOG.warn(e.getMessage());
        } else if (e.kind() == ErrorKind.TIMEOUT) {
            LOG.info(
                    "Tried for {} seconds to get a connection to [scrubbed]:{}. Giving up.",
                    settings.timeout().toSeconds(),
                    port);
        }
    }

    @Override
    public final void close() {
        tunnel.close();
    }
}
