package dev.cepa.daemon.control;

import dev.cepa.cell.HostText;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import org.jspecify.annotations.Nullable;

/**
 * A port of an onion service, and where its streams go (control-spec section 3.27, {@code Port=VIRTPORT[,TARGET]}). Immutable.
 *
 * @param port 1 to 65535
 * @param host where the server is: an address, or a name of the controller's computer; empty for a socket in the file system
 * @param targetPort the server's
 * @param path of a socket in the file system; empty if it is elsewhere
 */
record OnionTarget(int port, String host, int targetPort, String path) {
    private static final String LOOPBACK = "127.0.0.1";

    /** Reads one as C tor does; null if it is malformed. */
    static @Nullable OnionTarget parse(String text) {
        int comma = text.indexOf(',');
        int port = number((comma < 0 ? text : text.substring(0, comma)).strip());
        String target = comma < 0 ? "" : text.substring(comma + 1).strip();
        if (port < 0) {
            return null;
        }
        if (target.isEmpty()) {
            return new OnionTarget(port, LOOPBACK, port, "");
        }
        if (target.startsWith("unix:")) {
            String path = target.substring("unix:".length());
            return path.isEmpty() ? null : new OnionTarget(port, "", 0, path);
        }
        if (target.indexOf(':') < 0 && target.indexOf('.') < 0) {
            int bare = number(target);
            return bare < 0 ? null : new OnionTarget(port, LOOPBACK, bare, "");
        }
        int colon = target.lastIndexOf(':');
        boolean withPort = colon > 0 && (target.charAt(colon - 1) == ']' || target.indexOf(':') == colon);
        int targetPort = withPort ? number(target.substring(colon + 1)) : port;
        String host = withPort ? target.substring(0, colon) : target;
        boolean inBrackets = host.startsWith("[") && host.endsWith("]");
        host = inBrackets ? host.substring(1, host.length() - 1) : host;
        boolean good = HostText.parseAddress(host) != null || !inBrackets && HostText.isDestination(host);
        return targetPort < 0 || !good ? null : new OnionTarget(port, host, targetPort, "");
    }

    /** 1 to 65535, digits alone; -1 if it is not that. */
    private static int number(String text) {
        int number = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9 || number > 65_535) {
                return -1;
            }
            number = 10 * number + digit;
        }
        return number >= 1 && number <= 65_535 ? number : -1;
    }

    /** Where the server is; a name is looked up now, on the controller's own computer, as C tor does it. Null if it has none. */
    @Nullable SocketAddress address() {
        try {
            if (!path.isEmpty()) {
                return UnixDomainSocketAddress.of(path);
            }
            InetAddress address = HostText.parseAddress(host.equalsIgnoreCase("localhost") ? LOOPBACK : host);
            return new InetSocketAddress(address != null ? address : InetAddress.getByName(host), targetPort);
        } catch (InvalidPathException | UnknownHostException e) {
            return null;
        }
    }
}
