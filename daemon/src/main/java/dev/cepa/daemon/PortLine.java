package dev.cepa.daemon;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.error.TorException;
import dev.cepa.proxy.SocksSettings;
import dev.cepa.proxy.SocksSettings.Isolation;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The value of a {@code SocksPort} line: {@code [address:]port|auto [flags]}. Immutable.
 *
 * @param address where to listen, port 0 for any free one; null for {@code SocksPort 0}
 */
record PortLine(@Nullable InetSocketAddress address, SocksSettings settings) {
    private static final String LOOPBACK = "127.0.0.1";

    /**
     * Reads all lines of the option; without any, its default.
     *
     * @param warnings told about flags that are taken without effect, and about ports that others can reach
     * @throws TorException of kind CONFIG
     */
    static List<PortLine> readAll(Settings settings, int defaultPort, List<String> warnings) throws TorException {
        List<ConfigLine> lines = settings.lines("SocksPort");
        List<PortLine> ports = new ArrayList<>();
        ConfigLine disabling = null;
        ConfigLine enabling = null;
        for (ConfigLine line : lines) {
            PortLine port = new Reader(line, settings, ports.size(), warnings).read();
            if (port.address() == null) {
                disabling = line;
            } else {
                enabling = line;
                ports.add(port);
            }
        }
        if (disabling != null && enabling != null) {
            throw Settings.bad(enabling, "You specified a nonzero SocksPort along with 'SocksPort 0' (" + disabling.place()
                    + ") in the same configuration. Did you mean to disable SocksPort or not?");
        }
        if (lines.isEmpty()) {
            ConfigLine standard = new ConfigLine(
                    "SocksPort", Integer.toString(defaultPort), ConfigLine.Mode.SET, "default", 0);
            ports.add(new Reader(standard, settings, 0, warnings).read());
        }
        return ports;
    }

    /** Reads one line. */
    private static final class Reader {
        private final ConfigLine line;
        private final Settings options;
        private final List<String> warnings;

        private final Set<Isolation> isolation = EnumSet.copyOf(SocksSettings.DEFAULT.isolation());
        private int group;
        private boolean groupGiven;
        private boolean ipv4 = true;
        private boolean ipv6 = true;
        private boolean preferIpv6 = true;
        private boolean nameRequests = true;
        private boolean onion = true;
        private boolean preferNoAuthentication;
        private boolean keepAlive;
        private boolean extendedErrors;

        Reader(ConfigLine line, Settings options, int index, List<String> warnings) {
            this.line = line;
            this.options = options;
            this.warnings = warnings;
            // Each port is a group of its own; numbers below zero can't be given by hand.
            this.group = -2 - index;
        }

        PortLine read() throws TorException {
            Words words = new Words(line.value());
            String place = words.next();
            if (place == null) {
                throw bad("Invalid SocksPort line with no address");
            }
            if (place.startsWith("unix:")) {
                throw bad("Unix sockets are not supported for SocksPort yet; use an address and port");
            }
            for (String word = words.next(); word != null; word = words.next()) {
                flag(word);
            }
            check();
            InetSocketAddress address = address(place);
            if (address != null && !address.getAddress().isLoopbackAddress()) {
                warnings.add(line.place() + ": You specified a public address '" + place + "' for SocksPort. Other people "
                        + "on the Internet might find your computer and use it as an open proxy. Please don't allow this "
                        + "unless you have a good reason.");
            }
            return new PortLine(address, socksSettings());
        }

        private void check() throws TorException {
            if (!ipv4 && !ipv6 && !onion) {
                throw bad("You have a SocksPort entry with all of IPv4 and IPv6 and .onion disabled; that won't work.");
            }
            if (nameRequests && !ipv4 && !ipv6) {
                throw bad("You have a SocksPort entry with DNSRequest enabled, but IPv4 and IPv6 disabled; "
                        + "DNS-based sites won't work.");
            }
            if (keepAlive && !isolation.contains(Isolation.CREDENTIALS)) {
                throw bad("You have a SocksPort entry with both NoIsolateSOCKSAuth and KeepAliveIsolateSOCKSAuth set.");
            }
        }

        private SocksSettings socksSettings() {
            int flags = (ipv6 ? Begin.IPV6_OK : 0)
                    | (ipv4 ? 0 : Begin.IPV4_NOT_OK)
                    | (ipv6 && preferIpv6 ? Begin.IPV6_PREFERRED : 0);
            // To tor ConnLimit is the least number of descriptors that it starts with; a port serves more than that.
            int connections = Math.clamp(4L * options.number("ConnLimit"), 4, 65_000);
            return new SocksSettings(
                    group,
                    isolation,
                    flags,
                    nameRequests,
                    !ipv4 && !ipv6,
                    !onion,
                    preferNoAuthentication || !isolation.contains(Isolation.CREDENTIALS),
                    options.flag("SafeSocks"),
                    options.flag("TestSocks"),
                    Duration.ofSeconds(Math.max(1, options.number("SocksTimeout"))),
                    connections,
                    connections / 2,
                    keepAlive,
                    extendedErrors);
        }

        private @Nullable InetSocketAddress address(String place) throws TorException {
            int colon = place.lastIndexOf(':');
            String host = colon < 0 ? LOOPBACK : place.substring(0, colon);
            String portText = place.substring(colon + 1);
            InetAddress address = HostText.parseAddress(host.equalsIgnoreCase("localhost") ? LOOPBACK : host);
            if (address == null) {
                throw bad("Couldn't parse address \"" + place + "\" for SocksPort");
            }
            if (portText.equalsIgnoreCase("auto")) {
                return new InetSocketAddress(address, 0);
            }
            int port = port(portText);
            if (port < 0) {
                throw bad("Couldn't parse address \"" + place + "\" for SocksPort");
            }
            if (port == 0) {
                if (colon >= 0) {
                    throw bad("SocksPort line has address but no port");
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

        private void flag(String word) throws TorException {
            String flag = word.toLowerCase(Locale.ROOT);
            if (flag.startsWith("sessiongroup=")) {
                int number = number(word.substring("sessiongroup=".length()));
                if (number < 0) {
                    throw bad("Invalid SocksPort option '" + word + "'");
                }
                if (groupGiven) {
                    throw bad("Multiple SessionGroup options on SocksPort");
                }
                group = number;
                groupGiven = true;
                return;
            }
            boolean on = !flag.startsWith("no");
            String name = on ? flag : flag.substring(2);
            switch (name) {
                case "ipv4traffic" -> ipv4 = on;
                case "ipv6traffic" -> ipv6 = on;
                case "preferipv6" -> preferIpv6 = on;
                case "dnsrequest" -> nameRequests = on;
                case "oniontraffic" -> onion = on;
                case "oniontrafficonly" -> {
                    if (!on) {
                        warnings.add(line.place() + ": Unsupported SocksPort option 'NoOnionTrafficOnly'. "
                                + "Use DNSRequest, IPv4Traffic, and/or IPv6Traffic instead.");
                    } else {
                        ipv4 = false;
                        ipv6 = false;
                        nameRequests = false;
                    }
                }
                case "prefersocksnoauth" -> preferNoAuthentication = on;
                case "keepaliveisolatesocksauth" -> keepAlive = on;
                case "extendederrors" -> extendedErrors = on;
                case "preferipv6automap" -> {}
                case "cacheipv4dns", "cacheipv6dns", "cachedns", "useipv4cache", "useipv6cache", "usednscache" -> {
                    if (on) {
                        warnings.add(line.place() + ": SocksPort option '" + word + "' has no effect: answers about names "
                                + "are never kept, because that would link your streams.");
                    }
                }
                case "groupwritable", "worldwritable", "relaxdirmodecheck" -> throw bad(
                        "You have a SocksPort entry with GroupWritable, WorldWritable, or RelaxDirModeCheck, "
                                + "but it is not a unix socket.");
                default -> isolationFlag(word, name, on);
            }
        }

        private void isolationFlag(String word, String name, boolean on) {
            Isolation kind = switch (name.endsWith("s") ? name.substring(0, name.length() - 1) : name) {
                case "isolatedestport" -> Isolation.DESTINATION_PORT;
                case "isolatedestaddr" -> Isolation.DESTINATION_HOST;
                case "isolatesocksauth" -> Isolation.CREDENTIALS;
                case "isolateclientprotocol" -> Isolation.PROTOCOL;
                case "isolateclientaddr" -> Isolation.CLIENT_ADDRESS;
                default -> null;
            };
            if (kind == null) {
                warnings.add(line.place() + ": Unrecognized SocksPort option '" + word + "'");
            } else if (on) {
                isolation.add(kind);
            } else {
                isolation.remove(kind);
            }
        }

        private static int number(String text) {
            try {
                return Integer.parseInt(text);
            } catch (NumberFormatException e) {
                return -1;
            }
        }

        private TorException bad(String what) {
            return Settings.bad(line, what);
        }
    }
}
