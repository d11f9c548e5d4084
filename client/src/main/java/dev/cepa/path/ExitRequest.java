package dev.cepa.path;

import dev.cepa.cell.RsaId;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an exit must be able to do for a stream.
 *
 * @param port the destination's port, 1 to 65535; 0: any exit will do, as for resolving names
 * @param family which policy must take the port
 * @param stable whether the path must be of Stable relays
 * @param avoid exits that must not be used, because they failed for this stream
 * @param within the only exits that will do; null for any
 * @param conflux whether it must be able to join circuits into a set
 */
public record ExitRequest(
        int port, Family family, boolean stable, Set<RsaId> avoid, @Nullable RelaySet within, boolean conflux) {
    /** Which of an exit's policies counts. */
    public enum Family {
        IPV4,
        IPV6
    }

    public ExitRequest {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port " + port);
        }
        avoid = Set.copyOf(avoid);
    }

    /** Any exit, for no port in particular. */
    public static ExitRequest any() {
        return new ExitRequest(0, Family.IPV4, false, Set.of(), null, false);
    }

    /** For an IPv4 destination. */
    public static ExitRequest ipv4(int port, boolean stable) {
        return new ExitRequest(port, Family.IPV4, stable, Set.of(), null, false);
    }

    /** For an IPv6 destination. */
    public static ExitRequest ipv6(int port, boolean stable) {
        return new ExitRequest(port, Family.IPV6, stable, Set.of(), null, false);
    }

    /**
     * For a host name, whose address only the exit will know. As long as IPv4 is wanted at all the IPv4 policy counts,
     * because most names have an IPv4 address.
     */
    public static ExitRequest name(int port, boolean stable, boolean wantsIpv4) {
        return new ExitRequest(port, wantsIpv4 ? Family.IPV4 : Family.IPV6, stable, Set.of(), null, false);
    }

    /** The same, without those exits. */
    public ExitRequest avoiding(Set<RsaId> exits) {
        return new ExitRequest(port, family, stable, exits, within, conflux);
    }

    /** The same, with one of those exits; null for any. */
    public ExitRequest within(@Nullable RelaySet exits) {
        return new ExitRequest(port, family, stable, avoid, exits, conflux);
    }

    /** The same, of an exit that can join circuits into a set. */
    public ExitRequest overConflux() {
        return new ExitRequest(port, family, stable, avoid, within, true);
    }
}
