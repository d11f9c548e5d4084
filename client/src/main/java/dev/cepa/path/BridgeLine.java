package dev.cepa.path;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RsaId;
import dev.cepa.crypto.Primitives;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A bridge as the user names it: torrc's {@code Bridge}. Where it is, and who, is a secret between him and whoever runs it.
 * Immutable.
 *
 * @param transport the pluggable transport by which it is reached; empty if it speaks Tor's own protocol
 * @param address where it is connected to
 * @param fingerprint the identity that it must have; null if the user does not say
 * @param arguments {@code key=value} pairs for the transport; empty without one
 * @param name what people are shown, for whom the rest is too much; empty to show them address and fingerprint
 */
public record BridgeLine(
        String transport, InetSocketAddress address, @Nullable RsaId fingerprint, List<String> arguments, String name) {
    private static final int DEFAULT_PORT = 443;
    private static final int MAX_LENGTH = 4096;
    /** SOCKS has no room for more (pt-spec section 3.5). */
    private static final int MAX_ARGUMENTS = 510;

    public BridgeLine {
        arguments = List.copyOf(arguments);
    }

    /**
     * Parses {@code [transport] address[:port] [fingerprint] [key=value ...]}: an address of IPv6 is in brackets, the port
     * is 443 if there is none, and the fingerprint is 40 hexadecimal digits, with or without a dollar sign; between them
     * blanks may be if there is no transport.
     *
     * @throws TorException of kind CONFIG that says what is wrong, without saying what the line says
     */
    public static BridgeLine parse(String line) throws TorException {
        if (line.length() > MAX_LENGTH) {
            throw bad("it is longer than " + MAX_LENGTH + " characters");
        }
        List<String> words = words(line);
        if (words.isEmpty()) {
            throw bad("it is empty");
        }
        String transport = "";
        int next = 0;
        if (isIdentifier(words.getFirst())) {
            transport = words.get(next++);
            if (words.size() == 1) {
                throw bad("there is no address behind the transport");
            }
        }
        InetSocketAddress address = address(words.get(next++));
        String fingerprint = "";
        List<String> arguments = new ArrayList<>();
        if (transport.isEmpty()) {
            fingerprint = String.join("", words.subList(next, words.size()));
        } else {
            if (next < words.size() && !isPair(words.get(next))) {
                fingerprint = words.get(next++);
            }
            int length = 0;
            for (String argument : words.subList(next, words.size())) {
                if (!isPair(argument)) {
                    throw bad("what follows the fingerprint must be key=value pairs");
                }
                arguments.add(argument);
                length += argument.length() + 1;
            }
            if (length > MAX_ARGUMENTS) {
                throw bad("its arguments are longer than " + MAX_ARGUMENTS + " bytes");
            }
        }
        return new BridgeLine(transport, address, fingerprint(fingerprint), arguments, "");
    }

    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        int at = 0;
        while (at < line.length()) {
            int end = at;
            while (end < line.length() && line.charAt(end) > ' ') {
                end++;
            }
            if (end > at) {
                words.add(line.substring(at, end));
            }
            at = end + 1;
        }
        return words;
    }

    private static InetSocketAddress address(String word) throws TorException {
        InetSocketAddress address = addressAndPort(word, DEFAULT_PORT);
        if (address == null) {
            throw bad("its address must be an IP address and a port, such as 192.0.2.1:443 or [2001:db8::1]:443");
        }
        return address;
    }

    /** An address, of IPv6 in brackets, and a port; null if it is none. With a default of 0 the port must be there. */
    static @Nullable InetSocketAddress addressAndPort(String text, int defaultPort) {
        int bracket = text.lastIndexOf(']');
        int colon = text.lastIndexOf(':');
        boolean withPort = colon > bracket;
        String host = withPort ? text.substring(0, colon) : text;
        int port = withPort ? AddressPattern.number(text.substring(colon + 1)) : defaultPort;
        if (host.startsWith("[") != (bracket >= 0) || bracket >= 0 && bracket != host.length() - 1) {
            return null;
        }
        InetAddress address = HostText.parseAddress(host);
        boolean six = address instanceof Inet6Address;
        if (address == null || six != host.startsWith("[") || address.isAnyLocalAddress() || address.isMulticastAddress()
                || port < 1 || port > 65_535) {
            return null;
        }
        return new InetSocketAddress(address, port);
    }

    private static @Nullable RsaId fingerprint(String text) throws TorException {
        if (text.isEmpty()) {
            return null;
        }
        String hex = text.startsWith("$") ? text.substring(1) : text;
        boolean fits = hex.length() == 2 * RsaId.LENGTH;
        for (int i = 0; fits && i < hex.length(); i++) {
            char c = hex.charAt(i);
            fits = c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f';
        }
        RsaId id = fits ? RsaId.ofHex(hex) : null;
        if (id == null || id.isZero()) {
            throw bad("its fingerprint must be 40 hexadecimal digits");
        }
        return id;
    }

    /** What a transport may be called: letters, digits and underscores, no digit first. */
    private static boolean isIdentifier(String word) {
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            boolean letter = c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_';
            if (!letter && (i == 0 || c < '0' || c > '9')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isPair(String word) {
        return word.indexOf('=') > 0;
    }

    private static TorException bad(String why) {
        return new TorException(ErrorKind.CONFIG, "a Bridge line can't be read: " + why);
    }

    /** Stands for an identity that is not known yet; nobody has it, as nobody finds a key to a digest. */
    public RsaId placeholder() {
        byte[] text = ("bridge at " + text(address)).getBytes(StandardCharsets.US_ASCII);
        return RsaId.of(Primitives.sha1().digest(text));
    }

    /** The same, shown to people by that name; empty: as it is. */
    public BridgeLine named(String shown) {
        return new BridgeLine(transport, address, fingerprint, arguments, shown);
    }

    /** The same bridge as far as it matters to a guard: an address, and an identity if one is known. */
    boolean fits(InetSocketAddress at, RsaId id) {
        return address.equals(at) && (fingerprint == null || fingerprint.equals(id));
    }

    /** Whether the relays of that set are not to be used, and this is one of them. */
    public boolean isIn(RelaySet set, @Nullable RsaId known) {
        RsaId id = fingerprint == null ? known : fingerprint;
        return !set.isEmpty()
                && set.contains(id == null ? RsaId.of(new byte[RsaId.LENGTH]) : id, "", List.of(address));
    }

    /** What people are shown. */
    @Override
    public String toString() {
        if (!name.isEmpty()) {
            return name;
        }
        String where = text(address);
        return fingerprint == null ? where : where + " $" + fingerprint;
    }

    /** An address and a port as torrc and the state file write them. */
    static String text(InetSocketAddress address) {
        String host = HostText.format(address.getAddress().getAddress());
        return (address.getAddress() instanceof Inet6Address ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
