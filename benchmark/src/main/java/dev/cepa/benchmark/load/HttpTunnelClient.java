package dev.cepa.benchmark.load;

import dev.cepa.error.Deadline;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** The CONNECT method of HTTP proxies (RFC 9110, section 9.3.6); a user name goes out as basic authorisation. */
public final class HttpTunnelClient implements ProxyClient {
    private static final int LONGEST_HEAD = 8192;

    private final int port;

    /** @param port of the proxy on 127.0.0.1 */
    public HttpTunnelClient(int port) {
        this.port = port;
    }

    @Override
    public Socket connect(String host, int hostPort, @Nullable String user, Deadline deadline) throws IOException {
        String place = host + ":" + hostPort;
        String credentials = user == null ? "" : "Proxy-Authorization: Basic "
                + Base64.getEncoder().encodeToString((user + ":x").getBytes(StandardCharsets.US_ASCII)) + "\r\n";
        byte[] request = ("CONNECT " + place + " HTTP/1.1\r\nHost: " + place + "\r\n" + credentials + "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        return Handshake.connect(port, deadline, (socket, in, out) -> {
            out.write(request);
            StringBuilder head = new StringBuilder(80);
            // Byte by byte: what follows the empty line is the stream's.
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.readUnsignedByte());
                Handshake.expect(head.length() <= LONGEST_HEAD, "answers with no HTTP");
            }
            String status = head.substring(0, head.indexOf("\r\n"));
            Handshake.expect(status.startsWith("HTTP/1.") && status.startsWith(" 200", 8), "says: " + status);
        });
    }
}
