package dev.cepa.path;

import dev.cepa.cell.HostText;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Addresses and ports that go together, as torrc writes them: {@code 192.0.2.0/24:80-443}, {@code [2001:db8::]/32:*},
 * {@code *:443}, {@code *4:*}, {@code 192.0.2.7}.
 *
 * @param prefix 4 or 16 bytes; empty for both families
 * @param bits how many bits of the prefix count
 */
record AddressPattern(byte[] prefix, int bits, int firstPort, int lastPort) {

    /** @throws TorException of kind CONFIG, naming the text */
    static AddressPattern parse(String text) throws TorException {
        int bracket = text.startsWith("[") ? text.indexOf(']') : 0;
        if (bracket < 0) {
            throw malformed(text);
        }
        int slash = text.indexOf('/', bracket);
        int colon = text.indexOf(':', Math.max(bracket, slash));
        // Without brackets, more than one colon is an IPv6 address and no port.
        if (bracket == 0 && slash < 0 && colon >= 0 && text.indexOf(':', colon + 1) >= 0) {
            colon = -1;
        }
        if (bracket == 0 && slash > 0 && text.indexOf(':') < slash && text.indexOf(':') >= 0) {
            colon = text.indexOf(':', slash);
        }
        int addressEnd = slash >= 0 ? slash : colon >= 0 ? colon : text.length();
        String address = bracket > 0 ? text.substring(1, bracket) : text.substring(0, addressEnd);
        if (bracket > 0 && bracket + 1 != addressEnd) {
            throw malformed(text);
        }
        String mask = slash < 0 ? "" : text.substring(slash + 1, colon >= 0 ? colon : text.length());
        String ports = colon < 0 ? "*" : text.substring(colon + 1);

        byte[] prefix = switch (address) {
            case "*" -> new byte[0];
            case "*4" -> new byte[4];
            case "*6" -> new byte[16];
            default -> literal(address);
        };
        if (prefix == null || (slash >= 0 && address.startsWith("*"))) {
            throw malformed(text);
        }
        int bits = address.startsWith("*") ? 0 : slash < 0 ? prefix.length * 8 : maskBits(mask, prefix.length, text);
        int dash = ports.indexOf('-');
        boolean anyPort = ports.equals("*");
        int first = anyPort ? 0 : port(dash < 0 ? ports : ports.substring(0, dash), text);
        int last = anyPort ? 65535 : dash < 0 ? first : port(ports.substring(dash + 1), text);
        if (last < first) {
            throw malformed(text);
        }
        return new AddressPattern(prefix, bits, first, last);
    }

    /** Whether an address of 4 or 16 bytes and a port are of this pattern. */
    boolean matches(byte[] address, int port) {
        return port >= firstPort && port <= lastPort && matchesAddress(address);
    }

    private boolean matchesAddress(byte[] address) {
        if (prefix.length == 0) {
            return true;
        }
        if (prefix.length != address.length) {
            return false;
        }
        int whole = bits / 8;
        for (int i = 0; i < whole; i++) {
            if (prefix[i] != address[i]) {
                return false;
            }
        }
        int rest = bits % 8;
        return rest == 0 || ((prefix[whole] ^ address[whole]) & 0xff) >> (8 - rest) == 0;
    }

    /** The 4 or 16 bytes of an address without brackets; null for anything else. Never resolves a name. */
    static byte @Nullable [] literal(String text) {
        InetAddress address = text.startsWith("[") ? null : HostText.parseAddress(text);
        return address == null ? null : address.getAddress();
    }

    private static int maskBits(String mask, int length, String text) throws TorException {
        byte[] quad = length == 4 ? literal(mask) : null;
        if (quad != null && quad.length == 4) {
            int value = (quad[0] & 0xff) << 24 | (quad[1] & 0xff) << 16 | (quad[2] & 0xff) << 8 | (quad[3] & 0xff);
            int ones = Integer.numberOfLeadingZeros(~value);
            if (ones < 32 && value << ones != 0) {
                throw malformed(text);
            }
            return ones;
        }
        int bits = number(mask);
        if (bits < 0 || bits > length * 8) {
            throw malformed(text);
        }
        return bits;
    }

    private static int port(String digits, String text) throws TorException {
        int port = number(digits);
        if (port < 0 || port > 65535) {
            throw malformed(text);
        }
        return port;
    }

    /** A non-negative number of at most nine digits, or -1. */
    static int number(String digits) {
        if (digits.isEmpty() || digits.length() > 9) {
            return -1;
        }
        int value = 0;
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + (c - '0');
        }
        return value;
    }

    private static TorException malformed(String text) {
        return new TorException(
                ErrorKind.CONFIG, "\"" + text + "\" is no address pattern, such as 192.0.2.0/24:80-443 or [2001:db8::]/32:*");
    }
}
