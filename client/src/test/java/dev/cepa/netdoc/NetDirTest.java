package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import java.time.Instant;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetDirTest {
    private final TestDirectory network = new TestDirectory();

    @Test
    void readsTheDocumentsOfARealNetwork() throws Exception {
        Consensus consensus = Consensus.parse(Documents.read("network-consensus.txt"));
        NetDirBuilder builder = new NetDirBuilder(consensus);
        byte[] microdescs = Documents.read("network-microdescs.txt");
        assertThat(builder.missing()).hasSize(consensus.size());
        assertThat(builder.add(microdescs, 0, microdescs.length)).isEqualTo(consensus.size());
        assertThat(builder.malformed()).isZero();
        NetDir dir = builder.build();

        assertThat(dir.size()).isEqualTo(7);
        assertThat(dir.missingMicrodescs()).isZero();
        assertThat(dir.consensus().validAfter()).isEqualTo(Instant.parse("2000-01-01T00:02:20Z"));
        assertThat(dir.consensus().freshUntil()).isEqualTo(Instant.parse("2000-01-01T00:02:40Z"));
        assertThat(dir.consensus().validUntil()).isEqualTo(Instant.parse("2000-01-01T00:03:00Z"));
        assertThat(dir.consensus().method()).isEqualTo(35);
        assertThat(dir.consensus().param("cc_alg", 0, 0, 3)).isEqualTo(2);
        assertThat(dir.consensus().requiredClientProtocols())
                .isEqualTo("Cons=2 Desc=2 FlowCtrl=1 Link=4 Microdesc=2 Relay=2");
        assertThat(dir.nickname(0)).isEqualTo("test002a");
        assertThat(dir.rsaId(0)).hasToString("257D06F0360BB2246388724F109EC0895A1D41FB");
        assertThat(dir.ipv4(0)).hasToString("/127.0.0.1:5102");
        assertThat(dir.ipv6(0)).isNull();
        assertThat(dir.bandwidth(0)).isEqualTo(208);
        assertThat(dir.isUnmeasured(0)).isTrue();
        assertThat(dir.flags(0))
                .isEqualTo(RelayFlags.AUTHORITY | RelayFlags.EXIT | RelayFlags.FAST | RelayFlags.GUARD
                        | RelayFlags.HS_DIR | RelayFlags.RUNNING | RelayFlags.STABLE | RelayFlags.V2_DIR
                        | RelayFlags.VALID);
        assertThat(dir.supports(0, Protocols.Name.RELAY, 6)).isTrue();
        assertThat(dir.supports(0, Protocols.Name.RELAY, 7)).isFalse();
        for (int relay = 0; relay < dir.size(); relay++) {
            assertThat(dir.indexOf(dir.rsaId(relay))).isEqualTo(relay);
            assertThat(dir.indexOf(dir.ed25519Id(relay))).isEqualTo(relay);
        }
    }

    @Test
    void findsRelaysByBothIdentities() {
        for (int i = 0; i < 300; i++) {
            network.relay("r" + i);
        }
        network.relay(7).microdesc(false);
        network.relay(8).ed25519(null);
        NetDir dir = network.build();
        assertThat(dir.size()).isEqualTo(300);
        for (int i = 0; i < 300; i++) {
            assertThat(dir.indexOf(network.relay(i).rsaId())).isEqualTo(i);
            assertThat(dir.nickname(i)).isEqualTo("r" + i);
            if (i != 7 && i != 8) {
                assertThat(dir.indexOf(network.relay(i).ed25519Id())).isEqualTo(i);
            }
        }
        assertThat(dir.indexOf(network.relay(7).ed25519Id())).isEqualTo(-1);
        assertThat(dir.indexOf(RsaId.of(new byte[20]))).isEqualTo(-1);
        assertThat(dir.indexOf(Ed25519Id.of(new byte[32]))).isEqualTo(-1);
        assertThat(dir.ed25519Id(7)).isNull();
        assertThat(dir.ed25519Id(8)).isNull();
        assertThat(dir.ntorKey(7)).isNull();
        assertThat(dir.ntorKey(8)).hasSize(32);
        assertThat(dir.missingMicrodescs()).isEqualTo(1);
    }

    @Test
    void findsIdentitiesThatBeginAlike() {
        byte[] id = new byte[32];
        java.util.Arrays.fill(id, 0, 8, (byte) 0xff);
        for (int i = 0; i < 20; i++) {
            id[31] = (byte) (20 - i);
            network.relay("r" + i).ed25519(id.clone());
        }
        NetDir dir = network.build();
        for (int i = 0; i < 20; i++) {
            assertThat(dir.indexOf(network.relay(i).ed25519Id())).isEqualTo(i);
        }
    }

    @Test
    void relaysAreFamilyOnlyIfEachListsTheOther() {
        TestDirectory.Relay a = network.relay("alpha");
        TestDirectory.Relay b = network.relay("beta");
        TestDirectory.Relay c = network.relay("gamma");
        network.relay("delta").family("ALPHA", "$" + "00".repeat(20), "nonsense!", "$12");
        a.family("$" + b.rsaId() + "=beta", "$" + c.rsaId(), "Delta");
        b.family("$" + a.rsaId() + "~alpha");
        NetDir dir = network.build();
        assertThat(dir.sameFamily(0, 1)).isTrue();
        assertThat(dir.sameFamily(1, 0)).isTrue();
        assertThat(dir.sameFamily(0, 2)).isFalse();
        assertThat(dir.sameFamily(1, 2)).isFalse();
        assertThat(dir.sameFamily(0, 3)).isTrue();
        assertThat(dir.sameFamily(2, 2)).isTrue();
        assertThat(network.param("use-family-lists", 0).build().sameFamily(0, 1)).isFalse();
    }

    @Test
    void relaysWithAFamilyIdInCommonAreFamily() {
        network.relay("a").familyIds("ed25519:AAA", "other:x");
        network.relay("b").familyIds("ed25519:BBB", "other:x");
        network.relay("c").familyIds("ed25519:BBB");
        network.relay("d");
        network.relay("e");
        NetDir dir = network.build();
        assertThat(dir.sameFamily(0, 1)).isTrue();
        assertThat(dir.sameFamily(1, 2)).isTrue();
        assertThat(dir.sameFamily(0, 2)).isFalse();
        assertThat(dir.sameFamily(3, 4)).isFalse();
        assertThat(network.param("use-family-ids", 0).build().sameFamily(0, 1)).isFalse();
    }

    @Test
    void knowsSubnets() {
        network.relay("a").ipv4("192.0.2.1", 1).ipv6("[2001:db8:1::1]:1");
        network.relay("b").ipv4("192.0.255.1", 1);
        network.relay("c").ipv4("192.1.2.1", 1).ipv6("[2001:db8:ffff::1]:65535");
        network.relay("d").ipv4("193.0.2.1", 1).ipv6("[2001:db9::1]:1");
        NetDir dir = network.build();
        assertThat(dir.sameSubnet(0, 1)).isTrue();
        assertThat(dir.sameSubnet(0, 2)).isTrue();
        assertThat(dir.sameSubnet(1, 2)).isFalse();
        assertThat(dir.sameSubnet(2, 3)).isFalse();
        assertThat(dir.ipv6(2)).hasToString("/[2001:db8:ffff:0:0:0:0:1]:65535");
    }

    @Test
    void answersExitPolicies() {
        network.relay("a").policy("accept 80,443-445").policy6("reject 25");
        network.relay("b").policy("reject 1-65535");
        network.relay("c").policy6("accept 1-65535");
        network.relay("d").policy("accept 80").microdesc(false);
        NetDir dir = network.build();
        assertThat(dir.exitsTo4(0, 80)).isTrue();
        assertThat(dir.exitsTo4(0, 444)).isTrue();
        assertThat(dir.exitsTo4(0, 446)).isFalse();
        assertThat(dir.exitsTo6(0, 25)).isFalse();
        assertThat(dir.exitsTo6(0, 26)).isTrue();
        assertThat(dir.exitsSomewhere(0)).isTrue();
        assertThat(dir.exitsSomewhere(1)).isFalse();
        assertThat(dir.exitsTo4(2, 80)).isFalse();
        assertThat(dir.exitsSomewhere(2)).isTrue();
        assertThat(dir.exitsSomewhere(3)).isFalse();
    }

    @Test
    void aRelayWithoutAddressOrPortHasNoFlags() {
        network.relay("a").ipv4("0.0.0.0", 9001);
        network.relay("b").ipv4("192.0.2.1", 0);
        NetDir dir = network.build();
        assertThat(dir.flags(0)).isZero();
        assertThat(dir.flags(1)).isZero();
    }

    @Test
    void carriesMicrodescriptorsOverToTheNextConsensus() throws Exception {
        network.relay("a").policy("accept 80").familyIds("x").family("b");
        network.relay("b").policy("accept 443").familyIds("x").family("a");
        network.relay("c");
        NetDir before = network.build();
        network.relay("d").policy("reject 25");
        network.relay(2).policy("accept 22");
        NetDirBuilder builder = new NetDirBuilder(Consensus.parse(Documents.latin1(network.unsignedText())));
        assertThat(builder.reuse(before)).isEqualTo(2);
        assertThat(builder.missing()).containsExactly(2, 3);
        NetDir between = builder.build();
        assertThat(between.exitsTo4(1, 443)).isTrue();
        assertThat(between.sameFamily(0, 1)).isTrue();
        assertThat(between.ed25519Id(0)).isEqualTo(before.ed25519Id(0));
        byte[] all = network.microdescs();
        assertThat(builder.add(all, 0, all.length)).isEqualTo(2);
        assertThat(between.missingMicrodescs()).isEqualTo(2);
        assertThat(builder.build().missingMicrodescs()).isZero();
    }

    @Test
    void leavesOutMicrodescriptorsNobodyListed() throws Exception {
        network.relay("a");
        NetDirBuilder builder = new NetDirBuilder(Consensus.parse(Documents.latin1(network.unsignedText())));
        byte[] other = Documents.read("microdesc2.txt");
        assertThat(builder.add(other, 0, other.length)).isZero();
        byte[] cut = network.microdescs();
        assertThat(builder.add(cut, 0, cut.length - 1)).isZero();
        assertThat(builder.add(Documents.latin1("@last-listed 2020-01-01 00:00:00\n"), 0, 33)).isZero();
        assertThat(builder.missing()).containsExactly(0);
    }

    @Test
    void doesNotAskAgainForAMalformedMicrodescriptor() throws Exception {
        network.relay("a").policy("accept 0");
        network.relay("b").ntorKey(new byte[32]);
        network.relay("c").policy("accept 80\np accept 443");
        NetDirBuilder builder = new NetDirBuilder(Consensus.parse(Documents.latin1(network.unsignedText())));
        byte[] all = network.microdescs();
        assertThat(builder.add(all, 0, all.length)).isZero();
        assertThat(builder.malformed()).isEqualTo(3);
        assertThat(builder.missing()).isEmpty();
        assertThat(builder.build().missingMicrodescs()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bogus-policy", "non-ascii-policy"})
    void refusesMalformedMicrodescriptors(String name) throws Exception {
        network.relay("a").microdescText(Documents.text("bad-microdescs/" + name));
        assertThat(network.build().hasMicrodesc(0)).isFalse();
    }

    @Test
    void takesAMicrodescriptorWithoutEd25519Identity() throws Exception {
        network.relay("a").microdescText(Documents.text("bad-microdescs/wrong-id"));
        NetDir dir = network.build();
        assertThat(dir.hasMicrodesc(0)).isTrue();
        assertThat(dir.ed25519Id(0)).isNull();
    }

    @Test
    void readsAMicrodescriptorOf2020() throws Exception {
        String all = Documents.text("microdesc2.txt");
        int start = all.indexOf("onion-key");
        network.relay("a").microdescText(all.substring(start, all.indexOf("@", start)));
        NetDir dir = network.build();
        assertThat(HexFormat.of().formatHex(dir.document().microdescDigest(0)))
                .isEqualTo("38c71329a87098cb341c46c9c62bd646622b4445f7eb985a0e6adb23a22ccf4f");
        assertThat(HexFormat.of().formatHex(dir.ntorKey(0)))
                .isEqualTo("5e895d65304a3a1894616660143f7af5757fe08bc18045c7855ee8debb9e6c47");
        assertThat(HexFormat.of().formatHex(dir.ed25519Id(0).toBytes()))
                .isEqualTo("2d85fdc88e6c1bcfb46897fca1dba6d1354f93261d68a79e0b5bc170dd923084");
        assertThat(dir.exitsTo4(0, 993)).isTrue();
        assertThat(dir.exitsTo6(0, 993)).isTrue();
        assertThat(dir.exitsTo4(0, 25)).isFalse();
        assertThat(dir.exitsTo6(0, 25)).isFalse();
    }

    @Test
    void readsMicrodescriptorsWithoutTapKeyAndWithFamilyIds() throws Exception {
        String all = Documents.text("microdesc4.txt");
        int second = all.indexOf("onion-key", 5);
        second = all.startsWith("ntor-", second - 5) ? all.indexOf("\nonion-key", second) + 1 : second;
        network.relay("a").microdescText(all.substring(0, second));
        network.relay("b").microdescText(all.substring(second));
        network.relay("c").familyIds("other:Example");
        network.relay("d").microdescText(Documents.text("microdesc3.txt"));
        NetDir dir = network.build();
        assertThat(dir.missingMicrodescs()).isZero();
        assertThat(dir.sameFamily(1, 2)).isTrue();
        assertThat(dir.sameFamily(0, 2)).isFalse();
    }
}
