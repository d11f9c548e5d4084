package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage.CreateFast;
import dev.cepa.cell.ChannelMessage.Destroy;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.crypto.ClientHandshake;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Channels to real relays. */
class ChannelIT {
    private static TestNetwork network;

    private final ChannelManager manager = new ChannelManager(ChannelSettings.DEFAULT, new TorEvents());

    @BeforeAll
    static void start() throws Exception {
        network = TestNetworks.shared();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void opensChannelAndCreatesCircuitsAtEveryRelayAndBridge() throws Exception {
        List<Node> nodes = new ArrayList<>(network.relays());
        nodes.addAll(network.nodes(NodeKind.BRIDGE));
        assertThat(nodes).isNotEmpty();
        for (Node node : nodes) {
            Channel channel = get(manager, target(node));
            assertThat(channel.ed25519Id()).isEqualTo(ed25519Id(node));
            assertThat(channel.linkProtocol()).isEqualTo(5);
            assertThat(channel.clockSkew()).isBetween(Duration.ofSeconds(-5), Duration.ofSeconds(5));
            for (int i = 0; i < 3; i++) {
                createAndDestroy(channel);
            }
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void learnsEd25519IdentityOfRelayKnownByFingerprintAlone() throws Exception {
        Node node = network.node("auth0");
        Channel channel = get(manager, new ChannelTarget(RsaId.ofHex(node.fingerprint()), null, target(node).addresses()));
        assertThat(channel.ed25519Id()).isEqualTo(ed25519Id(node));
        assertThat(get(manager, target(node))).isSameAs(channel);
    }

    @Test
    void refusesRelayAtAnothersAddress() {
        Node wanted = network.node("relay0");
        Node there = network.node("relay1");
        ChannelTarget target =
                new ChannelTarget(RsaId.ofHex(wanted.fingerprint()), ed25519Id(wanted), target(there).addresses());
        assertThatThrownBy(() -> get(manager, target))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PROTOCOL))
                .hasMessageEndingWith("wrong RSA identity: it is $" + there.fingerprint());
    }

    @Test
    void tellsCircuitsWhenTheRelayDies() throws Exception {
        Node node = network.node("relay4");
        Channel channel = get(manager, target(node));
        RecordingCircuit circuit = new RecordingCircuit();
        channel.attach(circuit);
        try {
            node.kill();
            assertThat(circuit.next().closed().kind()).isEqualTo(ErrorKind.RELAY_UNREACHABLE);
            assertThatThrownBy(() -> get(manager, target(node)))
                    .isInstanceOfSatisfying(
                            TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.RELAY_UNREACHABLE));
        } finally {
            node.restart();
        }
    }

    @Test
    void givesUpOnRelayThatHangs() throws Exception {
        Node node = network.node("relay3");
        ChannelSettings hasty = new ChannelSettings(Duration.ofSeconds(1), Duration.ofMinutes(1), 4);
        node.suspend();
        try (ChannelManager impatient = new ChannelManager(hasty, new TorEvents())) {
            assertThatThrownBy(() -> get(impatient, target(node)))
                    .isInstanceOfSatisfying(
                            TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.RELAY_UNREACHABLE))
                    .hasMessageContaining("no answer within 1000 ms");
        } finally {
            node.resume();
        }
    }

    private static void createAndDestroy(Channel channel) throws Exception {
        RecordingCircuit circuit = new RecordingCircuit();
        ClientHandshake handshake = new dev.cepa.crypto.CreateFast(new SecureRandom());
        int id = channel.attach(circuit);
        channel.send(id, new CreateFast(handshake.clientMessage()));
        RecordingCircuit.Heard created = circuit.next();
        assertThat(created.command()).isEqualTo(Cell.CREATED_FAST);
        handshake.complete(Arrays.copyOf(created.body(), 40)); // throws unless the relay has the same keys
        channel.send(id, new Destroy(0));
        channel.detach(id);
    }

    private static Channel get(ChannelManager manager, ChannelTarget target) throws TorException {
        return manager.get(target, Deadline.in(Duration.ofSeconds(20)));
    }

    private static ChannelTarget target(Node node) {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), node.orPort());
        return new ChannelTarget(RsaId.ofHex(node.fingerprint()), ed25519Id(node), List.of(address));
    }

    private static Ed25519Id ed25519Id(Node node) {
        return Ed25519Id.of(Base64.getDecoder().decode(node.ed25519Id()));
    }
}
