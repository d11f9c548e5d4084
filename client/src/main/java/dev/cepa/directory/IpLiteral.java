package dev.cepa.directory;

import dev.cepa.cell.HostText;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Reads addresses with ports that are written as numbers. Never asks a name server, whatever the text. */
final class IpLiteral {
    private IpLiteral() {}

    /**
     * {@code 1.2.3.4:443} or {@code [2001:db8::1]:443}.
     *
     * @param defaultPort taken when there is none in the text; -1 if there must be one
     */
    static InetSocketAddress socketAddress(String text, int defaultPort) throws TorException {
        boolean bracketed = text.startsWith("[");
        int colon = text.indexOf(':', bracketed ? Math.max(0, text.indexOf(']')) : 0);
        int port = colon < 0 ? defaultPort : port(text.substring(colon + 1));
        InetAddress address = HostText.parseAddress(colon < 0 ? text : text.substring(0, colon));
        if (address == null || port < 0 || bracketed != address instanceof Inet6Address) {
            throw bad("address and port", text);
        }
        return new InetSocketAddress(address, port);
    }

    /** A port from 1 to 65535. */
    static int port(String text) throws TorException {
        int value = 0;
        boolean number = !text.isEmpty() && text.length() <= 5;
        for (int i = 0; number && i < text.length(); i++) {
            char c = text.charAt(i);
            number = c >= '0' && c <= '9';
            value = value * 10 + c - '0';
        }
        if (!number || value < 1 || value > 65_535) {
            throw bad("port", text);
        }
        return value;
    }

    private static TorException bad(String what, String text) {
        return new TorException(ErrorKind.CONFIG, "\"" + text + "\" is not a valid " + what);
    }
}
