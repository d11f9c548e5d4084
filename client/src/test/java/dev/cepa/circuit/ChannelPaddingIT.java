package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.Channel;
import dev.cepa.channel.ChannelManager;
import dev.cepa.channel.ChannelPadding;
import dev.cepa.channel.ChannelPadding.Mode;
import dev.cepa.channel.ChannelSettings;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.error.Deadline;
import dev.cepa.event.TorEvents;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Padding of channels to real relays. */
@Timeout(90)
class ChannelPaddingIT {
    private static final ChannelPadding FREQUENT = new ChannelPadding(Mode.NORMAL, 20, 40, 20, 40);
    /** So rarely that within the test only the relay pads. */
    private static final ChannelPadding RARE = new ChannelPadding(Mode.NORMAL, 60_000, 60_000, 60_000, 60_000);
    /** A little more than a relay's longest silence. */
    private static final Duration LONGER = Duration.ofMillis(11_000);

    private static TestNetwork network;

    @BeforeAll
    static void start() throws Exception {
        network = TestNetworks.shared();
    }

    /** A client's channel with a circuit of three hops, which makes it one that is padded. */
    private record Padded(ChannelManager manager, Circuit circuit, Channel channel) implements AutoCloseable {
        static Padded open(ChannelPadding padding) throws Exception {
            ChannelManager manager = new ChannelManager(ChannelSettings.DEFAULT, new TorEvents());
            manager.setPadding(padding);
            Deadline soon = Deadline.in(Duration.ofSeconds(20));
            HopTarget guard = hop("relay0");
            Channel channel = manager.get(guard.link(), soon);
            Circuit circuit =
                    Circuit.create(channel, guard, CircuitSettings.DEFAULT, new TorEvents(), 1, "GENERAL", soon);
            circuit.extend(hop("relay1"), soon);
            circuit.extend(hop("relay2"), soon);
            return new Padded(manager, circuit, channel);
        }

        @Override
        public void close() {
            manager.close();
        }
    }

    private static HopTarget hop(String name) throws Exception {
        Node node = network.node(name);
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), node.orPort());
        Ed25519Id id = Ed25519Id.of(Base64.getDecoder().decode(node.ed25519Id()));
        // A tag of 32 bytes, the secret and the public key.
        byte[] keys = Files.readAllBytes(node.folder().resolve("keys/secret_onion_key_ntor"));
        ChannelTarget link = new ChannelTarget(RsaId.ofHex(node.fingerprint()), id, List.of(address));
        return new HopTarget(link, Arrays.copyOfRange(keys, keys.length - 32, keys.length), true, name);
    }

    @Test
    void relaysKeepAChannelThatIsPadded() throws Exception {
        try (Padded padded = Padded.open(FREQUENT)) {
            long before = padded.channel.bytesWritten();
            long end = System.nanoTime() + 20_000_000_000L;
            while (padded.channel.bytesWritten() - before <= 20 * 514) {
                assertThat(System.nanoTime()).as("when twenty cells of padding are sent").isLessThan(end);
                Thread.sleep(20);
            }
            assertThat(padded.channel.isOpen()).isTrue();
            padded.circuit.extend(hop("relay3"), Deadline.in(Duration.ofSeconds(20)));
        }
    }

    @Test
    void relaysPadUntilTheyAreToldToStop() throws Exception {
        try (Padded normal = Padded.open(RARE);
                Padded reduced = Padded.open(RARE.in(Mode.REDUCED));
                Padded off = Padded.open(RARE.in(Mode.OFF))) {
            long[] before = {normal.channel.bytesRead(), reduced.channel.bytesRead(), off.channel.bytesRead()};
            Thread.sleep(LONGER);
            assertThat(normal.channel.bytesRead()).isGreaterThan(before[0]);
            assertThat(reduced.channel.bytesRead()).isEqualTo(before[1]);
            assertThat(off.channel.bytesRead()).isEqualTo(before[2]);
            for (Padded padded : List.of(normal, reduced, off)) {
                assertThat(padded.channel.isOpen()).isTrue();
                padded.circuit.extend(hop("relay3"), Deadline.in(Duration.ofSeconds(20)));
            }
        }
    }
}
