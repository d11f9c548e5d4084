package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.OnionServiceKey;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnionKeyToolTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return new OnionKeyTool().run(new PrintWriter(out), new PrintWriter(err), args);
    }

    private Path master(OnionServiceKey key) throws Exception {
        Path made = Files.createDirectories(folder.resolve("master"));
        byte[] head = Arrays.copyOf("== ed25519v1-secret: type0 ==".getBytes(StandardCharsets.US_ASCII), 32);
        Files.write(
                made.resolve("hs_ed25519_secret_key"), ByteBuffer.allocate(96).put(head).put(key.secret()).array());
        return made;
    }

    @Test
    void makesAFolderWithKeysForTheTimePeriodsAsked() throws Exception {
        OnionServiceKey key = OnionServiceKey.generate();
        Path service = folder.resolve("service");
        assertThat(run("delegate", master(key).toString(), service.toString(), "--periods", "2", "--from", "2026-11-24"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).startsWith(key.address() + " can be run").contains("2 time periods");
        byte[] delegated = Files.readAllBytes(service.resolve("hs_ed25519_delegated_keys"));
        assertThat(OnionServiceKey.ofDelegated(delegated).address()).isEqualTo(key.address());
        // The one before as well, whose clients may still come.
        assertThat(delegated).hasSize(86 + 3 * 236);
        assertThat(ByteBuffer.wrap(delegated).getLong(76)).isEqualTo(20_781 - 1);
        assertThat(service.resolve("hs_ed25519_secret_key")).doesNotExist();
        assertThat(folder.resolve("master")).isDirectoryContaining("glob:**hs_ed25519_secret_key");
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        String to = folder.resolve("service").toString();
        assertThat(run()).isEqualTo(2);
        assertThat(run("delegate", to)).isEqualTo(2);
        assertThat(err.toString()).contains("usage:");
        assertThat(run("delegate", folder.resolve("none").toString(), to)).isEqualTo(1);
        assertThat(err.toString()).contains("can't be read");
        String master = master(OnionServiceKey.generate()).toString();
        for (String[] wrong : new String[][] {
            {"--periods", "0"}, {"--periods", "400"}, {"--periods", "many"}, {"--periods"}, {"--from", "tomorrow"},
            {"--period-minutes", "0"}, {"--offset-minutes", "-1"}
        }) {
            String[] args = Arrays.copyOf(new String[] {"delegate", master, to}, 3 + wrong.length);
            System.arraycopy(wrong, 0, args, 3, wrong.length);
            assertThat(run(args)).as(String.join(" ", wrong)).isEqualTo(1);
        }
        assertThat(Path.of(to)).doesNotExist();
    }
}
