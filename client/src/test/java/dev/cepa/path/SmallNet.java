package dev.cepa.path;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.Protocols;
import dev.cepa.netdoc.RelayFlags;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A network made by hand. Changing a relay after it was handed out makes "the next consensus". */
final class SmallNet implements NetDir, ConsensusInfo {
    static final int RUNNING = RelayFlags.RUNNING | RelayFlags.VALID | RelayFlags.FAST | RelayFlags.STABLE | RelayFlags.V2_DIR;
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
        bytes[0] = (byte) n;
        bytes[1] = (byte) (n >> 8);
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

    @Override
    public ConsensusInfo consensus() {
        return this;
    }

    @Override
    public int size() {
        return relays.size();
    }

    @Override
    public int indexOf(RsaId id) {
        return index.getOrDefault(id, -1);
    }

    @Override
    public int indexOf(Ed25519Id id) {
        return -1;
    }

    @Override
    public RsaId rsaId(int relay) {
        return relays.get(relay).id;
    }

    @Override
    public Ed25519Id ed25519Id(int relay) {
        return null;
    }

    @Override
    public byte[] ntorKey(int relay) {
        return relays.get(relay).microdesc ? new byte[32] : null;
    }

    @Override
    public String nickname(int relay) {
        return relays.get(relay).nickname;
    }

    @Override
    public int flags(int relay) {
        return relays.get(relay).flags;
    }

    @Override
    public long bandwidth(int relay) {
        return relays.get(relay).bandwidth;
    }

    @Override
    public InetSocketAddress ipv4(int relay) {
        return relays.get(relay).ipv4;
    }

    @Override
    public InetSocketAddress ipv6(int relay) {
        return relays.get(relay).ipv6;
    }

    @Override
    public boolean hasMicrodesc(int relay) {
        return relays.get(relay).microdesc;
    }

    @Override
    public int missingMicrodescs() {
        return (int) relays.stream().filter(r -> !r.microdesc).count();
    }

    @Override
    public boolean supports(int relay, Protocols.Name protocol, int version) {
        return true;
    }

    @Override
    public boolean exitsTo4(int relay, int port) {
        return contains(relays.get(relay).ports4, port);
    }

    @Override
    public boolean exitsTo6(int relay, int port) {
        return contains(relays.get(relay).ports6, port);
    }

    private static boolean contains(int[] ports, int port) {
        for (int p : ports) {
            if (p == port) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean exitsSomewhere(int relay) {
        return relays.get(relay).ports4.length + relays.get(relay).ports6.length > 0;
    }

    @Override
    public boolean sameFamily(int a, int b) {
        int family = relays.get(a).family;
        return a == b || (family != 0 && family == relays.get(b).family);
    }

    @Override
    public boolean sameSubnet(int a, int b) {
        byte[] x = ipv4(a).getAddress().getAddress();
        byte[] y = ipv4(b).getAddress().getAddress();
        return x[0] == y[0] && x[1] == y[1];
    }

    @Override
    public Instant validAfter() {
        return validAfter;
    }

    @Override
    public Instant freshUntil() {
        return validAfter.plusSeconds(3600);
    }

    @Override
    public Instant validUntil() {
        return validAfter.plusSeconds(3 * 3600);
    }

    @Override
    public int param(String name, int fallback, int min, int max) {
        return Math.max(min, Math.min(max, params.getOrDefault(name, fallback)));
    }

    @Override
    public int bandwidthWeight(String name) {
        return weights.getOrDefault(name, -1);
    }

    @Override
    public String requiredClientProtocols() {
        return "";
    }

    @Override
    public String recommendedClientProtocols() {
        return "";
    }
}
