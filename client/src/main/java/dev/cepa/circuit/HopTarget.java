package dev.cepa.circuit;

import dev.cepa.cell.LinkSpecifier;
import dev.cepa.channel.ChannelTarget;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A relay as a hop of a circuit.
 *
 * @param link its identities and addresses
 * @param ntorKey its 32-byte ntor onion key; null if unknown, which only a one-hop directory circuit allows
 * @param ntorV3 whether it takes ntor-v3 handshakes (Relay=4)
 * @param nickname for people; may be empty
 * @param congestion how congestion is to be controlled, if the relay agrees (FlowCtrl=2); null: not at all
 */
public record HopTarget(
        ChannelTarget link,
        byte @Nullable [] ntorKey,
        boolean ntorV3,
        String nickname,
        @Nullable CongestionSettings congestion) {
    /** One that is not asked to control congestion. */
    public HopTarget(ChannelTarget link, byte @Nullable [] ntorKey, boolean ntorV3, String nickname) {
        this(link, ntorKey, ntorV3, nickname, null);
    }

    /** The same relay, asked to control congestion. */
    public HopTarget withCongestion(@Nullable CongestionSettings settings) {
        return new HopTarget(link, ntorKey, ntorV3, nickname, settings);
    }

    /** How it is named to another relay: one IPv4 address, both identities, one IPv6 address, as far as they are known. */
    public List<LinkSpecifier> linkSpecifiers() {
        return Handshakes.linkSpecifiers(this, true);
    }

    /** {@code $FINGERPRINT~nickname}, of bridges too. */
    String fingerprint() {
        return "$" + link.rsaId() + (nickname.isEmpty() ? "" : "~" + nickname);
    }

    /** {@code $FINGERPRINT~nickname}, as the control specification writes relays; of a bridge, what is shown. */
    @Override
    public String toString() {
        return link.shown().isEmpty() ? fingerprint() : link.shown();
    }
}
