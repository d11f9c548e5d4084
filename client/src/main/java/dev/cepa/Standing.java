package dev.cepa;

import dev.cepa.cell.RsaId;
import dev.cepa.channel.Channel;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.NetDir;
import dev.cepa.path.GuardInfo;
import dev.cepa.path.Vanguards;
import dev.cepa.proxy.ListenerKind;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Says how things stand in a client, in the events that led there. */
final class Standing {
    private Standing() {}

    /** @param dir null if there is none yet */
    static void tell(
            @Nullable NetDir dir, List<GuardInfo> guards, Vanguards vanguards, List<Channel> channels, Listeners ports,
            TorEventListener listener) {
        if (dir != null) {
            ConsensusInfo info = dir.consensus();
            listener.onEvent(new TorEvent.ConsensusArrived(dir.size(), info.validAfter(), info.validUntil()));
        }
        for (GuardInfo guard : guards) {
            listener.onEvent(new TorEvent.GuardStatus(guard.shown(), switch (guard.status()) {
                case "up" -> "UP";
                case "down" -> "DOWN";
                default -> "NEW";
            }));
        }
        layer(vanguards.secondLayer(), "GOOD_L2", dir, listener);
        layer(vanguards.thirdLayer(), "GOOD_L3", dir, listener);
        for (Channel channel : channels) {
            channel.describe(listener);
        }
        for (ListenerKind kind : ListenerKind.values()) {
            for (SocketAddress address : ports.addresses(kind)) {
                listener.onEvent(kind.opened(address));
            }
        }
    }

    private static void layer(List<RsaId> layer, String status, @Nullable NetDir dir, TorEventListener listener) {
        for (RsaId id : layer) {
            int relay = dir == null ? -1 : dir.indexOf(id);
            String name = dir == null || relay < 0 ? "" : "~" + dir.nickname(relay);
            listener.onEvent(new TorEvent.GuardStatus("$" + id + name, status));
        }
    }
}
