package dev.cepa.netdoc;

import java.net.InetSocketAddress;
import java.util.List;

/**
 * A bridge that we know well enough to build circuits through.
 *
 * @param descriptor what it says of itself, verified, and of the identity that it must have
 * @param addresses where the user says that it is reached, in the order in which to try them; what its descriptor says of that
 *     is never used
 * @param name what people are shown, who must not learn where a bridge is; empty to show them what relays are shown by
 */
public record BridgeRelay(ServerDescriptor descriptor, List<InetSocketAddress> addresses, String name) {
    /** @throws IllegalArgumentException without an address */
    public BridgeRelay {
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("a bridge without an address");
        }
    }
}
