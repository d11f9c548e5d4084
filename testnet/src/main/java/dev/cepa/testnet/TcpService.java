package dev.cepa.testnet;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Listens on one port of 127.0.0.1, and of ::1 where the machine has IPv6, and gives each connection a virtual thread.
 * Owns its listeners and its connections; safe for use by several threads.
 */
final class TcpService implements AutoCloseable {
    /** What is done with a connection; it is closed afterwards. */
    @FunctionalInterface
    interface Handler {
        void handle(Socket socket) throws IOException;
    }

    private static final byte[] LOOPBACK_4 = {127, 0, 0, 1};
    private static final byte[] LOOPBACK_6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    private static final int BACKLOG = 512;

    private final String name;
    private final Handler handler;
    private final ServerSocket listener;
    private final Set<AutoCloseable> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private volatile boolean closed;

    TcpService(String name, Handler handler) throws IOException {
        this.name = name;
        this.handler = handler;
        listener = listen(LOOPBACK_4, 0);
        run(listener);
        try {
            run(listen(LOOPBACK_6, listener.getLocalPort()));
        } catch (IOException e) {
            // No IPv6 here, or the port is taken there; the service is complete without it.
        }
    }

    int port() {
        return listener.getLocalPort();
    }

    /** How many connections have been accepted so far. */
    int accepted() {
        return accepted.get();
    }

    @Override
    public void close() {
        closed = true;
        for (AutoCloseable each : open) {
            closeQuietly(each);
        }
    }

    private static ServerSocket listen(byte[] address, int port) throws IOException {
        ServerSocket socket = new ServerSocket();
        try {
            socket.bind(new InetSocketAddress(InetAddress.getByAddress(address), port), BACKLOG);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private void run(ServerSocket server) {
        open.add(server);
        Thread.ofVirtual().name(name).start(() -> {
            while (!closed) {
                try {
                    accept(server.accept());
                } catch (IOException e) {
                    if (server.isClosed()) {
                        return;
                    }
                }
            }
        });
    }

    private void accept(Socket socket) {
        accepted.incrementAndGet();
        open.add(socket);
        if (closed) {
            closeQuietly(socket);
        }
        Thread.ofVirtual().name(name).start(() -> {
            try (socket) {
                socket.setTcpNoDelay(true);
                handler.handle(socket);
            } catch (IOException e) {
                // The other side went away, as it may.
            } finally {
                open.remove(socket);
            }
        });
    }

    private static void closeQuietly(AutoCloseable each) {
        try {
            each.close();
        } catch (Exception e) {
            // It is closed as far as anybody can tell.
        }
    }
}
