package dev.cepa.onion;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.netdoc.TestDirectory;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class HsDirRingTest {
    private static final TimePeriod PERIOD = new TimePeriod(42, 1440, 43_200);
    private static final byte[] RANDOM = filled(0x43);

    private static byte[] filled(int value) {
        byte[] bytes = new byte[32];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static NetDir network(int directories, int others) {
        TestDirectory network = new TestDirectory();
        for (int i = 0; i < directories + others; i++) {
            TestDirectory.Relay relay = network.relay("r" + i);
            if (i < directories) {
                relay.with(RelayFlags.HS_DIR);
            }
        }
        return network.build();
    }

    /** C tor's. */
    @Test
    void indexesAreThoseOfCTor() {
        assertThat(HsDirRing.serviceIndex(filled(0x42), 1, PERIOD))
                .isEqualTo(hex("37e5cbbd56a22823714f18f1623ece5983a0d64c78495a8cfab854245e5f9a8a"));
        assertThat(HsDirRing.relayIndex(filled(0x42), RANDOM, PERIOD))
                .isEqualTo(hex("db475361014a09965e7e5e4d4a25b8f8d4b8f16cb1d8a7e95eed50249cc1a2d5"));
    }

    /** As the specification puts it, written down in another way. */
    @Test
    void choosesTheNextRelaysOnTheRingForEachReplica() {
        NetDir dir = network(30, 20);
        HsDirRing ring = HsDirRing.of(dir, PERIOD, RANDOM);
        TreeMap<String, Integer> byIndex = new TreeMap<>();
        for (int relay = 0; relay < dir.size(); relay++) {
            if ((dir.flags(relay) & RelayFlags.HS_DIR) != 0) {
                byIndex.put(text(HsDirRing.relayIndex(dir.ed25519Id(relay).toBytes(), RANDOM, PERIOD)), relay);
            }
        }
        for (int service = 0; service < 50; service++) {
            byte[] key = filled(service);
            Set<Integer> expected = new java.util.LinkedHashSet<>();
            for (int replica = 1; replica <= 2; replica++) {
                String from = text(HsDirRing.serviceIndex(key, replica, PERIOD));
                int wanted = expected.size() + 3;
                for (int relay : byIndex.tailMap(from).values()) {
                    if (expected.size() < wanted) {
                        expected.add(relay);
                    }
                }
                for (int relay : byIndex.values()) {
                    if (expected.size() < wanted) {
                        expected.add(relay);
                    }
                }
            }
            assertThat(ring.fetchFrom(key)).containsExactly(expected.stream().mapToInt(i -> i).toArray());
            Set<Integer> stored = new HashSet<>();
            Arrays.stream(ring.storeAt(key)).forEach(stored::add);
            assertThat(stored).hasSize(8);
        }
    }

    private static String text(byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes);
    }

    @Test
    void takesAllOfTooFewDirectories() {
        assertThat(HsDirRing.of(network(4, 3), PERIOD, RANDOM).fetchFrom(filled(1))).hasSize(4).doesNotHaveDuplicates();
        assertThat(HsDirRing.of(network(0, 3), PERIOD, RANDOM).fetchFrom(filled(1))).isEmpty();
    }

    @Test
    void withoutASharedRandomValueThereIsStillARing() {
        assertThat(HsDirRing.of(network(9, 0), PERIOD, null).fetchFrom(filled(1))).hasSize(6);
    }

    @Test
    void tellsWhereARelayStands() {
        NetDir dir = network(3, 1);
        HsDirRing ring = HsDirRing.of(dir, PERIOD, RANDOM);
        for (int relay = 0; relay < dir.size(); relay++) {
            boolean directory = (dir.flags(relay) & RelayFlags.HS_DIR) != 0;
            assertThat(ring.index(relay)).isEqualTo(directory
                    ? text(HsDirRing.relayIndex(dir.ed25519Id(relay).toBytes(), RANDOM, PERIOD)).toUpperCase()
                    : null);
        }
    }
}
