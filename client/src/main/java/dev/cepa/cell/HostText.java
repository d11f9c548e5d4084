package dev.cepa.cell;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Host names and addresses as people and programs write them. Nothing here asks a resolver. */
public final class HostText {
    private static final char[] HEX = "0123456789abcdef".toCharArray();
    private static final String ONION = ".onion";

    private HostText() {}

    /**
     * Whether a stream can be asked to go there: an address, in brackets or not, or a name of labels of letters, digits,
     * hyphens and underscores, neither of the latter first; one final dot is fine.
     */
    public static boolean isDestination(String text) {
        return parseAddress(text) != null || isName(text);
    }

    /**
     * Whether a name could go into a request although it breaks the rules of names of hosts: 1 to 255 printable characters
     * without those that set a name apart from what is around it.
     */
    public static boolean isLooseName(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c >= 127 || c == ':' || c == '/' || c == '[' || c == ']') {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= 255;
    }

    /** Whether a name is in the domain of onion services, of which nobody outside Tor may hear, however malformed it is. */
    public static boolean isOnion(String host) {
        int end = host.endsWith(".") ? host.length() - 1 : host.length();
        return host.regionMatches(true, end - ONION.length(), ONION, 0, ONION.length());
    }

    private static boolean isName(String text) {
        int end = text.endsWith(".") ? text.length() - 1 : text.length();
        if (end == 0) {
            return false;
        }
        boolean atLabelStart = true;
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c == '.') {
                if (atLabelStart) {
                    return false;
                }
                atLabelStart = true;
            } else {
                boolean alphanumeric = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
                if (!alphanumeric && (atLabelStart || c != '-' && c != '_')) {
                    return false;
                }
                atLabelStart = false;
            }
        }
        return !atLabelStart;
    }

    /** The address written there, IPv6 in brackets or not; null if it is not an address. */
    public static @Nullable InetAddress parseAddress(String text) {
        boolean bracketed = text.startsWith("[") && text.endsWith("]") && text.length() > 2;
        String bare = bracketed ? text.substring(1, text.length() - 1) : text;
        byte[] bytes = bare.indexOf(':') >= 0 ? parse6(bare) : bracketed ? null : parse4(bare, 0);
        if (bytes == null) {
            return null;
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** Four decimal numbers from {@code start} to the end; null if it is anything else. */
    private static byte @Nullable [] parse4(String text, int start) {
        byte[] bytes = new byte[4];
        int at = start;
        for (int i = 0; i < 4; i++) {
            int first = at;
            int value = 0;
            while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9' && at - first < 4) {
                value = value * 10 + text.charAt(at++) - '0';
            }
            boolean leadingZero = at - first > 1 && text.charAt(first) == '0';
            if (at == first || value > 255 || leadingZero) {
                return null;
            }
            bytes[i] = (byte) value;
            if (i < 3) {
                if (at == text.length() || text.charAt(at) != '.') {
                    return null;
                }
                at++;
            }
        }
        return at == text.length() ? bytes : null;
    }

    private static byte @Nullable [] parse6(String text) {
        byte[] bytes = new byte[16];
        int count = 0;
        int gap = -1;
        int at = 0;
        if (text.startsWith("::")) {
            gap = 0;
            at = 2;
        }
        while (at < text.length()) {
            if (count == 16) {
                return null;
            }
            int end = at;
            int value = 0;
            while (end < text.length() && end - at < 5 && Character.digit(text.charAt(end), 16) >= 0
                    && text.charAt(end) < 128) {
                value = value << 4 | Character.digit(text.charAt(end++), 16);
            }
            if (end == at || end - at > 4) {
                return null;
            }
            if (end < text.length() && text.charAt(end) == '.') {
                byte[] tail = count <= 12 ? parse4(text, at) : null;
                if (tail == null) {
                    return null;
                }
                System.arraycopy(tail, 0, bytes, count, 4);
                count += 4;
                break;
            }
            bytes[count++] = (byte) (value >> 8);
            bytes[count++] = (byte) value;
            at = end;
            if (at < text.length()) {
                if (text.charAt(at++) != ':' || at == text.length()) {
                    return null;
                }
                if (text.charAt(at) == ':') {
                    if (gap >= 0) {
                        return null;
                    }
                    gap = count;
                    at++;
                }
            }
        }
        if (gap < 0) {
            return count == 16 ? bytes : null;
        }
        if (count == 16) {
            return null;
        }
        int moved = count - gap;
        System.arraycopy(bytes, gap, bytes, 16 - moved, moved);
        for (int i = gap; i < 16 - moved; i++) {
            bytes[i] = 0;
        }
        return bytes;
    }

    /** An address as text: dotted, or IPv6 with the longest run of zeros left out (RFC 5952) and no brackets. */
    public static String format(byte[] address) {
        StringBuilder out = new StringBuilder(address.length == 4 ? 15 : 39);
        if (address.length == 4) {
            for (int i = 0; i < 4; i++) {
                out.append(i == 0 ? "" : ".").append(address[i] & 0xff);
            }
            return out.toString();
        }
        int bestStart = -1;
        int bestLength = 1;
        for (int i = 0; i < 8; i++) {
            int length = 0;
            while (i + length < 8 && group(address, i + length) == 0) {
                length++;
            }
            if (length > bestLength) {
                bestStart = i;
                bestLength = length;
            }
        }
        for (int i = 0; i < 8; i++) {
            if (i == bestStart) {
                out.append("::");
                i += bestLength - 1;
                continue;
            }
            if (i > 0 && i != bestStart + bestLength) {
                out.append(':');
            }
            appendHex(out, group(address, i));
        }
        return out.toString();
    }

    private static int group(byte[] address, int index) {
        return (address[2 * index] & 0xff) << 8 | address[2 * index + 1] & 0xff;
    }

    private static void appendHex(StringBuilder out, int value) {
        boolean started = false;
        for (int shift = 12; shift >= 0; shift -= 4) {
            int digit = value >> shift & 15;
            if (digit != 0 || started || shift == 0) {
                out.append(HEX[digit]);
                started = true;
            }
        }
    }

    /** {@code address:port}, IPv6 in brackets. */
    public static String format(byte[] address, int port) {
        String text = format(address);
        return address.length == 4 ? text + ":" + port : "[" + text + "]:" + port;
    }

    /** The name under which an address's own name is asked for ({@code in-addr.arpa}, {@code ip6.arpa}). */
    public static String reverseName(byte[] address) {
        StringBuilder out = new StringBuilder(74);
        for (int i = address.length - 1; i >= 0; i--) {
            int value = address[i] & 0xff;
            if (address.length == 4) {
                out.append(value).append('.');
            } else {
                out.append(HEX[value & 15]).append('.').append(HEX[value >> 4]).append('.');
            }
        }
        return out.append(address.length == 4 ? "in-addr.arpa" : "ip6.arpa").toString();
    }
}
