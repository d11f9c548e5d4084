package dev.cepa.directory;

import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.BridgeRelay;
import dev.cepa.netdoc.Protocols;
import dev.cepa.netdoc.ServerDescriptor;
import dev.cepa.path.PathSelector;
import java.net.InetSocketAddress;
import java.util.List;

/** A bridge as the first hop of a circuit: where the user says that it is, and who its descriptor says that it is. */
public final class BridgeHop {
    private static final int NTOR_V3 = 4;

    private BridgeHop() {}

    /** @throws TorException of kind NO_PATH if the settings let us connect to none of its addresses */
    public static HopTarget of(BridgeRelay bridge, PathSelector selector) throws TorException {
        List<InetSocketAddress> addresses = selector.addresses(bridge);
        if (addresses.isEmpty()) {
            throw new TorException(ErrorKind.NO_PATH, "the settings forbid to connect to a bridge");
        }
        ServerDescriptor descriptor = bridge.descriptor();
        return new HopTarget(
                new ChannelTarget(descriptor.rsaId(), descriptor.ed25519Id(), addresses, bridge.name(), true),
                descriptor.ntorKey(), descriptor.protocols().supports(Protocols.Name.RELAY, NTOR_V3),
                descriptor.nickname());
    }
}
