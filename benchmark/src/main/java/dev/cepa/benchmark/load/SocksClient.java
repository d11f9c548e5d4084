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
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Opens streams through a SOCKS port of 127.0.0.1, as programs do (RFC 1928 and 1929): host names are left to the proxy, and
 * a user name, if there is one, is what Tor isolates by. Immutable, thread-safe.
 */
public final class SocksClient {
    private static final byte[] LOOPBACK = {127, 0, 0, 1};
    private static final int VERSION = 5;
    private static final int NO_AUTHENTICATION = 0;
    private static final int PASSWORD = 2;
    private static final int CONNECT = 1;
    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;
    private static final String[] REPLIES = {
        "succeeded", "general failure", "not allowed", "network unreachable", "host unreachable", "connection refused",
        "TTL expired", "command not supported", "address type not supported"
    };

    private final int port;

    /** @param port of the proxy on 127.0.0.1 */
    public SocksClient(int port) {
        this.port = port;
    }

    /**
     * A stream to a host.
     *
     * @param host     a name or an IPv4 address
     * @param hostPort its port
     * @param user     streams of different users share no circuit; null for none
     * @throws IOException if the proxy refuses, with its reason, or the deadline passes
     */
    public Socket connect(String host, int hostPort, @Nullable String user, Deadline deadline) throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), port), timeout(deadline));
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(timeout(deadline));
            OutputStream out = socket.getOutputStream();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            int method = user == null ? NO_AUTHENTICATION : PASSWORD;
            out.write(new byte[] {VERSION, 1, (byte) method});
            expect(in.readUnsignedByte() == VERSION && in.readUnsignedByte() == method, "speaks no SOCKS 5 with this method");
            if (user != null) {
                out.write(credentials(user));
                expect(in.readUnsignedByte() == 1 && in.readUnsignedByte() == 0, "refuses the user name");
            }
            out.write(request(host, hostPort));
            socket.setSoTimeout(timeout(deadline));
            readReply(in);
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

    private static byte[] credentials(String user) {
        byte[] name = user.getBytes(StandardCharsets.US_ASCII);
        byte[] out = new byte[name.length + 4];
        out[0] = 1;
        out[1] = (byte) name.length;
        System.arraycopy(name, 0, out, 2, name.length);
        out[name.length + 2] = 1;
        out[name.length + 3] = 'x';
        return out;
    }

    private static byte[] request(String host, int hostPort) {
        byte[] address = numeric(host);
        byte[] name = host.getBytes(StandardCharsets.US_ASCII);
        byte[] out = new byte[address == null ? name.length + 7 : 10];
        out[0] = VERSION;
        out[1] = CONNECT;
        if (address == null) {
            out[3] = NAME;
            out[4] = (byte) name.length;
            System.arraycopy(name, 0, out, 5, name.length);
        } else {
            out[3] = IPV4;
            System.arraycopy(address, 0, out, 4, 4);
        }
        out[out.length - 2] = (byte) (hostPort >> 8);
        out[out.length - 1] = (byte) hostPort;
        return out;
    }

    private static byte @Nullable [] numeric(String host) {
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

    private static void readReply(DataInputStream in) throws IOException {
        expect(in.readUnsignedByte() == VERSION, "answers with no SOCKS 5");
        int reply = in.readUnsignedByte();
        if (reply != 0) {
            throw new IOException("the proxy says: " + (reply < REPLIES.length ? REPLIES[reply] : "reply " + reply));
        }
        in.readUnsignedByte();
        int length = switch (in.readUnsignedByte()) {
            case IPV4 -> 4;
            case IPV6 -> 16;
            case NAME -> in.readUnsignedByte();
            default -> throw new IOException("the proxy answers with no SOCKS 5");
        };
        in.readFully(new byte[length + 2]);
    }

    private static void expect(boolean condition, String otherwise) throws IOException {
        if (!condition) {
            throw new IOException("the proxy " + otherwise);
        }
    }
}
