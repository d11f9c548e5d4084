package dev.cepa.benchmark.load;

import dev.cepa.error.Deadline;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;

/** What all ways of asking a proxy for a stream have in common. Stateless. */
final class Handshake {
    private static final byte[] LOOPBACK = {127, 0, 0, 1};

    private Handshake() {}

    /** What is said and heard before the stream is open. */
    interface Talk {
        void run(Socket socket, DataInputStream in, OutputStream out) throws IOException;
    }

    /** Connects to a port of 127.0.0.1 and has the talk with it; what goes wrong closes the socket. */
    static Socket connect(int port, Deadline deadline, Talk talk) throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), port), timeout(deadline));
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(timeout(deadline));
            talk.run(socket, new DataInputStream(socket.getInputStream()), socket.getOutputStream());
            return socket;
        } catch (SocketTimeoutException e) {
            socket.close();
            throw new IOException("no stream in time", e);
        } catch (EOFException e) {
            socket.close();
            throw new IOException("the proxy closed the connection without an answer", e);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Milliseconds left for a socket, for which 0 would mean for ever. */
    static int timeout(Deadline deadline) throws SocketTimeoutException {
        int millis = deadline.millisLeft();
        if (millis == 0) {
            throw new SocketTimeoutException("out of time");
        }
        return millis;
    }

    /** The four bytes of an IPv4 address; null of a name. */
    static byte @Nullable [] numeric(String host) {
        String[] parts = host.split("\\.", -1);
        byte[] address = new byte[4];
        if (parts.length != 4) {
            return null;
        }
        for (int i = 0; i < 4; i++) {
            try {
                address[i] = (byte) Integer.parseInt(parts[i]);
            } catch (NumberFormatException e) {
                return null;
            }
        }
        return address;
    }

    static void expect(boolean condition, String otherwise) throws IOException {
        if (!condition) {
            throw new IOException("the proxy " + otherwise);
        }
    }
}
