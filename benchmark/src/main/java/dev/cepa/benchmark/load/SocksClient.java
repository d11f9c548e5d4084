package dev.cepa.benchmark.load;

import dev.cepa.error.Deadline;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** SOCKS 5 (RFC 1928 and 1929): a user name, if there is one, is what Tor isolates by. */
public final class SocksClient implements ProxyClient {
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

    @Override
    public Socket connect(String host, int hostPort, @Nullable String user, Deadline deadline) throws IOException {
        return Handshake.connect(port, deadline, (socket, in, out) -> {
            int method = user == null ? NO_AUTHENTICATION : PASSWORD;
            out.write(new byte[] {VERSION, 1, (byte) method});
            Handshake.expect(in.readUnsignedByte() == VERSION && in.readUnsignedByte() == method,
                    "speaks no SOCKS 5 with this method");
            if (user != null) {
                out.write(credentials(user));
                Handshake.expect(in.readUnsignedByte() == 1 && in.readUnsignedByte() == 0, "refuses the user name");
            }
            out.write(request(host, hostPort));
            socket.setSoTimeout(Handshake.timeout(deadline));
            readReply(in);
        });
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
        byte[] address = Handshake.numeric(host);
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

    private static void readReply(DataInputStream in) throws IOException {
        Handshake.expect(in.readUnsignedByte() == VERSION, "answers with no SOCKS 5");
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
}
