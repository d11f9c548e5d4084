package dev.cepa.channel;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * This computer's addresses that relays are connected to from (torrc's {@code OutboundBindAddress}). Immutable.
 *
 * @param ipv4 null to leave it to the system
 * @param ipv6 null to leave it to the system
 */
public record OutboundAddresses(@Nullable Inet4Address ipv4, @Nullable Inet6Address ipv6) {
    /** Leaves it to the system. */
    public static final OutboundAddresses ANY = new OutboundAddresses(null, null);

    /**
     * These with another one.
     *
     * @throws TorException of kind CONFIG if there is one of that family already
     */
    public OutboundAddresses with(InetAddress address) throws TorException {
        if (address instanceof Inet4Address four && ipv4 == null) {
            return new OutboundAddresses(four, ipv6);
        }
        if (address instanceof Inet6Address six && ipv6 == null) {
            return new OutboundAddresses(ipv4, six);
        }
        throw new TorException(
                ErrorKind.CONFIG,
                "Multiple " + (address instanceof Inet4Address ? "IPv4" : "IPv6") + " outbound bind addresses configured: "
                        + address.getHostAddress());
    }

    /** These, and for families that they have not, those others. */
    public OutboundAddresses or(OutboundAddresses others) {
        return new OutboundAddresses(ipv4 != null ? ipv4 : others.ipv4, ipv6 != null ? ipv6 : others.ipv6);
    }

    /** The one to connect from; null to leave it to the system. */
    @Nullable InetAddress towards(InetAddress target) {
        return target instanceof Inet4Address ? ipv4 : ipv6;
    }
}
