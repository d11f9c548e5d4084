package dev.cepa.daemon;

import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.error.TorException;
import dev.cepa.proxy.PortSettings;
import dev.cepa.proxy.PortSettings.Isolation;
import dev.cepa.proxy.SocketFileMode;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The value of a {@code SocksPort} line or one of its like: {@code [address:]port|auto|unix:path [flags]}. Immutable.
 *
 * @param address where to listen, port 0 for any free one; null for {@code SocksPort 0}
 */
record PortLine(@Nullable SocketAddress address, PortSettings settings) {
    /**
     * Reads all lines of an option; without any, its default.
     *
     * @param option such as {@code SocksPort}
     * @param defaultPort where to listen without any line; 0 for nowhere
     * @param common what holds for every line before its flags do
     * @param firstGroup below zero, so that it can't be given by hand: each line has a group of its own, counted down
     * @param warnings told about flags that are taken without effect, and about ports that others can reach
     * @throws TorException of kind CONFIG
     */
    static List<PortLine> readAll(
            Settings settings, String option, int defaultPort, PortSettings common, int firstGroup, List<String> warnings)
            throws TorException {
        List<ConfigLine> lines = settings.lines(option);
        List<PortLine> ports = new ArrayList<>();
        ConfigLine disabling = null;
        ConfigLine enabling = null;
        for (ConfigLine line : lines) {
            PortLine port = new Reader(line, option, common, firstGroup - ports.size(), warnings).read();
            if (port.address() == null) {
                disabling = line;
            } else {
                enabling = line;
                ports.add(port);
            }
        }
        if (disabling != null && enabling != null) {
            throw Settings.bad(enabling, "You specified a nonzero " + option + " along with '" + option + " 0' ("
                    + disabling.place() + ") in the same configuration. Did you mean to disable " + option + " or not?");
        }
        if (lines.isEmpty() && defaultPort != 0) {
            ConfigLine standard = new ConfigLine(
                    option, Integer.toString(defaultPort), ConfigLine.Mode.SET, "default", 0);
            ports.add(new Reader(standard, option, common, firstGroup, warnings).read());
        }
        return ports;
    }

    /** Reads one line. */
    private static final class Reader {
        private final ConfigLine line;
        private final String option;
        private final PortSettings common;
        private final List<String> warnings;

        private final Set<Isolation> isolation = EnumSet.copyOf(PortSettings.DEFAULT.isolation());
        private int group;
        private boolean groupGiven;
        private boolean ipv4 = true;
        private boolean ipv6 = true;
        private boolean preferIpv6;
        private boolean nameRequests = true;
        private boolean onion = true;
        private boolean preferNoAuthentication;
        private boolean keepAlive;
        private boolean extendedErrors;
        private boolean preferIpv6Automap = true;
        private boolean keepAnswers;
        private boolean useAnswers;
        private boolean groupWritable;
        private boolean worldWritable;
        private boolean relaxedFolder;

        Reader(ConfigLine line, String option, PortSettings common, int group, List<String> warnings) {
            this.line = line;
            this.option = option;
            this.common = common;
            this.warnings = warnings;
            this.group = group;
            keepAnswers = common.keepAnswers();
            useAnswers = common.useAnswers();
        }

        PortLine read() throws TorException {
            PortPlace place = PortPlace.read(line, option);
            Words words = new Words(place.rest());
            for (String word = words.next(); word != null; word = words.next()) {
                flag(word);
            }
            SocketAddress address = place.address();
            check(address instanceof UnixDomainSocketAddress);
            if (address instanceof UnixDomainSocketAddress && (option.equals("DNSPort") || option.equals("TransPort"))) {
                throw bad(option + " can't be a unix socket");
            }
            if (address instanceof InetSocketAddress inet && !inet.getAddress().isLoopbackAddress()) {
                warnings.add(line.place() + ": You specified a public address '" + place.text() + "' for " + option + ". Other people "
                        + "on the Internet might find your computer and use it as an open proxy. Please don't allow this "
                        + "unless you have a good reason.");
            }
            return new PortLine(address, portSettings());
        }

        private void check(boolean inFileSystem) throws TorException {
            if (!inFileSystem && (groupWritable || worldWritable || relaxedFolder)) {
                throw bad("You have a " + option + " entry with GroupWritable, WorldWritable, or RelaxDirModeCheck, "
                        + "but it is not a unix socket.");
            }
            if (!ipv4 && !ipv6 && !onion) {
                throw bad("You have a " + option + " entry with all of IPv4 and IPv6 and .onion disabled; that won't work.");
            }
            if (nameRequests && !ipv4 && !ipv6) {
                throw bad("You have a " + option + " entry with DNSRequest enabled, but IPv4 and IPv6 disabled; "
                        + "DNS-based sites won't work.");
            }
            if (keepAlive && !isolation.contains(Isolation.CREDENTIALS)) {
                throw bad("You have a " + option + " entry with both NoIsolateSOCKSAuth and KeepAliveIsolateSOCKSAuth set.");
            }
        }

        private PortSettings portSettings() {
            int flags = (ipv6 ? Begin.IPV6_OK : 0)
                    | (ipv4 ? 0 : Begin.IPV4_NOT_OK)
                    | (ipv6 && preferIpv6 ? Begin.IPV6_PREFERRED : 0);
            SocketFileMode file = common.socketFile();
            return common.toBuilder()
                    .group(group)
                    .isolation(isolation)
                    .beginFlags(flags)
                    .nameRequests(nameRequests)
                    .onions(!ipv4 && !ipv6, !onion)
                    .preferNoAuthentication(preferNoAuthentication || !isolation.contains(Isolation.CREDENTIALS))
                    .keepAlive(keepAlive)
                    .extendedErrors(extendedErrors)
                    .preferIpv6Automap(preferIpv6Automap)
                    .answers(keepAnswers, useAnswers)
                    .socketFile(new SocketFileMode(
                            groupWritable || file.group(), worldWritable || file.world(),
                            relaxedFolder || file.relaxedFolder()))
                    .build();
        }

        private void flag(String word) throws TorException {
            String flag = word.toLowerCase(Locale.ROOT);
            if (flag.startsWith("sessiongroup=")) {
                int number = number(word.substring("sessiongroup=".length()));
                if (number < 0) {
                    throw bad("Invalid " + option + " option '" + word + "'");
                }
                if (groupGiven) {
                    throw bad("Multiple SessionGroup options on " + option);
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
                        warnings.add(line.place() + ": Unsupported " + option + " option 'NoOnionTrafficOnly'. "
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
                case "preferipv6automap" -> preferIpv6Automap = on;
                case "cacheipv4dns", "cacheipv6dns", "cachedns" -> keepAnswers = on;
                case "useipv4cache", "useipv6cache", "usednscache" -> useAnswers = on;
                case "groupwritable" -> groupWritable = on;
                case "worldwritable" -> worldWritable = on;
                case "relaxdirmodecheck" -> relaxedFolder = on;
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
                warnings.add(line.place() + ": Unrecognized " + option + " option '" + word + "'");
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
