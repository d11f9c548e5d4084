package dev.cepa.monitor;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Predicate;

/**
 * How a {@link Monitor} is set up. Immutable.
 *
 * @param address where it listens; port 0 for any free one
 * @param allowed who may connect; nobody else gets an answer
 * @param hostNames names by which it may be called beside addresses and {@code localhost}, in small letters
 * @param fingerprints whether relays are named in metrics
 * @param destinations whether the page may show where streams go
 */
public record MonitorSettings(
        InetSocketAddress address, Predicate<InetAddress> allowed, List<String> hostNames, boolean fingerprints,
        boolean destinations) {
    /** Any free port of this computer, for this computer alone, with nothing that tells of users or relays. */
    public static final MonitorSettings DEFAULT = new MonitorSettings(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            InetAddress::isLoopbackAddress,
            List.of(),
            false,
            false);

    /** Copies what could change. */
    public MonitorSettings {
        hostNames = List.copyOf(hostNames);
    }
}
