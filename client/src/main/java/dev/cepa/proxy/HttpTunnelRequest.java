package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Begin;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The head of one HTTP request to a tunnel port, as a machine over bytes: it never reads or writes anything itself, and
 * however the bytes are cut, the result is the same. Owned by one thread.
 */
final class HttpTunnelRequest {
    /** Where it stands. */
    enum State {
        /** More bytes are needed. */
        MORE,
        /** The head is whole. */
        DONE,
        /** It is not HTTP. */
        MALFORMED
    }

    /** No head may be longer, as in C tor. */
    private static final int MAX_HEAD = 8192;
    /** The longest method that is of interest. */
    private static final int MAX_METHOD = 20;

    private static final String SEPARATOR = "\u0001";

    private final Predicate<String> isDestination;
    private final ByteArrayOutputStream head = new ByteArrayOutputStream(256);
    private State state = State.MORE;
    private int lineLength;
    private boolean blankLine;
    private byte[] rest = {};
    private String method = "";
    private boolean http11;
    private boolean localhost;
    private @Nullable String problem;
    private String host = "";
    private int port;
    private String user = "";
    private String password = "";
    private String isolation = "";
    private String otherIsolation = "";
    private String family = "";

    /** @param isDestination says which hosts can be asked for */
    HttpTunnelRequest(Predicate<String> isDestination) {
        this.isDestination = isDestination;
    }

    /** Takes the next bytes from the program; those after the head are kept for {@link #rest}. */
    State accept(byte[] bytes, int offset, int length) {
        for (int i = offset; i < offset + length && state == State.MORE; i++) {
            byte b = bytes[i];
            boolean text = b == '\r' || b == '\n' || b == '\t' || b >= ' ' && b != 127 || b < 0;
            if (!text || head.size() == 0 && !isLetter(b) || head.size() >= MAX_HEAD) {
                state = State.MALFORMED;
                break;
            }
            head.write(b);
            lineLength = b == '\n' ? 0 : b == '\r' ? lineLength : lineLength + 1;
            boolean blank = b == '\n' && blankLine;
            blankLine = lineLength == 0;
            if (blank) {
                state = parse(head.toString(StandardCharsets.ISO_8859_1)) ? State.DONE : State.MALFORMED;
                rest = Arrays.copyOfRange(bytes, i + 1, offset + length);
            }
        }
        return state;
    }

    private static boolean isLetter(byte b) {
        return b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z';
    }

    private boolean parse(String text) {
        int lineEnd = text.indexOf('\n');
        if (!requestLine(text.substring(0, lineEnd).stripTrailing())) {
            return false;
        }
        int at = lineEnd + 1;
        while (at < text.length()) {
            int end = text.indexOf('\n', at);
            String line = text.substring(at, end).stripTrailing();
            at = end + 1;
            int colon = line.indexOf(':');
            if (!line.isEmpty() && colon <= 0) {
                return false;
            }
            if (colon > 0) {
                header(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
            }
        }
        return true;
    }

    /** Method, target, version. */
    private boolean requestLine(String line) {
        int first = line.indexOf(' ');
        int last = line.lastIndexOf(' ');
        if (first <= 0 || first > MAX_METHOD || last == first || !line.startsWith("HTTP/1.", last + 1)) {
            return false;
        }
        method = line.substring(0, first).toUpperCase(Locale.ROOT);
        http11 = !line.endsWith("HTTP/1.0");
        if (method.equals("CONNECT")) {
            target(line.substring(first + 1, last).strip());
        }
        return true;
    }

    private void target(String target) {
        int colon = target.lastIndexOf(':');
        int number = colon < 0 ? 0 : number(target.substring(colon + 1));
        String name = colon < 0 ? "" : target.substring(0, colon);
        if (name.startsWith("[") && name.endsWith("]")) {
            name = name.substring(1, name.length() - 1);
        } else if (name.indexOf(':') >= 0) {
            name = "";
        }
        if (name.length() > 255) {
            problem = "414 URI Too Long";
        } else if (number == 0 || !isDestination.test(name)) {
            problem = "400 Bad Request";
        } else {
            host = name;
            port = number;
        }
    }

    private static int number(String text) {
        int value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9' || i == 5) {
                return 0;
            }
            value = 10 * value + c - '0';
        }
        return value <= 65_535 ? value : 0;
    }

    private void header(String name, String value) {
        switch (name) {
            case "host" -> localhost = isLocalhost(value);
            case "proxy-authorization" -> authorization(value);
            case "tor-stream-isolation" -> isolation = value;
            case "x-tor-stream-isolation" -> otherIsolation = value;
            case "tor-family-preference" -> family(value.toLowerCase(Locale.ROOT));
            case "tor-rpc-target" -> refuse("501 Not Implemented (no RPC support)");
            default -> {}
        }
    }

    private void refuse(String why) {
        problem = problem == null ? why : problem;
    }

    private void family(String value) {
        switch (value) {
            case "ipv4-only", "ipv6-only", "ipv4-preferred", "ipv6-preferred" -> family = value;
            default -> refuse("400 Bad Request (unknown Tor-Family-Preference)");
        }
    }

    private static boolean isLocalhost(String value) {
        int end = value.endsWith("]") ? value.length() : value.lastIndexOf(':');
        String name = end < 0 || value.indexOf(':') != end && !value.startsWith("[") ? value : value.substring(0, end);
        var address = HostText.parseAddress(name);
        return address == null ? name.equalsIgnoreCase("localhost") : address.isLoopbackAddress();
    }

    /** Name and password of Basic; of another scheme, all of it as the name. */
    private void authorization(String value) {
        user = value;
        if (!value.regionMatches(true, 0, "Basic ", 0, 6)) {
            return;
        }
        try {
            String pair = new String(Base64.getDecoder().decode(value.substring(6).strip()), StandardCharsets.ISO_8859_1);
            int colon = pair.indexOf(':');
            user = colon < 0 ? pair : pair.substring(0, colon);
            password = colon < 0 ? "" : pair.substring(colon + 1);
        } catch (IllegalArgumentException e) {
            // not Base64: it keeps streams apart all the same
        }
    }

    /** What is asked for, in capitals. */
    String method() {
        return method;
    }

    boolean isHttp11() {
        return http11;
    }

    /** Whether the program knows that it speaks to this computer. */
    boolean isForLocalhost() {
        return localhost;
    }

    /** Status and reason of the answer to a request that can't be served; null if it can. */
    @Nullable String problem() {
        return problem;
    }

    /** The destination, a valid name, or an address without brackets. */
    String host() {
        return host;
    }

    /** 1 to 65535. */
    int port() {
        return port;
    }

    /** The name in Proxy-Authorization; empty without one. */
    String user() {
        return user;
    }

    /** The password there, and whatever else keeps streams apart; empty if nothing does. */
    String password() {
        return isolation.isEmpty() && otherIsolation.isEmpty()
                ? password
                : password + SEPARATOR + isolation + SEPARATOR + otherIsolation;
    }

    /** The flags of {@link Begin}: the port's, changed as Tor-Family-Preference says. */
    int beginFlags(int flags) {
        return switch (family) {
            case "ipv4-only" -> flags & ~(Begin.IPV6_OK | Begin.IPV6_PREFERRED);
            case "ipv6-only" -> flags | Begin.IPV6_OK | Begin.IPV4_NOT_OK;
            case "ipv4-preferred" -> flags & ~Begin.IPV6_PREFERRED;
            case "ipv6-preferred" -> flags | Begin.IPV6_PREFERRED;
            default -> flags;
        };
    }

    /** What came after the head: the first data for the far end. */
    byte[] rest() {
        return rest;
    }
}
