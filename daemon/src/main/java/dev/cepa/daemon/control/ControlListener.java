package dev.cepa.daemon.control;

import dev.cepa.cell.HostText;
import dev.cepa.error.TorException;
import dev.cepa.proxy.LocalServer;
import dev.cepa.proxy.LocalSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One place where controllers come in. Owns its socket. Thread-safe. */
final class ControlListener {
    private static final Logger LOG = LoggerFactory.getLogger(ControlListener.class);
    private static final long ACCEPT_RETRY_MILLIS = 100;

    private final ControlPort port;
    private final LocalServer server;
    private final SocketAddress address;
    private final Consumer<LocalSocket> admission;

    private ControlListener(ControlPort port, LocalServer server, Consumer<LocalSocket> admission) {
        this.port = port;
        this.server = server;
        this.admission = admission;
        address = server.address();
    }

    /**
     * Listens; nobody is let in before {@link #start}.
     *
     * @throws TorException of kind CONFIG if the address can't be had
     */
    static ControlListener open(ControlPort port, Consumer<LocalSocket> admission) throws TorException {
        LOG.info("Opening Control listener on {}", text(port.address()));
        return new ControlListener(port, LocalServer.open(port.address(), port.mode()), admission);
    }

    /** Lets controllers in from now on. */
    void start() {
        Thread.ofVirtual().name("cepa-control-accept").start(this::acceptAll);
        LOG.info("Opened Control listener connection (ready) on {}", text(address));
    }

    /** What it was opened for. */
    ControlPort port() {
        return port;
    }

    /** Where it listens, with the port that it got. */
    SocketAddress address() {
        return address;
    }

    private void acceptAll() {
        while (!server.isClosed()) {
            try {
                admission.accept(server.accept());
            } catch (IOException e) {
                if (!server.isClosed()) {
                    LOG.warn("Could not accept a control connection: {}", e.getMessage());
                    pause();
                }
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(ACCEPT_RETRY_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Closes it while others go on. */
    void retire() {
        LOG.info("Closing no-longer-configured Control listener on {}", text(address));
        close();
    }

    void close() {
        try {
            server.close();
        } catch (IOException e) {
            LOG.debug("closing a control listener failed: {}", e.getMessage());
        }
    }

    /** As logs have it, and {@code ControlPortWriteToFile}. */
    static String text(SocketAddress address) {
        return address instanceof InetSocketAddress inet
                ? HostText.format(inet.getAddress().getAddress(), inet.getPort())
                : address.toString();
    }
}
