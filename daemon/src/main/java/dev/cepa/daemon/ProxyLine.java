package dev.cepa.daemon;

import dev.cepa.cell.HostText;
import dev.cepa.channel.OutboundProxy;
import dev.cepa.channel.OutboundProxy.Kind;
import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Turns the options about a proxy for relays into the library's setting. */
final class ProxyLine {
    private static final int SOCKS_PORT = 1080;
    private static final int HTTPS_PORT = 443;

    private ProxyLine() {}

    /**
     * The one that is set.
     *
     * @return null if none is
     * @throws TorException of kind CONFIG that says which line is wrong and why
     */
    static @Nullable OutboundProxy read(Settings settings) throws TorException {
        ConfigLine line = settings.line("Socks4Proxy");
        if (line != null) {
            return new OutboundProxy(Kind.SOCKS4, address(line, SOCKS_PORT), "", "");
        }
        line = settings.line("Socks5Proxy");
        if (line != null) {
            try {
                return new OutboundProxy(
                        Kind.SOCKS5, address(line, SOCKS_PORT), settings.text("Socks5ProxyUsername"),
                        settings.text("Socks5ProxyPassword"));
            } catch (IllegalArgumentException e) {
                throw Settings.bad(line, "Socks5Proxy: " + e.getMessage());
            }
        }
        line = settings.line("HTTPSProxy");
        if (line == null) {
            return null;
        }
        String credentials = settings.text("HTTPSProxyAuthenticator");
        int colon = credentials.indexOf(':');
        return new OutboundProxy(
                Kind.HTTP_CONNECT, address(line, HTTPS_PORT), colon < 0 ? credentials : credentials.substring(0, colon),
                colon < 0 ? "" : credentials.substring(colon + 1));
    }

    /** As {@code host[:port]} says. The name of a proxy is looked up by the system, as it is no secret that it is used. */
    private static InetSocketAddress address(ConfigLine line, int usualPort) throws TorException {
        String text = line.value().strip();
        InetAddress whole = HostText.parseAddress(text);
        if (whole != null) {
            return new InetSocketAddress(whole, usualPort);
        }
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? text : text.substring(0, colon);
        int port = colon < 0 ? usualPort : number(text.substring(colon + 1));
        InetAddress literal = HostText.parseAddress(host);
        if (port < 1 || host.isEmpty() || literal == null && !HostText.isDestination(host)) {
            throw Settings.bad(line, line.key() + " failed to parse or resolve. Please fix.");
        }
        try {
            return new InetSocketAddress(literal != null ? literal : InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            throw Settings.bad(line, line.key() + " failed to parse or resolve. Please fix.");
        }
    }

    private static int number(String text) {
        try {
            int port = Integer.parseInt(text);
            return port <= 65_535 ? port : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
