package dev.cepa.directory;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Reads addresses that are written as numbers. Never asks a name server, whatever the text. */
final class IpLiteral {
    private IpLiteral() {}

    /**
     * {@code 1.2.3.4:443} or {@code [2001:db8::1]:443}.
     *
     * @param defaultPort taken when there is none in the text; -1 if there must be one
     */
    static InetSocketAddress socketAddress(String text, int defaultPort) throws TorException {
        String host = text;
        int port = defaultPort;
        int bracket = text.startsWith("[") ? text.indexOf(']') : -1;
        int colon = bracket >= 0 ? text.indexOf(':', bracket) : text.indexOf(':');
        if (colon >= 0) {
            host = text.substring(0, colon);
            port = port(text.substring(colon + 1));
        }
        if (bracket >= 0) {
            if (bracket != host.length() - 1) {
                throw bad("address", text);
            }
            host = host.substring(1, bracket);
        }
        InetAddress address = bracket >= 0 ? v6(host) : v4(host);
        if (address == null || port < 0) {
            throw bad("address and port", text);
        }
        return new InetSocketAddress(address, port);
    }

    /** A port from 1 to 65535. */
    static int port(String text) throws TorException {
        int value = decimal(text, 65_535);
        if (value < 1) {
            throw bad("port", text);
        }
        return value;
    }

    private static @Nullable InetAddress v4(String text) {
        String[] parts = text.split("\\.", 5);
        if (parts.length != 4) {
            return null;
        }
        byte[] ip = new byte[4];
        for (int i = 0; i < 4; i++) {
            int value = decimal(parts[i], 255);
            if (value < 0) {
                return null;
            }
            ip[i] = (byte) value;
        }
        return address(ip);
    }

    private static @Nullable InetAddress v6(String text) {
        byte[] ip = new byte[16];
        int filled = 0;
        int gap = -1;
        int at = 0;
        if (text.startsWith("::")) {
            gap = 0;
            at = 2;
        }
        while (at < text.length()) {
            if (filled == 16) {
                return null;
            }
            int end = text.indexOf(':', at);
            int stop = end < 0 ? text.length() : end;
            if (stop == at || stop - at > 4) {
                return null;
            }
            int group = 0;
            for (int i = at; i < stop; i++) {
                int digit = Character.digit(text.charAt(i), 16);
                if (digit < 0 || text.charAt(i) > 'f') {
                    return null;
                }
                group = group << 4 | digit;
            }
            ip[filled++] = (byte) (group >> 8);
            ip[filled++] = (byte) group;
            if (end < 0) {
                break;
            }
            at = end + 1;
            if (at < text.length() && text.charAt(at) == ':') {
                if (gap >= 0) {
                    return null;
                }
                gap = filled;
                at++;
            } else if (at == text.length()) {
                return null;
            }
        }
        if (gap < 0) {
            return filled == 16 ? address(ip) : null;
        }
        int tail = filled - gap;
        if (filled == 16) {
            return null;
        }
        System.arraycopy(ip, gap, ip, 16 - tail, tail);
        java.util.Arrays.fill(ip, gap, 16 - tail, (byte) 0);
        return address(ip);
    }

    /** The number, or -1 if the text is not one of at most {@code max}. */
    private static int decimal(String text, int max) {
        if (text.isEmpty() || text.length() > 5) {
            return -1;
        }
        int value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + c - '0';
        }
        return value <= max ? value : -1;
    }

    private static @Nullable InetAddress address(byte[] ip) {
        try {
            return InetAddress.getByAddress(ip);
        } catch (UnknownHostException e) {
            return null;
        }
    }

    private static TorException bad(String what, String text) {
        return new TorException(ErrorKind.CONFIG, "\"" + text + "\" is not a valid " + what);
    }
}
