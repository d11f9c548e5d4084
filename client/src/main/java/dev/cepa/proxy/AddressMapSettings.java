package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.util.List;
import java.util.Locale;

/**
 * Which names and addresses stand for others. Immutable.
 *
 * @param mappings {@code MapAddress}, in the order of the configuration: where two fit, the last is taken
 * @param automap whether names with certain endings get made-up addresses when asked about ({@code AutomapHostsOnResolve})
 * @param suffixes those endings, such as {@code .onion}; a dot alone means all ({@code AutomapHostsSuffixes})
 * @param ipv4 where made-up IPv4 addresses come from
 * @param ipv6 where made-up IPv6 addresses come from
 */
public record AddressMapSettings(
        List<Mapping> mappings, boolean automap, List<String> suffixes, VirtualNetwork ipv4, VirtualNetwork ipv6) {
    /** Maps nothing; with C tor's networks and endings. */
    public static final AddressMapSettings DEFAULT = new AddressMapSettings(
            List.of(),
            false,
            List.of(".onion", ".exit"),
            new VirtualNetwork(new byte[] {127, (byte) 192, 0, 0}, 10),
            new VirtualNetwork(new byte[] {(byte) 0xfe, (byte) 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 10));

    public AddressMapSettings {
        mappings = List.copyOf(mappings);
        suffixes = List.copyOf(suffixes);
    }

    /** Whether it changes nothing. */
    boolean isIdle() {
        return mappings.isEmpty() && !automap;
    }

    /**
     * One name or address that stands for another; each may be a whole domain, written {@code *.example.com}. Immutable.
     *
     * @param from in lower case
     * @param to in lower case; may end in a relay and {@code .exit}
     */
    public record Mapping(String from, String to) {
        /**
         * Checks and tidies both.
         *
         * @throws TorException of kind CONFIG that says what is wrong
         */
        public static Mapping of(String from, String to) throws TorException {
            String source = tidy(from);
            String target = tidy(to);
            if (target.startsWith("*.") && !source.startsWith("*.")) {
                throw new TorException(
                        ErrorKind.CONFIG, "\"" + from + "\" is one name and can't be mapped to a whole domain, \"" + to + "\"");
            }
            return new Mapping(source, target);
        }

        private static String tidy(String text) throws TorException {
            boolean domain = text.startsWith("*.");
            String name = (domain ? text.substring(2) : text).toLowerCase(Locale.ROOT);
            if (!HostText.isDestination(name.replace("$", ""))) {
                throw new TorException(ErrorKind.CONFIG, "\"" + text + "\" is neither a host name nor an address");
            }
            var address = HostText.parseAddress(name);
            return (domain ? "*." : "") + (address == null ? name : HostText.format(address.getAddress()));
        }
    }
}
