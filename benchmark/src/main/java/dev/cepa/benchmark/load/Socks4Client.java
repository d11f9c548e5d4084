package dev.cepa.benchmark.load;

import dev.cepa.error.Deadline;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** SOCKS 4a, which is SOCKS 4 with host names: one question, one answer. */
public final class Socks4Client implements ProxyClient {
    private static final int VERSION = 4;
    private static final int CONNECT = 1;
    private static final int GRANTED = 90;
    /** Says that a name follows. */
    private static final byte[] NO_ADDRESS = {0, 0, 0, 1};

    private final int port;

    /** @param port of the proxy on 127.0.0.1 */
    public Socks4Client(int port) {
        this.port = port;
    }

    @Override
    public Socket connect(String host, int hostPort, @Nullable String user, Deadline deadline) throws IOException {
        byte[] address = Handshake.numeric(host);
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.write(VERSION);
        request.write(CONNECT);
        request.write(hostPort >> 8);
        request.write(hostPort);
        request.writeBytes(address == null ? NO_ADDRESS : address);
        request.writeBytes((user == null ? "" : user).getBytes(StandardCharsets.US_ASCII));
        request.write(0);
        if (address == null) {
            request.writeBytes(host.getBytes(StandardCharsets.US_ASCII));
            request.write(0);
        }
        return Handshake.connect(port, deadline, (socket, in, out) -> {
            out.write(request.toByteArray());
            Handshake.expect(in.readUnsignedByte() == 0, "speaks no SOCKS 4");
            int reply = in.readUnsignedByte();
            Handshake.expect(reply == GRANTED, "says: reply " + reply);
            in.readFully(new byte[6]);
        });
    }
}
