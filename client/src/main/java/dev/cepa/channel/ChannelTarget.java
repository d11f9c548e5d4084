package dev.cepa.channel;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whom a channel is to: the identities that the relay must prove, and where it may be reached.
 *
 * @param rsaId must be proved, but of a relay that is not identified: of such a one it is only what tells it from others
 * @param ed25519Id must be proved too where it is known; null where it isn't (fallback directories and authorities)
 * @param addresses resolved addresses to try, in the order of preference; at least one
 * @param shown what people are shown instead of who and where it is, for a bridge; empty to show them that
 * @param identified whether it is known who must be there; if not, whoever is there is taken
 */
public record ChannelTarget(
        RsaId rsaId, @Nullable Ed25519Id ed25519Id, List<InetSocketAddress> addresses, String shown, boolean identified) {
    public ChannelTarget {
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("a relay without an address");
        }
    }

    /** A relay of the directory. */
    public ChannelTarget(RsaId rsaId, @Nullable Ed25519Id ed25519Id, List<InetSocketAddress> addresses) {
        this(rsaId, ed25519Id, addresses, "", true);
    }

    /** As control-port events name it, but for bridges. */
    public String name() {
        return shown.isEmpty() ? "$" + rsaId : shown;
    }
}
