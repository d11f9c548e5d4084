package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands are C tor's cases, of test_consdiff.c. */
class ConsensusDiffTest {
    /** Its last line makes it a document that can be signed. */
    private static final String OLD = "A\nB\nC\nD\nE\ndirectory-signature x\n";

    private static String sha3(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA3-256").digest(bytes));
    }

    private static String apply(String commands, String expected) throws Exception {
        String from = HexFormat.of().formatHex(Consensus.diffDigest(Documents.latin1(OLD)));
        String diff = "network-status-diff-version 1\nhash " + from + " "
                + sha3(Documents.latin1(expected)) + "\n" + commands;
        return new String(
                ConsensusDiff.apply(Documents.latin1(OLD), Documents.latin1(diff), 1000), StandardCharsets.ISO_8859_1);
    }

    @Test
    void makesOneRealConsensusOfAnother() throws Exception {
        byte[] diff = Documents.read("diff.txt");
        assertThat(ConsensusDiff.isDiff(diff)).isTrue();
        assertThat(ConsensusDiff.isDiff(Documents.read("diff-new.txt"))).isFalse();
        assertThat(ConsensusDiff.apply(Documents.read("diff-old.txt"), diff, 1 << 20))
                .isEqualTo(Documents.read("diff-new.txt"));
    }

    @ParameterizedTest
    @CsvSource({
        "'', A/B/C/D/E/directory-signature x/",
        "1d/, B/C/D/E/directory-signature x/",
        "0a/X/./, X/A/B/C/D/E/directory-signature x/",
        "6a/X/./, A/B/C/D/E/directory-signature x/X/",
        "'3,$d/', A/B/",
        "'1,$d/', ''",
        "'2,4c/X/Y/./', A/X/Y/E/directory-signature x/",
        "6d/3c/T X/T Y/./1d/, B/T X/T Y/D/E/",
        "'5d/2,3d/0a/X/./', X/A/D/directory-signature x/",
        "3d/2d/1d/, D/E/directory-signature x/",
        "3a/X/./3d/, A/B/X/D/E/directory-signature x/"
    })
    void carriesOutCommands(String commands, String expected) throws Exception {
        String result = expected.replace('/', '\n');
        assertThat(apply(commands.replace('/', '\n'), result)).isEqualTo(result);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "a/", "1/", "1,/", "1,1/", "1,1d/", "3,2d/", "1,2a/X/./", "1,$c/X/./", "1d/3d/", "1,3d/3d/", "1dd/", "1x/",
        "0a/./", "1c/./",
        "1c/X/", "0d/", "0c/X/./", "7d/", "7a/X/./", "1,7d/", "$d/", "-1d/", "01 d/", "d/", ",2d/", "1,2,3d/", "1,$$d/",
        "99999999999999999999d/", "1d", "6,$d/", "3d/2,4d/", "3d/3a/X/./", "2a/X/./3d/", "//"
    })
    void refusesBadCommands(String commands) {
        assertThatThrownBy(() -> apply(commands.replace('/', '\n'), OLD)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void refusesADiffOfAnotherConsensus() throws Exception {
        String diff = "network-status-diff-version 1\nhash " + "00".repeat(32) + " " + "00".repeat(32) + "\n";
        assertThatThrownBy(() -> ConsensusDiff.apply(Documents.latin1(OLD), Documents.latin1(diff), 1000))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("of another consensus");
    }

    @Test
    void refusesAResultWithAnotherDigest() {
        assertThatThrownBy(() -> apply("1d\n", "B\n")).hasMessageContaining("another digest");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "network-status-diff-version 2\nhash 00 00\n", "network-status-diff-version 1\n",
        "network-status-diff-version 1\nhash\n",
        "network-status-diff-version 1\nhash a b\n", "foo-bar\n", ""
    })
    void refusesBadHeads(String head) {
        assertThatThrownBy(() -> ConsensusDiff.apply(Documents.latin1(OLD), Documents.latin1(head), 1000))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void boundsTheResult() {
        String text = "0a\n" + "x\n".repeat(600) + ".\n";
        assertThatThrownBy(() -> apply(text, "")).hasMessageContaining("more than 1000");
    }
}
