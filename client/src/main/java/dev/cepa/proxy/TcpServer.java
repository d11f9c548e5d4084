package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A TCP port of this computer. Thread-safe. */
final class TcpServer implements LocalServer {
    private static final int BACKLOG = 1024;

    private final ServerSocket server;

    private TcpServer(ServerSocket server) {
        this.server = server;
    }

    /** @throws TorException of kind CONFIG if the address can't be had, with who has it */
    static TcpServer open(InetSocketAddress address) throws TorException {
        String text = HostText.format(address.getAddress().getAddress(), address.getPort());
        ServerSocket server;
        try {
            server = new ServerSocket();
        } catch (IOException e) {
            throw new TorException(ErrorKind.RESOURCE_LIMIT, "no socket for listening on " + text, e);
        }
        try {
            server.setReuseAddress(true);
            server.bind(address, BACKLOG);
            return new TcpServer(server);
        } catch (IOException e) {
            StreamListener.closeQuietly(server);
            throw new TorException(
                    ErrorKind.CONFIG, "Could not bind to " + text + ": " + e.getMessage() + "." + hint(address), e);
        }
    }

    private static String hint(InetSocketAddress address) {
        if (address.getPort() == 0) {
            return "";
        }
        String holder = PortHolder.find("tcp", address.getPort());
        return " Is Tor already running?" + (holder.isEmpty() ? "" : " The port is in use by " + holder + ".");
    }

    @Override
    public LocalSocket accept() throws IOException {
        Socket socket = server.accept();
        try {
            socket.setTcpNoDelay(true);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        return new Connection(socket);
    }

    @Override
    public SocketAddress address() {
        return server.getLocalSocketAddress();
    }

    @Override
    public boolean isClosed() {
        return server.isClosed();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }

    /** A program that came by TCP. */
    record Connection(Socket socket) implements LocalSocket {
        @Override
        public InputStream input() throws IOException {
            return socket.getInputStream();
        }

        @Override
        public OutputStream output() throws IOException {
            return socket.getOutputStream();
        }

        @Override
        public void setReadTimeout(int millis) throws IOException {
            socket.setSoTimeout(millis);
        }

        @Override
        public void setBuffers(int bytes) throws IOException {
            socket.setReceiveBufferSize(bytes);
            socket.setSendBufferSize(bytes);
        }

        @Override
        public void shutdownOutput() throws IOException {
            socket.shutdownOutput();
        }

        @Override
        public @Nullable InetAddress client() {
            return socket.getInetAddress();
        }

        @Override
        public int clientPort() {
            return socket.getPort();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
