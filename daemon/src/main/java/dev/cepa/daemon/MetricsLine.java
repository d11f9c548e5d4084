package dev.cepa.daemon;

import dev.cepa.cell.HostText;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.path.AddressPolicy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The value of {@code MetricsPort}: {@code [address:]port|auto [prometheus] [flags]}, with {@code MetricsPortPolicy}.
 * Immutable.
 *
 * @param policy who may connect, by address; null for this computer alone
 * @param hostNames names by which the port may be called, in small letters
 * @param fingerprints whether relays are named in metrics
 * @param destinations whether the page may show where streams go
 * @param flightRecorder whether events go to the JDK's Flight Recorder
 * @param openTelemetry whether spans go to OpenTelemetry, as far as there is an SDK
 */
record MetricsLine(
        InetSocketAddress address, @Nullable AddressPolicy policy, List<String> hostNames, boolean fingerprints,
        boolean destinations, boolean flightRecorder, boolean openTelemetry) {

    /**
     * Reads the option.
     *
     * @param warnings told about addresses that others can reach
     * @return null if there is to be no port
     * @throws TorException of kind CONFIG
     */
    static @Nullable MetricsLine read(Settings settings, List<String> warnings) throws TorException {
        List<ConfigLine> lines = settings.lines("MetricsPort");
        if (lines.isEmpty()) {
            return null;
        }
        ConfigLine line = lines.get(lines.size() - 1);
        if (lines.size() > 1) {
            throw Settings.bad(line, "there is one MetricsPort at most");
        }
        Words words = new Words(line.value());
        String place = words.next();
        InetSocketAddress address = place == null ? null : address(line, place);
        if (address == null) {
            return null;
        }
        List<String> names = new ArrayList<>();
        boolean fingerprints = false;
        boolean flightRecorder = false;
        boolean openTelemetry = false;
        for (String word = words.next(); word != null; word = words.next()) {
            String flag = word.toLowerCase(Locale.ROOT);
            switch (flag) {
                case "prometheus" -> {}
                case "fingerprints" -> fingerprints = true;
                case "flightrecorder" -> flightRecorder = true;
                case "opentelemetry" -> openTelemetry = true;
                default -> {
                    if (!flag.startsWith("host=") || flag.length() == "host=".length()) {
                        throw Settings.bad(line, "MetricsPort does not know \"" + word + "\"; it knows prometheus, "
                                + "Fingerprints, Host=NAME, FlightRecorder and OpenTelemetry");
                    }
                    names.add(flag.substring("host=".length()));
                }
            }
        }
        AddressPolicy policy = policy(settings);
        if (policy != null && !address.getAddress().isLoopbackAddress()) {
            warnings.add(line.place() + ": Others can reach the MetricsPort at " + place + ", as MetricsPortPolicy says. What "
                    + "it tells helps to find out who uses Tor here, and when.");
        }
        return new MetricsLine(
                address, policy, List.copyOf(names), fingerprints, settings.text("SafeLogging").equals("0"), flightRecorder,
                openTelemetry);
    }

    private static @Nullable AddressPolicy policy(Settings settings) throws TorException {
        StringBuilder rules = new StringBuilder();
        for (ConfigLine line : settings.lines("MetricsPortPolicy")) {
            try {
                AddressPolicy.parseReachable(line.value());
            } catch (TorException e) {
                throw new TorException(e.kind(), line.place() + ": MetricsPortPolicy: " + e.getMessage(), e);
            }
            rules.append(rules.isEmpty() ? "" : ",").append(line.value());
        }
        return rules.isEmpty() ? null : AddressPolicy.parseReachable(rules.toString());
    }

    private static @Nullable InetSocketAddress address(ConfigLine line, String place) throws TorException {
        int colon = place.lastIndexOf(':');
        String host = colon < 0 ? "127.0.0.1" : place.substring(0, colon);
        String port = place.substring(colon + 1);
        InetAddress address = HostText.parseAddress(host.equalsIgnoreCase("localhost") ? "127.0.0.1" : host);
        int number = 0;
        if (!port.equalsIgnoreCase("auto")) {
            try {
                number = Integer.parseInt(port);
            } catch (NumberFormatException e) {
                number = -1;
            }
            if (number == 0 && colon < 0) {
                return null;
            }
        }
        if (address == null || number < 0 || number > 65_535) {
            throw new TorException(
                    ErrorKind.CONFIG, line.place() + ": Couldn't parse address \"" + place + "\" for MetricsPort");
        }
        return new InetSocketAddress(address, number);
    }

    /** Whether a program at that address may connect. */
    boolean allows(InetAddress from) {
        return policy == null ? from.isLoopbackAddress() : policy.accepts(from.getAddress(), address.getPort());
    }
}
