package dev.cepa.daemon;

import dev.cepa.error.TorException;
import dev.cepa.onion.ServiceSettings;
import dev.cepa.onion.ServiceSettings.IntroductionLimit;
import dev.cepa.onion.ServiceSettings.ProofOfWork;
import dev.cepa.onion.ServiceSettings.Streams;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An onion service of the torrc: a HiddenServiceDir line, and the lines behind it up to the next.
 *
 * @param line the HiddenServiceDir line
 * @param folder the service's
 * @param groupReadable whether a group may see what is in the folder
 * @param ports targets by the service's ports
 * @param settings what else the lines say; its authorised clients are in the folder
 */
record ServiceLines(
        ConfigLine line,
        Path folder,
        boolean groupReadable,
        Map<Integer, List<SocketAddress>> ports,
        ServiceSettings settings) {
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
        return folder.equals(other.folder)
                && ports.equals(other.ports)
                && settings.streams().exportsCircuit() == other.settings.streams().exportsCircuit();
    }

    private static final class Reader {
        private final ConfigLine start;
        private final Map<Integer, List<SocketAddress>> ports = new LinkedHashMap<>();
        private int introPoints = ServiceSettings.DEFAULT.introPoints();
        private int maxStreams;
        private boolean closesCircuit;
        private boolean unknownPortClosesCircuit;
        private boolean exportsCircuit;
        private boolean groupReadable;
        private @Nullable ConfigLine balanced;
        private boolean proofOfWork;
        private int workRate = ProofOfWork.DEFAULT.rate();
        private int workBurst = ProofOfWork.DEFAULT.burst();
        private boolean limits;
        private int limitRate = IntroductionLimit.DEFAULT.rate();
        private int limitBurst = IntroductionLimit.DEFAULT.burst();

        Reader(ConfigLine start) {
            this.start = start;
        }

        ServiceLines result() throws TorException {
            if (ports.isEmpty()) {
                throw Settings.bad(start, "Hidden service with no ports configured: " + start.value());
            }
            Path folder = Configuration.path(start.value());
            Streams streams = new Streams(maxStreams, closesCircuit, unknownPortClosesCircuit, exportsCircuit);
            ServiceSettings settings;
            try {
                settings = ServiceSettings.DEFAULT
                        .withIntroPoints(introPoints)
                        .withStreams(streams)
                        .withProofOfWork(proofOfWork ? new ProofOfWork(workRate, workBurst) : null)
                        .withMasters(balanced == null ? List.of() : BalanceFile.read(balanced, folder))
                        .withIntroductionLimit(limits ? new IntroductionLimit(limitRate, limitBurst) : null);
            } catch (IllegalArgumentException e) {
                throw Settings.bad(start, "In the service of this line, " + e.getMessage());
            }
            return new ServiceLines(start, folder, groupReadable, ports, settings);
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
                case "HiddenServiceNumIntroductionPoints" ->
                    introPoints = number(line, 0, ServiceSettings.MAX_INTRO_POINTS);
                case "HiddenServiceMaxStreams" -> maxStreams = number(line, 0, 65_535);
                case "HiddenServiceMaxStreamsCloseCircuit" -> closesCircuit = isOn(line);
                // Left out, it keeps circuits as C tor does in fact; written down, it means what the manual says.
                case "HiddenServiceAllowUnknownPorts" -> unknownPortClosesCircuit = !isOn(line);
                case "HiddenServiceExportCircuitID" -> exportsCircuit = exports(line);
                case "HiddenServiceOnionBalanceInstance" -> balanced = isOn(line) ? line : null;
                case "HiddenServiceDirGroupReadable" -> groupReadable = isOn(line);
                case "HiddenServicePoWDefensesEnabled" -> proofOfWork = isOn(line);
                case "HiddenServicePoWQueueRate" -> workRate = number(line, 0, Integer.MAX_VALUE);
                case "HiddenServicePoWQueueBurst" -> workBurst = number(line, 0, Integer.MAX_VALUE);
                case "HiddenServiceEnableIntroDoSDefense" -> limits = isOn(line);
                case "HiddenServiceEnableIntroDoSRatePerSec" -> limitRate = number(line, 0, Integer.MAX_VALUE);
                case "HiddenServiceEnableIntroDoSBurstPerSec" -> limitBurst = number(line, 0, Integer.MAX_VALUE);
                default -> {
                    // What else is not supported yet is named all at once.
                }
            }
        }

        private static boolean exports(ConfigLine line) throws TorException {
            return switch (line.value().strip().toLowerCase(Locale.ROOT)) {
                case "haproxy" -> true;
                case "none" -> false;
                default -> throw Settings.bad(line, line.key() + " must be 'haproxy' or 'none'.");
            };
        }

        private static boolean isOn(ConfigLine line) throws TorException {
            return number(line, 0, 1) == 1;
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
            int port = ServiceTarget.portNumber(value.substring(0, space));
            if (port < 0) {
                throw Settings.bad(line, "Missing or invalid port in hidden service port configuration: " + value);
            }
            String target = value.substring(space).strip();
            ports.computeIfAbsent(port, none -> new ArrayList<>()).add(ServiceTarget.parse(line, target, port));
        }
    }
}
