package dev.cepa.proxy;

import dev.cepa.cell.EndReason;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The answers on a SOCKS connection, as bytes (RFC 1928 section 6, SOCKS 4, socks-extensions). */
final class SocksReply {
    static final int SUCCEEDED = 0;
    static final int GENERAL_ERROR = 1;
    static final int NOT_ALLOWED = 2;
    static final int NET_UNREACHABLE = 3;
    static final int HOST_UNREACHABLE = 4;
    static final int CONNECTION_REFUSED = 5;
    static final int TTL_EXPIRED = 6;
    static final int COMMAND_NOT_SUPPORTED = 7;
    static final int ADDRESS_TYPE_NOT_SUPPORTED = 8;

    private static final int SOCKS4_GRANTED = 0x5a;
    private static final int SOCKS4_REJECTED = 0x5b;

    private static final String NOT_HTTP =
            """
            HTTP/1.0 501 This is a SOCKS port, not an HTTP proxy\r
            Content-Type: text/html; charset=utf-8\r
            Connection: close\r
            \r
            <html>
            <head><title>This is a SOCKS port, not an HTTP proxy</title></head>
            <body>
            <h1>This is a SOCKS port, not an HTTP proxy.</h1>
            <p>A program, perhaps your browser, was told to use this port as an HTTP proxy. Set it as a SOCKS&nbsp;5
            proxy instead, with host names sent through the proxy. For programs that can only use an HTTP proxy,
            open one with the option HTTPTunnelPort.</p>
            </body>
            </html>
            """;

    private SocksReply() {}

    /** A page for whoever speaks HTTP here. */
    static byte[] notHttp() {
        return NOT_HTTP.getBytes(StandardCharsets.US_ASCII);
    }

    /** The reply to a request: 8 bytes for version 4, 10 for version 5, with no address. */
    static byte[] status(int version, int status) {
        if (version == 4) {
            return new byte[] {0, (byte) (status == SUCCEEDED ? SOCKS4_GRANTED : SOCKS4_REJECTED), 0, 0, 0, 0, 0, 0};
        }
        return new byte[] {5, (byte) status, 0, 1, 0, 0, 0, 0, 0, 0};
    }

    /** The reply to RESOLVE or RESOLVE_PTR: the first answer that the version can carry. */
    static byte[] resolved(int version, List<Answer> answers) {
        for (Answer answer : answers) {
            if (answer instanceof Answer.Address(var address, long ttl)) {
                byte[] bytes = address.getAddress();
                if (version == 5) {
                    return reply5(bytes.length == 4 ? 1 : 4, bytes, 0);
                }
                if (bytes.length == 4) {
                    return new byte[] {0, SOCKS4_GRANTED, 0, 0, bytes[0], bytes[1], bytes[2], bytes[3]};
                }
            } else if (answer instanceof Answer.Name(String name, long ttl) && version == 5 && name.length() < 256) {
                byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
                return reply5(3, bytes, 1);
            }
        }
        return status(version, HOST_UNREACHABLE);
    }

    private static byte[] reply5(int addressType, byte[] address, int lengthBytes) {
        byte[] reply = new byte[4 + lengthBytes + address.length + 2];
        reply[0] = 5;
        reply[3] = (byte) addressType;
        if (lengthBytes == 1) {
            reply[4] = (byte) address.length;
        }
        System.arraycopy(address, 0, reply, 4 + lengthBytes, address.length);
        return reply;
    }

    /**
     * The SOCKS 5 status that tells a program best what went wrong: after the exit's reason, if it gave one.
     *
     * @param extended whether the program knows the codes for onion services (proposal 304)
     */
    static int statusOf(TorException failure, boolean extended) {
        if (extended && failure instanceof OnionServiceException onion) {
            return onion.reason().socksCode();
        }
        if (failure instanceof RefusedException refused) {
            return refused.byPolicy() ? NOT_ALLOWED : GENERAL_ERROR;
        }
        return failure instanceof StreamException ended
                ? statusOf(EndReason.of(ended.endReason()))
                : statusOf(failure.kind());
    }

    /** The same statuses as C tor's, which programs know. */
    private static int statusOf(EndReason reason) {
        return switch (reason) {
            case RESOLVEFAILED, NOROUTE -> HOST_UNREACHABLE;
            case CONNECTREFUSED, CONNRESET -> CONNECTION_REFUSED;
            case DONE -> CONNECTION_REFUSED; // before it was connected, or there would be no failure to tell
            case EXITPOLICY -> NOT_ALLOWED;
            case TIMEOUT -> TTL_EXPIRED;
            case MISC, DESTROY, HIBERNATING, INTERNAL, RESOURCELIMIT, TORPROTOCOL, NOTDIRECTORY -> GENERAL_ERROR;
        };
    }

    private static int statusOf(ErrorKind kind) {
        return switch (kind) {
            case NAME_NOT_FOUND, HOST_UNREACHABLE, ONION_SERVICE, ONION_CLIENT_AUTH -> HOST_UNREACHABLE;
            case CONNECTION_REFUSED, STREAM_CLOSED -> CONNECTION_REFUSED;
            case EXIT_POLICY -> NOT_ALLOWED;
            case TIMEOUT -> TTL_EXPIRED;
            case NETWORK_DOWN -> NET_UNREACHABLE;
            default -> GENERAL_ERROR;
        };
    }
}
