package dev.cepa.daemon;

import dev.cepa.cell.HostText;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;

/** Where the streams of a HiddenServicePort line go: a server of the operator's. */
final class ServiceTarget {
    private static final String LOOPBACK = "127.0.0.1";

    private ServiceTarget() {}

    /** @param port the service's, which is the server's too if the line does not say otherwise */
    static SocketAddress parse(ConfigLine line, String target, int port) throws TorException {
        if (target.startsWith("unix:")) {
            return unixSocket(line, target.substring("unix:".length()));
        }
        if (target.isEmpty()) {
            return address(line, LOOPBACK, port);
        }
        int bare = portNumber(target);
        if (bare > 0) {
            return address(line, LOOPBACK, bare);
        }
        int colon = target.lastIndexOf(':');
        boolean withPort = colon > 0 && (target.charAt(colon - 1) == ']' || target.indexOf(':') == colon);
        int targetPort = withPort ? portNumber(target.substring(colon + 1)) : port;
        if (targetPort < 0) {
            throw Settings.bad(
                    line, "Unparseable or out-of-range port in hidden service port configuration: " + target);
        }
        return address(line, withPort ? target.substring(0, colon) : target, targetPort);
    }

    private static SocketAddress unixSocket(ConfigLine line, String text) throws TorException {
        boolean quoted = text.length() > 1 && text.startsWith("\"") && text.endsWith("\"");
        try {
            return UnixDomainSocketAddress.of(quoted ? text.substring(1, text.length() - 1) : text);
        } catch (InvalidPathException e) {
            throw Settings.bad(line, "Not the path of a socket: " + text);
        }
    }

    /** The operator's own server, which may have a name: it is looked up when the torrc is read, as C tor does it. */
    private static SocketAddress address(ConfigLine line, String host, int port) throws TorException {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        InetAddress address = HostText.parseAddress(bare.equalsIgnoreCase("localhost") ? LOOPBACK : bare);
        try {
            return new InetSocketAddress(address != null ? address : InetAddress.getByName(bare), port);
        } catch (UnknownHostException e) {
            String what = ": Unparseable address in hidden service port configuration: ";
            throw new TorException(ErrorKind.CONFIG, line.place() + what + host, e);
        }
    }

    /** From 1 to 65,535; -1 if it is not one. */
    static int portNumber(String text) {
        try {
            int port = Integer.parseInt(text);
            return port >= 1 && port <= 65_535 ? port : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
