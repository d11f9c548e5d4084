package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.RsaId;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BridgedNetDirTest {
    private static final RsaId BRIDGE = RsaId.ofHex("B000000000000000000000000000000000000001");
    private static final RsaId LISTED = RsaId.ofHex("C000000000000000000000000000000000000002");
    private static final InetSocketAddress AT = new InetSocketAddress("192.0.2.7", 443);

    private final TestDirectory network = new TestDirectory();
    private NetDir dir;

    @BeforeEach
    void network() {
        network.relay("near").ipv4("192.0.9.9", 9001);
        network.relay("beside").ipv4("198.51.7.7", 9001);
        network.relay("far").ipv4("203.0.113.1", 9001).family("$" + BRIDGE);
        network.relay("kin").ipv4("203.1.113.1", 9001).familyIds("ed25519:x");
        network.relay("listed").rsaId(LISTED).ipv4("203.2.113.1", 9001).flags(RelayFlags.RUNNING | RelayFlags.EXIT);
        dir = network.build();
    }

    private static BridgedNetDir with(NetDir network, String family, String ids) {
        return BridgedNetDir.of(network, List.of(TestDescriptors.bridge(BRIDGE, "bridge", family, ids, AT)));
    }

    private int relay(String name) {
        for (int i = 0; i < dir.size(); i++) {
            if (dir.nickname(i).equals(name)) {
                return i;
            }
        }
        throw new IllegalArgumentException(name);
    }

    @Test
    void anUnlistedBridgeIsBehindAllListedRelaysAndHasNoFlags() {
        BridgedNetDir bridged = with(dir, "", "");
        int bridge = bridged.indexOf(BRIDGE);
        assertThat(bridge).isEqualTo(dir.size());
        assertThat(bridged.size()).isEqualTo(dir.size());
        assertThat(bridged.limit()).isEqualTo(dir.size() + 1);
        assertThat(bridged.flags(bridge)).isZero();
        assertThat(bridged.bandwidth(bridge)).isZero();
        assertThat(bridged.exitsSomewhere(bridge)).isFalse();
        assertThat(bridged.hasMicrodesc(bridge)).isTrue();
        assertThat(bridged.rsaId(bridge)).isEqualTo(BRIDGE);
        assertThat(bridged.ed25519Id(bridge)).isNotNull();
        assertThat(bridged.indexOf(bridged.ed25519Id(bridge))).isEqualTo(bridge);
        assertThat(bridged.ntorKey(bridge)).hasSize(32);
        assertThat(bridged.nickname(bridge)).isEqualTo("bridge");
        assertThat(bridged.ipv4(bridge)).isEqualTo(AT);
        assertThat(bridged.supports(bridge, Protocols.Name.RELAY, 4)).isTrue();
        assertThat(bridged.bridge(bridge).addresses()).containsExactly(AT);
        assertThat(bridged.bridge(0)).isNull();
        assertThat(bridged.bridge(-1)).isNull();
        assertThat(dir.indexOf(BRIDGE)).isEqualTo(-1);
    }

    @Test
    void aListedBridgeKeepsItsPlaceAndWhatTheConsensusSaysOfIt() {
        BridgedNetDir bridged = BridgedNetDir.of(dir, List.of(TestDescriptors.bridge(LISTED, "other", AT)));
        int relay = relay("listed");
        assertThat(bridged.indexOf(LISTED)).isEqualTo(relay);
        assertThat(bridged.limit()).isEqualTo(dir.size());
        assertThat(bridged.bridge(relay).addresses()).containsExactly(AT);
        assertThat(bridged.ipv4(relay)).isEqualTo(dir.ipv4(relay));
        assertThat(bridged.flags(relay)).isEqualTo(dir.flags(relay));
        assertThat(bridged.sameSubnet(relay, relay("near"))).isTrue();
        assertThat(dir.sameSubnet(relay, relay("near"))).isFalse();
    }

    @Test
    void subnetsAreThoseOfTheLineAndOfTheDescriptor() {
        BridgedNetDir bridged = with(dir, "", "");
        int bridge = dir.size();
        assertThat(bridged.sameSubnet(bridge, relay("near"))).isTrue();
        assertThat(bridged.sameSubnet(relay("beside"), bridge)).isTrue();
        assertThat(bridged.sameSubnet(bridge, relay("far"))).isFalse();
        assertThat(bridged.sameSubnet(relay("near"), relay("beside"))).isEqualTo(dir.sameSubnet(relay("near"), relay("beside")));
    }

    @Test
    void aFamilyIsOneThatBothSay() {
        String far = "$" + dir.rsaId(relay("far"));
        String near = "$" + dir.rsaId(relay("near"));
        int bridge = dir.size();
        assertThat(with(dir, far, "").sameFamily(bridge, relay("far"))).isTrue();
        assertThat(with(dir, "far", "").sameFamily(relay("far"), bridge)).isTrue();
        assertThat(with(dir, near, "").sameFamily(bridge, relay("near"))).as("a bridge alone rules out nobody").isFalse();
        assertThat(with(dir, "", "").sameFamily(bridge, relay("far"))).isFalse();
        assertThat(with(dir, "", "ed25519:y ed25519:x").sameFamily(bridge, relay("kin"))).isTrue();
        assertThat(with(dir, "", "ed25519:y").sameFamily(bridge, relay("kin"))).isFalse();
        assertThat(with(dir, far, "").sameFamily(relay("far"), relay("near"))).isFalse();
    }

    @Test
    void thereCanBeBridgesWithoutANetwork() {
        BridgedNetDir alone = with(null, "", "");
        assertThat(alone.size()).isZero();
        assertThat(alone.limit()).isEqualTo(1);
        assertThat(alone.indexOf(BRIDGE)).isZero();
        assertThat(alone.indexOf(LISTED)).isEqualTo(-1);
        assertThat(alone.bridge(0)).isNotNull();
        assertThat(alone.consensus().param("guard-n-primary-guards", 3, 1, 10)).isEqualTo(3);
    }
}
