package dev.cepa.channel;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whom a channel is to: the identities that the relay must prove, and where it may be reached.
 *
 * @param rsaId must be proved
 * @param ed25519Id must be proved too where it is known; null where it isn't (fallback directories and authorities)
 * @param addresses resolved addresses to try, in the order of preference; at least one
 */
public record ChannelTarget(RsaId rsaId, @Nullable Ed25519Id ed25519Id, List<InetSocketAddress> addresses) {
    public ChannelTarget {
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("relay " + rsaId + " has no address");
        }
    }
}
