package dev.cepa.proxy;

import dev.cepa.cell.EndReason;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import java.nio.charset.StandardCharsets;

/** The answers of an HTTP tunnel port, as bytes (RFC 9110 section 9.3.6), with the headers that Tor's programs give. */
final class HttpTunnelReply {
    private static final String CAPABILITIES = "Tor-Capabilities: \r\n";
    private static final String VIA = CAPABILITIES + "Via: tor/1.0 tor-network (Cepa)\r\n";
    private static final String SERVER = CAPABILITIES + "Server: tor/1.0 (Cepa)\r\n";
    private static final String CLOSE = "Connection: close\r\n";

    private static final String NOT_A_PROXY =
            """
            <html>
            <head><title>This is an HTTP CONNECT tunnel, not a full HTTP proxy</title></head>
            <body>
            <h1>This is an HTTP CONNECT tunnel, not a full HTTP proxy.</h1>
            <p>A program, perhaps your browser, was told to use this port as an HTTP proxy. It takes the method CONNECT
            only, which programs use for https. For everything else, set a SOCKS&nbsp;5 proxy, at the port that the option
            SocksPort opens.</p>
            </body>
            </html>
            """;

    private HttpTunnelReply() {}

    private static byte[] bytes(boolean http11, String rest) {
        return ((http11 ? "HTTP/1.1 " : "HTTP/1.0 ") + rest).getBytes(StandardCharsets.US_ASCII);
    }

    /** The stream is open. */
    static byte[] granted(boolean http11) {
        return bytes(http11, "200 OK\r\n" + VIA + "\r\n");
    }

    /** What may be asked here. */
    static byte[] options(boolean http11) {
        return bytes(http11, "200 OK\r\nAllow: OPTIONS, CONNECT\r\nContent-Length: 0\r\n" + CLOSE + SERVER + "\r\n");
    }

    /** A page for people. */
    static byte[] notAProxy(boolean http11) {
        return bytes(
                http11, "405 Method Not Allowed\r\nAllow: OPTIONS, CONNECT\r\nContent-Type: text/html; charset=utf-8\r\n"
                        + "Content-Length: " + NOT_A_PROXY.length() + "\r\n" + CLOSE + SERVER + "\r\n" + NOT_A_PROXY);
    }

    /** @param status code and reason */
    static byte[] refusal(boolean http11, String status) {
        return bytes(http11, status + "\r\nContent-Length: 0\r\n" + CLOSE + VIA + "\r\n");
    }

    /** A stream could not be opened. */
    static byte[] failure(boolean http11, TorException e) {
        String status;
        String reason;
        if (e instanceof StreamException ended) {
            EndReason end = EndReason.of(ended.endReason());
            status = status(end);
            reason = "end/" + end;
        } else if (e instanceof RefusedException refused) {
            status = refused.byPolicy() ? "403 Forbidden (entry policy violation)" : "400 Bad Request (refused)";
            reason = "cepa/REFUSED";
        } else {
            status = status(e.kind());
            reason = "cepa/" + (e instanceof OnionServiceException onion ? onion.reason() : e.kind());
        }
        return bytes(
                http11, status + "\r\nContent-Length: 0\r\n" + CLOSE + VIA + "Tor-Request-Failed: " + reason + "\r\n\r\n");
    }

    /** The same as C tor's. */
    private static String status(EndReason reason) {
        return switch (reason) {
            case MISC, NOTDIRECTORY -> "500 Internal Server Error";
            case RESOLVEFAILED -> "503 Service Unavailable (resolve failed)";
            case NOROUTE -> "503 Service Unavailable (no route)";
            case CONNECTREFUSED -> "403 Forbidden (connection refused)";
            case EXITPOLICY -> "403 Forbidden (exit policy)";
            case DESTROY -> "502 Bad Gateway (destroy cell received)";
            case DONE -> "502 Bad Gateway (unexpected close)";
            case TIMEOUT -> "504 Gateway Timeout";
            case HIBERNATING -> "502 Bad Gateway (hibernating server)";
            case INTERNAL -> "502 Bad Gateway (internal error)";
            case RESOURCELIMIT -> "502 Bad Gateway (resource limit)";
            case CONNRESET -> "403 Forbidden (connection reset)";
            case TORPROTOCOL -> "502 Bad Gateway (tor protocol violation)";
        };
    }

    private static String status(ErrorKind kind) {
        return switch (kind) {
            case NAME_NOT_FOUND -> "503 Service Unavailable (resolve failed)";
            case HOST_UNREACHABLE -> "503 Service Unavailable (no route)";
            case ONION_SERVICE -> "503 Service Unavailable (onion service)";
            case ONION_CLIENT_AUTH -> "403 Forbidden (onion service for others)";
            case CONNECTION_REFUSED -> "403 Forbidden (connection refused)";
            case EXIT_POLICY, NO_EXIT -> "403 Forbidden (exit policy)";
            case NETWORK_DOWN, NO_DIRECTORY, NO_PATH, RESOURCE_LIMIT -> "503 Service Unavailable (no circuit)";
            case TIMEOUT -> "504 Gateway Timeout";
            case BAD_REQUEST -> "400 Bad Request";
            case STREAM_CLOSED -> "502 Bad Gateway (unexpected close)";
            case CIRCUIT_FAILED, RELAY_UNREACHABLE, PROTOCOL, CLOSED -> "502 Bad Gateway (circuit failed)";
            default -> "500 Internal Server Error";
        };
    }
}
