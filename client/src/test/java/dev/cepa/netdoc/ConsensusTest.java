package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ProtocolException;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConsensusTest {
    private final TestDirectory network = new TestDirectory();

    @BeforeEach
    void aSmallNetwork() {
        network.relay("one").ipv6("[2001:db8::1]:443").unmeasured();
        network.relay("two").bandwidth(4_294_967_295L);
        network.param("cc_alg", 2).param("x", -7).realWeights();
    }

    private static Consensus parse(String text) throws ProtocolException {
        return Consensus.parse(Documents.latin1(text));
    }

    private void refused(String changed, String by) {
        String text = network.unsignedText();
        assertThat(text).contains(changed);
        assertThatThrownBy(() -> parse(text.replace(changed, by)))
                .isInstanceOf(ProtocolException.class)
                .hasMessageStartingWith("consensus:");
    }

    private Consensus accepted(String changed, String by) throws ProtocolException {
        String text = network.unsignedText();
        assertThat(text).contains(changed);
        return parse(text.replace(changed, by));
    }

    @Test
    void readsOneOfConsensusMethod28() throws Exception {
        Consensus consensus = Consensus.parse(Documents.read("consensus.txt"));
        assertThat(consensus.size()).isEqualTo(6);
        assertThat(HexFormat.of().formatHex(consensus.microdescDigest(0)))
                .isEqualTo("73dabe0a0468f4f7a67810a18d11e36731bb1d2ec3634db459100609f3b3f535");
        assertThat(consensus.rsaId(0)).hasToString("0A3057AF2910415794D8EA430309D9AC5F5D524B");
        assertThat(consensus.ipv4(0)).hasToString("/127.0.0.1:5002");
        assertThat(consensus.ipv6(0)).hasToString("/[0:0:0:0:0:0:0:1]:5002");
        assertThat(consensus.info().bandwidthWeight("Wbd")).isEqualTo(3333);
        assertThat(consensus.info().bandwidthWeight("Wxx")).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({
        "bad-flags, 27", "bad-md-digest, 40", "bad-weight, 67", "bad-weights, 51", "wrong-order, 52", "wrong-start, 1",
        "wrong-version, 1", "bad-params, 15"
    })
    void refusesMalformedOnesWithTheLine(String name, int line) throws Exception {
        byte[] document = Documents.read("bad-consensus/" + name);
        assertThatThrownBy(() -> Consensus.parse(document))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("line " + line + " ");
    }

    @Test
    void readsNumbersOfFullSize() {
        NetDir dir = network.build();
        assertThat(dir.bandwidth(1)).isEqualTo(4_294_967_295L);
        assertThat(dir.isUnmeasured(0)).isTrue();
        assertThat(dir.isUnmeasured(1)).isFalse();
        assertThat(dir.consensus().param("x", 0, -5, 5)).isEqualTo(-5);
        assertThat(dir.consensus().param("cc_alg", 0, 0, 3)).isEqualTo(2);
        assertThat(dir.consensus().param("y", 42, 0, 3)).isEqualTo(42);
        assertThat(dir.consensus().bandwidthWeight("Wgg")).isEqualTo(5869);
    }

    @Test
    void refusesAnythingElseThanAMicrodescConsensus() {
        refused("version 3 microdesc", "version 4 microdesc");
        refused("version 3 microdesc", "version 3");
        refused("version 3 microdesc", "version 3 ns");
        refused("vote-status consensus", "vote-status vote");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "vote-status", "valid-after", "fresh-until", "valid-until", "voting-delay", "known-flags"
    })
    void refusesPreamblesThatLackOrRepeatAnItem(String keyword) {
        refused("\n" + keyword + " ", "\nunknown-" + keyword + " ");
        String text = network.unsignedText();
        int start = text.indexOf("\n" + keyword + " ");
        String line = text.substring(start, text.indexOf('\n', start + 1));
        refused(line + "\n", line + line + "\n");
    }

    @Test
    void refusesBadTimes() {
        refused("valid-after 2026-11-24 00:00:00", "valid-after 2026-11-24 02:00:00");
        refused("valid-after 2026-11-24 00:00:00", "valid-after 2026-02-29 00:00:00");
        refused("valid-after 2026-11-24 00:00:00", "valid-after 2026-11-24 24:00:00");
        refused("valid-after 2026-11-24 00:00:00", "valid-after 2026-13-24 00:00:00");
        refused("valid-after 2026-11-24 00:00:00", "valid-after 1969-12-31 00:00:00");
        refused("valid-after 2026-11-24 00:00:00", "valid-after 2026-11-24");
        refused("valid-after 2026-11-24 00:00:00", "valid-after 2026-11-24T00:00:00 x");
    }

    @Test
    void refusesBadParameters() {
        refused("params cc_alg=2 x=-7", "params x=-7 cc_alg=2");
        refused("params cc_alg=2 x=-7", "params cc_alg=2 cc_alg=2");
        refused("params cc_alg=2 x=-7", "params cc_alg=2 cc_alg=3");
        refused("params cc_alg=2 x=-7", "params cc_alg=2147483648");
        refused("params cc_alg=2 x=-7", "params cc_alg=-2147483649");
        refused("params cc_alg=2 x=-7", "params cc_alg=");
        refused("params cc_alg=2 x=-7", "params =2");
        refused("params cc_alg=2 x=-7", "params cc_alg=0x2");
        refused("Wgg=5869", "Wgg=x");
    }

    @Test
    void readsSharedRandomValues() throws Exception {
        byte[] value = accepted(
                        "known-flags",
                        "shared-rand-current-value 3 BpJuIM6lWMLormaV0JVBJM+xoixmOEG3m0PBLLnbp0E=\nknown-flags")
                .info()
                .currentSharedRandom();
        assertThat(HexFormat.of().formatHex(value))
                .isEqualTo("06926e20cea558c2e8ae6695d0954124cfb1a22c663841b79b43c12cb9dba741");
        assertThat(parse(network.unsignedText()).info().currentSharedRandom()).isNull();
        refused("known-flags", "shared-rand-current-value 3 BpJuIM6lWMLormaV0JVBJM\nknown-flags");
    }

    @Test
    void refusesEntriesThatLackOrRepeatAnItem() {
        refused("\ns Fast", "\nt Fast");
        refused("\ns Fast", "\ns Fast\ns Fast");
        refused("\npr ", "\npq ");
        refused("\npr ", "\npr Link=1\npr ");
        refused("\nm ", "\nn ");
        refused("\nw Band", "\nw Bandwidth=1\nw Band");
    }

    @Test
    void refusesBadEntries() {
        refused("r one", "r one_");
        refused("r one", "r oneoneoneoneoneoneone");
        refused("10.0.0.1 9001", "10.0.0.256 9001");
        refused("10.0.0.1 9001", "10.0.0 9001");
        refused("10.0.0.1 9001", "10.0.0.1 65536");
        refused("10.0.0.1 9001 0", "10.0.0.1 9001");
        refused("[2001:db8::1]:443", "[2001:db8::1]:65536");
        refused("[2001:db8::1]:443", "[2001:db8::1::]:443");
        refused("[2001:db8::1]:443", "[2001:db8:1]:443");
        refused("[2001:db8::1]:443", "2001");
        refused("Bandwidth=1000", "Bandwidth=-1");
        refused("Bandwidth=1000", "Bandwidth=4294967296");
        refused("pr Conflux=1", "pr Conflux=64");
        refused("directory-footer\n", "");
        refused("s Fast", "s Muffins Fast");
    }

    @Test
    void refusesRelaysOutOfOrderOrTwice() {
        network.relay("three").rsaId(network.relay(0).rsaId());
        assertThatThrownBy(() -> parse(network.unsignedText())).isInstanceOf(ProtocolException.class);
    }

    @Test
    void passesOverWhatItDoesNotKnow() throws Exception {
        assertThat(accepted("s Fast", "unknown x y\n-----BEGIN X-----\nAAAA\n-----END X-----\ns Fast").size())
                .isEqualTo(2);
        refused("s Fast", "-----BEGIN X-----\nAAAA\n-----END X-----\ns Fast");
        refused("s Fast", "unknown\n-----BEGIN X-----\nAAAA\ns Fast");
    }

    @Test
    void passesOverSignaturesByOtherDigests() throws Exception {
        assertThat(accepted("directory-signature sha256 ", "directory-signature sha3 ").signatures()).isEmpty();
        assertThat(accepted("directory-signature sha256 ", "directory-signature ").signatures()).isEmpty();
        assertThat(accepted("r one", "r one").signatures()).hasSize(1);
    }

    @Test
    void refusesDocumentsThatAreCutShort() {
        String text = network.unsignedText();
        for (int length = 0; length < text.length(); length++) {
            String cut = text.substring(0, length);
            assertThatThrownBy(() -> parse(cut)).isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void takesTenMillionLinesInItsStride() {
        String start = "network-status-version 3 microdesc\n";
        String end = "\ndirectory-signature ";
        for (String line : new String[] {"xxx\n", "r x\n", "r \n\n", "\n\n\n\n"}) {
            byte[] document = new byte[line.equals("xxx\n") ? 40_000_000 : 4_000_000];
            byte[] filling = Documents.latin1(line);
            for (int i = 0; i < document.length; i++) {
                document[i] = filling[i & 3];
            }
            System.arraycopy(Documents.latin1(start), 0, document, 0, start.length());
            System.arraycopy(Documents.latin1(end), 0, document, document.length - end.length(), end.length());
            assertThatThrownBy(() -> Consensus.parse(document)).isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void boundsTheNumberOfDifferentProtocolLists() {
        for (int i = 0; i < 4100; i++) {
            network.relay("r" + i).protocols("Link=1 Foo" + i + "=1");
        }
        assertThatThrownBy(() -> parse(network.unsignedText()))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("protocol lists");
    }
}
