package dev.cepa.daemon;

import dev.cepa.cell.HostText;
import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The first word of a {@code SocksPort} line or one of its like: {@code [address:]port|auto|unix:path}. Immutable.
 *
 * @param text as written
 * @param address where to listen, port 0 for any free one; null for {@code 0}
 * @param rest what follows
 */
record PortPlace(String text, @Nullable SocketAddress address, String rest) {
    private static final String LOOPBACK = "127.0.0.1";
    private static final String UNIX = "unix:";

    /** @throws TorException of kind CONFIG if it makes no sense */
    static PortPlace read(ConfigLine line, String option) throws TorException {
        String value = line.value();
        if (value.startsWith("unix:\"")) {
            int end = value.indexOf('"', UNIX.length() + 1);
            if (end < 0) {
                throw Settings.bad(line, "Missing end of the quoted path in " + option);
            }
            String path = value.substring(UNIX.length() + 1, end);
            return new PortPlace(UNIX + path, path(line, path), value.substring(end + 1));
        }
        Words words = new Words(value);
        String place = words.next();
        if (place == null) {
            throw Settings.bad(line, "Invalid " + option + " line with no address");
        }
        SocketAddress address = place.startsWith(UNIX)
                ? path(line, place.substring(UNIX.length()))
                : address(line, option, place);
        return new PortPlace(place, address, words.rest());
    }

    /** @throws TorException of kind CONFIG if it is no path from the root */
    static UnixDomainSocketAddress path(ConfigLine line, String text) throws TorException {
        try {
            Path path = Path.of(text);
            if (text.isEmpty() || !path.isAbsolute()) {
                throw Settings.bad(line, "Bad unix socket address '" + text + "': a path from the root is needed");
            }
            return UnixDomainSocketAddress.of(path);
        } catch (IllegalArgumentException e) {
            throw Settings.bad(line, "Bad unix socket address '" + text + "'");
        }
    }

    private static @Nullable InetSocketAddress address(ConfigLine line, String option, String place) throws TorException {
        int colon = place.lastIndexOf(':');
        String host = colon < 0 ? LOOPBACK : place.substring(0, colon);
        String portText = place.substring(colon + 1);
        InetAddress address = HostText.parseAddress(host.equalsIgnoreCase("localhost") ? LOOPBACK : host);
        if (address == null) {
            throw Settings.bad(line, "Couldn't parse address \"" + place + "\" for " + option);
        }
        if (portText.equalsIgnoreCase("auto")) {
            return new InetSocketAddress(address, 0);
        }
        int port = port(portText);
        if (port < 0) {
            throw Settings.bad(line, "Couldn't parse address \"" + place + "\" for " + option);
        }
        if (port == 0) {
            if (colon >= 0) {
                throw Settings.bad(line, option + " line has address but no port");
            }
            return null;
        }
        return new InetSocketAddress(address, port);
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            return port <= 65_535 ? port : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
