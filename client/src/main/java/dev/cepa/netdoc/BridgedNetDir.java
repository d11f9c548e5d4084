package dev.cepa.netdoc;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of the network with the client's bridges, as relays that have no flags and so no place in a path but the first,
 * which the guards' rules give them. A bridge that the consensus lists has its number there; the others have those from
 * {@link #size()} on, so that whoever goes through all listed relays never meets them. Immutable.
 */
public final class BridgedNetDir extends NetDir {
    /** Those that nobody lists: number {@code size() + i}. */
    private final List<BridgeRelay> unlisted = new ArrayList<>();
    /** Those that the consensus lists, and their numbers. */
    private final List<BridgeRelay> listed = new ArrayList<>();

    private final int[] listedAt;

    private BridgedNetDir(NetDir network, List<BridgeRelay> bridges) {
        super(network);
        listedAt = new int[bridges.size()];
        for (BridgeRelay bridge : bridges) {
            int relay = network.indexOf(bridge.descriptor().rsaId());
            if (relay < 0) {
                unlisted.add(bridge);
            } else {
                listedAt[listed.size()] = relay;
                listed.add(bridge);
            }
        }
    }

    /**
     * The network with those bridges.
     *
     * @param network null if there is no consensus yet: then it is one of bridges alone
     * @param bridges of different identities
     */
    public static BridgedNetDir of(@Nullable NetDir network, List<BridgeRelay> bridges) {
        return new BridgedNetDir(network == null ? new NetDirBuilder(Consensus.none()).build() : network, bridges);
    }

    @Override
    public @Nullable BridgeRelay bridge(int relay) {
        if (relay >= size()) {
            return unlisted.get(relay - size());
        }
        for (int i = 0; i < listed.size(); i++) {
            if (listedAt[i] == relay) {
                return listed.get(i);
            }
        }
        return null;
    }

    @Override
    public int limit() {
        return size() + unlisted.size();
    }

    private @Nullable ServerDescriptor own(int relay) {
        return relay < size() ? null : unlisted.get(relay - size()).descriptor();
    }

    @Override
    public int indexOf(RsaId id) {
        for (int i = 0; i < unlisted.size(); i++) {
            if (unlisted.get(i).descriptor().rsaId().equals(id)) {
                return size() + i;
            }
        }
        return super.indexOf(id);
    }

    @Override
    public int indexOf(Ed25519Id id) {
        for (int i = 0; i < unlisted.size(); i++) {
            if (unlisted.get(i).descriptor().ed25519Id().equals(id)) {
                return size() + i;
            }
        }
        return super.indexOf(id);
    }

    @Override
    public RsaId rsaId(int relay) {
        ServerDescriptor own = own(relay);
        return own == null ? super.rsaId(relay) : own.rsaId();
    }

    @Override
    public @Nullable Ed25519Id ed25519Id(int relay) {
        ServerDescriptor own = own(relay);
        return own == null ? super.ed25519Id(relay) : own.ed25519Id();
    }

    @Override
    public byte @Nullable [] ntorKey(int relay) {
        ServerDescriptor own = own(relay);
        return own == null ? super.ntorKey(relay) : own.ntorKey();
    }

    @Override
    public String nickname(int relay) {
        ServerDescriptor own = own(relay);
        return own == null ? super.nickname(relay) : own.nickname();
    }

    @Override
    public int flags(int relay) {
        return relay < size() ? super.flags(relay) : 0;
    }

    @Override
    public long bandwidth(int relay) {
        return relay < size() ? super.bandwidth(relay) : 0;
    }

    @Override
    public boolean isUnmeasured(int relay) {
        return relay >= size() || super.isUnmeasured(relay);
    }

    /** Of a bridge that nobody lists, where it is reached, by IPv4 or IPv6. */
    @Override
    public InetSocketAddress ipv4(int relay) {
        return relay < size() ? super.ipv4(relay) : unlisted.get(relay - size()).addresses().getFirst();
    }

    @Override
    public @Nullable InetSocketAddress ipv6(int relay) {
        return relay < size() ? super.ipv6(relay) : null;
    }

    @Override
    public boolean hasMicrodesc(int relay) {
        return relay >= size() || super.hasMicrodesc(relay);
    }

    @Override
    public Protocols protocols(int relay) {
        ServerDescriptor own = own(relay);
        return own == null ? super.protocols(relay) : own.protocols();
    }

    @Override
    public boolean exitsTo4(int relay, int port) {
        return relay < size() && super.exitsTo4(relay, port);
    }

    @Override
    public boolean exitsTo6(int relay, int port) {
        return relay < size() && super.exitsTo6(relay, port);
    }

    @Override
    public boolean exitsSomewhere(int relay) {
        return relay < size() && super.exitsSomewhere(relay);
    }

    /** Two bridges are never in one path, so that they count as one family is of no consequence. */
    @Override
    public boolean sameFamily(int a, int b) {
        ServerDescriptor ownA = own(a);
        ServerDescriptor ownB = own(b);
        if (ownA == null) {
            return ownB == null ? super.sameFamily(a, b) : sameFamily(a, ownB);
        }
        return ownB != null || sameFamily(b, ownA);
    }

    /** By all addresses that a bridge has: where it is reached, and where it says that it is. */
    @Override
    public boolean sameSubnet(int a, int b) {
        if (a < size() && b < size() && super.sameSubnet(a, b)) {
            return true;
        }
        if (bridge(a) == null && bridge(b) == null) {
            return false;
        }
        for (InetSocketAddress one : allAddresses(a)) {
            for (InetSocketAddress other : allAddresses(b)) {
                if (sameSubnet(one.getAddress(), other.getAddress())) {
                    return true;
                }
            }
        }
        return false;
    }

    private List<InetSocketAddress> allAddresses(int relay) {
        List<InetSocketAddress> all = new ArrayList<>(4);
        BridgeRelay bridge = bridge(relay);
        if (bridge != null) {
            all.addAll(bridge.addresses());
            all.addAll(bridge.descriptor().addresses());
        }
        if (relay < size()) {
            all.add(super.ipv4(relay));
            InetSocketAddress ipv6 = super.ipv6(relay);
            if (ipv6 != null) {
                all.add(ipv6);
            }
        }
        return all;
    }

    private static boolean sameSubnet(InetAddress a, InetAddress b) {
        byte[] bytesA = a.getAddress();
        byte[] bytesB = b.getAddress();
        int bytes = bytesA.length == 4 ? 2 : 4;
        if (bytesA.length != bytesB.length) {
            return false;
        }
        for (int i = 0; i < bytes; i++) {
            if (bytesA[i] != bytesB[i]) {
                return false;
            }
        }
        return true;
    }
}
