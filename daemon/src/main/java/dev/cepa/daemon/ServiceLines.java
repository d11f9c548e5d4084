package dev.cepa.daemon;

import dev.cepa.cell.HostText;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An onion service of the torrc: a HiddenServiceDir line, and the lines behind it up to the next.
 *
 * @param line the HiddenServiceDir line
 * @param folder the service's
 * @param ports targets by the service's ports
 * @param introPoints HiddenServiceNumIntroductionPoints
 * @param maxStreams HiddenServiceMaxStreams
 * @param maxStreamsClosesCircuit HiddenServiceMaxStreamsCloseCircuit
 */
record ServiceLines(
        ConfigLine line,
        Path folder,
        Map<Integer, List<SocketAddress>> ports,
        int introPoints,
        int maxStreams,
        boolean maxStreamsClosesCircuit) {
    private static final String LOOPBACK = "127.0.0.1";
    private static final int DEFAULT_POINTS = 3;
    private static final int MAX_POINTS = 20;

    /**
     * All services of the torrc.
     *
     * @throws TorException of kind CONFIG that says which line is wrong and why
     */
    static List<ServiceLines> readAll(Settings settings) throws TorException {
        List<ServiceLines> services = new ArrayList<>();
        Reader reader = null;
        for (ConfigLine line : settings.lines("HiddenServiceDir")) {
            if (line.key().equals("HiddenServiceDir")) {
                if (reader != null) {
                    add(services, reader.result());
                }
                reader = new Reader(line);
            } else if (reader == null) {
                throw Settings.bad(line, line.key() + " with no preceding HiddenServiceDir directive");
            } else {
                reader.read(line);
            }
        }
        if (reader != null) {
            add(services, reader.result());
        }
        return services;
    }

    private static void add(List<ServiceLines> services, ServiceLines service) throws TorException {
        for (ServiceLines other : services) {
            if (other.folder.equals(service.folder)) {
                throw Settings.bad(
                        service.line, "Another hidden service is already configured for directory " + service.folder);
            }
        }
        services.add(service);
    }

    /** Whether the service can go on with these lines, which differ in bounds and clients at most. */
    boolean canGoOnAs(ServiceLines other) {
        return folder.equals(other.folder) && ports.equals(other.ports);
    }

    private static final class Reader {
        private final ConfigLine start;
        private final Map<Integer, List<SocketAddress>> ports = new LinkedHashMap<>();
        private int introPoints = DEFAULT_POINTS;
        private int maxStreams;
        private boolean closesCircuit;

        Reader(ConfigLine start) {
            this.start = start;
        }

        ServiceLines result() throws TorException {
            if (ports.isEmpty()) {
                throw Settings.bad(start, "Hidden service with no ports configured: " + start.value());
            }
            return new ServiceLines(
                    start, Configuration.path(start.value()), ports, introPoints, maxStreams, closesCircuit);
        }

        void read(ConfigLine line) throws TorException {
            switch (line.key()) {
                case "HiddenServicePort" -> port(line);
                case "HiddenServiceVersion" -> {
                    if (number(line, 0, 99) != 3) {
                        throw Settings.bad(
                                line, "Onion services of version " + line.value() + " do not exist any more; use 3.");
                    }
                }
                case "HiddenServiceNumIntroductionPoints" -> introPoints = number(line, 0, MAX_POINTS);
                case "HiddenServiceMaxStreams" -> maxStreams = number(line, 0, 65_535);
                case "HiddenServiceMaxStreamsCloseCircuit" -> closesCircuit = number(line, 0, 1) == 1;
                case "HiddenServicePoWDefensesEnabled", "HiddenServiceEnableIntroDoSDefense" -> {
                    if (number(line, 0, 1) == 1) {
                        throw Settings.bad(
                                line, line.key() + " is not supported yet, and without it the service would be less "
                                        + "protected than you expect. Remove the line if you can do without it.");
                    }
                }
                default -> {
                    // What else is not supported yet is named all at once.
                }
            }
        }

        private static int number(ConfigLine line, int low, int high) throws TorException {
            int number;
            try {
                number = Integer.parseInt(line.value().strip());
            } catch (NumberFormatException e) {
                number = low - 1;
            }
            if (number < low || number > high) {
                throw Settings.bad(
                        line, line.key() + " must be between " + low + " and " + high + ", not " + line.value());
            }
            return number;
        }

        private void port(ConfigLine line) throws TorException {
            String value = line.value().strip();
            int space = 0;
            while (space < value.length() && value.charAt(space) != ' ' && value.charAt(space) != '\t') {
                space++;
            }
            int port = portNumber(value.substring(0, space));
            if (port < 0) {
                throw Settings.bad(line, "Missing or invalid port in hidden service port configuration: " + value);
            }
            String target = value.substring(space).strip();
            ports.computeIfAbsent(port, none -> new ArrayList<>()).add(target(line, target, port));
        }

        private static SocketAddress target(ConfigLine line, String target, int port) throws TorException {
            if (target.startsWith("unix:")) {
                return unixSocket(line, target.substring("unix:".length()));
            }
            if (target.isEmpty()) {
                return address(line, LOOPBACK, port);
            }
            int bare = portNumber(target);
            if (bare > 0) {
                return address(line, LOOPBACK, bare);
            }
            int colon = target.lastIndexOf(':');
            boolean withPort = colon > 0 && (target.charAt(colon - 1) == ']' || target.indexOf(':') == colon);
            int targetPort = withPort ? portNumber(target.substring(colon + 1)) : port;
            if (targetPort < 0) {
                throw Settings.bad(
                        line, "Unparseable or out-of-range port in hidden service port configuration: " + target);
            }
            return address(line, withPort ? target.substring(0, colon) : target, targetPort);
        }

        private static SocketAddress unixSocket(ConfigLine line, String text) throws TorException {
            boolean quoted = text.length() > 1 && text.startsWith("\"") && text.endsWith("\"");
            try {
                return UnixDomainSocketAddress.of(quoted ? text.substring(1, text.length() - 1) : text);
            } catch (InvalidPathException e) {
                throw Settings.bad(line, "Not the path of a socket: " + text);
            }
        }

        /** The operator's own server, which may have a name: it is looked up when the torrc is read, as C tor does it. */
        private static SocketAddress address(ConfigLine line, String host, int port) throws TorException {
            String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
            InetAddress address = HostText.parseAddress(bare.equalsIgnoreCase("localhost") ? LOOPBACK : bare);
            try {
                return new InetSocketAddress(address != null ? address : InetAddress.getByName(bare), port);
            } catch (UnknownHostException e) {
                String what = ": Unparseable address in hidden service port configuration: ";
                throw new TorException(ErrorKind.CONFIG, line.place() + what + host, e);
            }
        }

        /** From 1 to 65,535; -1 if it is not one. */
        private static int portNumber(String text) {
            try {
                int port = Integer.parseInt(text);
                return port >= 1 && port <= 65_535 ? port : -1;
            } catch (NumberFormatException e) {
                return -1;
            }
        }
    }
}
