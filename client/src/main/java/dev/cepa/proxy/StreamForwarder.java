package dev.cepa.proxy;

import dev.cepa.cell.EndReason;
import dev.cepa.circuit.TorStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries the streams of an onion service's clients to a server of this computer. The thread that hands a stream in
 * copies from the client, a second one from the server. Thread-safe.
 *
 * <p>Tor has no half-closed streams: whichever side ends first ends both, once what it has sent has been passed on.
 */
public final class StreamForwarder {
    private static final Logger LOG = LoggerFactory.getLogger(StreamForwarder.class);
    private static final int CONNECT_MILLIS = 30_000;

    private final SocketAddress target;
    private final CopyBuffers buffers = new CopyBuffers();

    /** @param target where the server listens */
    public StreamForwarder(SocketAddress target) {
        this.target = target;
    }

    /** Connects to the server and copies until either side ends. */
    public void forward(TorStream stream) {
        try (Socket socket = new Socket()) {
            try {
                socket.connect(target, CONNECT_MILLIS);
            } catch (IOException e) {
                LOG.warn("An onion service's server does not answer at {}: {}", target, e.getMessage());
                stream.refuse(EndReason.CONNECTREFUSED);
                return;
            }
            socket.setTcpNoDelay(true);
            stream.accept();
            Thread down = Thread.ofVirtual().name("cepa-onion-server").start(() -> fromServer(socket, stream));
            copy(new Pump(stream.input(), socket.getOutputStream(), buffers));
            // The client is gone; what the server still has to say reaches nobody.
            SocksListener.closeQuietly(socket);
            join(down);
        } catch (IOException e) {
            LOG.debug("a stream to an onion service ended: {}", e.getMessage());
        } finally {
            stream.close();
        }
    }

    private void fromServer(Socket socket, TorStream stream) {
        try {
            copy(new Pump(socket.getInputStream(), stream.output(), buffers));
        } catch (IOException e) {
            LOG.debug("an onion service's server ended: {}", e.getMessage());
        } finally {
            // Ends the other direction's reading too.
            stream.close();
        }
    }

    private static void copy(Pump pump) {
        try {
            pump.run();
        } catch (IOException e) {
            LOG.debug("a stream to an onion service broke: {}", e.getMessage());
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
