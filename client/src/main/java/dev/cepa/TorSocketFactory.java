package dev.cepa;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import javax.net.SocketFactory;

/** Makes {@link TorSocket}s for libraries that take a factory. Local addresses are ignored: streams have none. */
final class TorSocketFactory extends SocketFactory {
    private final TorSocket.Opener opener;
    private final Duration timeout;

    TorSocketFactory(TorSocket.Opener opener, Duration timeout) {
        this.opener = opener;
        this.timeout = timeout;
    }

    @Override
    public Socket createSocket() throws IOException {
        return new TorSocket(opener, timeout);
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        Socket socket = createSocket();
        socket.connect(InetSocketAddress.createUnresolved(host, port));
        return socket;
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
        return createSocket(host, port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        Socket socket = createSocket();
        socket.connect(new InetSocketAddress(host, port));
        return socket;
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
            throws IOException {
        return createSocket(address, port);
    }
}
