package dev.cepa.path;

import dev.cepa.cell.RsaId;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.netdoc.TestDirectory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A network made by hand. Changing a relay and taking {@link #dir()} again makes the next consensus. */
final class SmallNet {
    static final int RUNNING =
            RelayFlags.RUNNING | RelayFlags.VALID | RelayFlags.FAST | RelayFlags.STABLE | RelayFlags.V2_DIR;
    static final int GUARD = RUNNING | RelayFlags.GUARD;
    static final int EXIT = RUNNING | RelayFlags.EXIT;

    static final class Relay {
        RsaId id;
        String nickname;
        int flags;
        long bandwidth;
        InetSocketAddress ipv4;
        InetSocketAddress ipv6;
        boolean microdesc = true;
        int family;
        int[] ports4 = {};
        int[] ports6 = {};
    }

    final List<Relay> relays = new ArrayList<>();
    final Map<String, Integer> params = new HashMap<>();
    final Map<String, Integer> weights = new HashMap<>();
    private final Map<RsaId, Integer> index = new HashMap<>();
    Instant validAfter = Instant.parse("2026-11-24T00:00:00Z");

    /** Each relay in a /16 of its own. */
    int add(int flags, long bandwidth, int... ports) {
        int n = relays.size();
        Relay relay = new Relay();
        relay.id = id(n);
        relay.nickname = "relay" + n;
        relay.flags = flags;
        relay.bandwidth = bandwidth;
        relay.ipv4 = address(10 + n / 250, n % 250, 0, 1, 9001);
        relay.ports4 = ports;
        relays.add(relay);
        index.put(relay.id, n);
        return n;
    }

    SmallNet many(int count, int flags, long bandwidth, int... ports) {
        for (int i = 0; i < count; i++) {
            add(flags, bandwidth, ports);
        }
        return this;
    }

    SmallNet weights(String... pairs) {
        for (String pair : pairs) {
            weights.put(pair.substring(0, 3), Integer.parseInt(pair.substring(4)));
        }
        return this;
    }

    /** The weights of a day on the real network. */
    SmallNet realWeights() {
        return weights(
                "Wbd=0", "Wbe=0", "Wbg=4131", "Wbm=10000", "Wdb=10000", "Web=10000", "Wed=10000", "Wee=10000",
                "Weg=10000", "Wem=10000", "Wgb=10000", "Wgd=0", "Wgg=5869", "Wgm=5869", "Wmb=10000", "Wmd=0",
                "Wme=0", "Wmg=4131", "Wmm=10000");
    }

    static RsaId id(int n) {
        byte[] bytes = new byte[20];
        bytes[0] = (byte) (n >> 8);
        bytes[1] = (byte) n;
        bytes[19] = 1;
        return RsaId.of(bytes);
    }

    static InetSocketAddress address(int a, int b, int c, int d, int port) {
        try {
            return new InetSocketAddress(
                    InetAddress.getByAddress(new byte[] {(byte) a, (byte) b, (byte) c, (byte) d}), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    int indexOf(RsaId id) {
        return index.getOrDefault(id, -1);
    }

    /** The network as it is now, read from documents that say so. */
    NetDir dir() {
        TestDirectory network = new TestDirectory().validAfter(validAfter);
        params.forEach(network::param);
        weights.forEach((name, value) -> network.weights(name + "=" + value));
        for (Relay relay : relays) {
            TestDirectory.Relay made = network.relay(relay.nickname)
                    .rsaId(relay.id)
                    .flags(relay.flags)
                    .bandwidth(relay.bandwidth)
                    .ipv4(relay.ipv4.getAddress().getHostAddress(), relay.ipv4.getPort())
                    .policy(policy(relay.ports4))
                    .policy6(policy(relay.ports6))
                    .microdesc(relay.microdesc);
            if (relay.ipv6 != null) {
                made.ipv6("[" + relay.ipv6.getAddress().getHostAddress() + "]:" + relay.ipv6.getPort());
            }
            if (relay.family != 0) {
                made.familyIds("family" + relay.family);
            }
        }
        return network.build();
    }

    private static String policy(int[] ports) {
        return ports.length == 0
                ? "reject 1-65535"
                : Arrays.stream(ports)
                        .sorted()
                        .mapToObj(Integer::toString)
                        .collect(Collectors.joining(",", "accept ", ""));
    }
}
