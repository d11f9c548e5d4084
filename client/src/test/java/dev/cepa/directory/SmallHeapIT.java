package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.directory.Decompression.Encoding;
import dev.cepa.directory.DirectorySettings.Encodings;
import dev.cepa.netdoc.TestAuthority;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The directory of a network of the real one's size, in a process with a small heap: brought up from nothing, replaced by
 * the next one, and read from disk again.
 */
@Timeout(120)
class SmallHeapIT {
    private static final int RELAYS = 9000;

    @TempDir
    private Path cache;

    @Test
    void leavesAQuarterOfTheDaemonsHeapToOthers() throws Exception {
        assertThat(run(18, Encodings.LIGHT)).containsOnly(Encoding.DEFLATE);
    }

    @Test
    void readsEveryEncodingWithinTheDaemonsHeap() throws Exception {
        assertThat(run(24, Encodings.ALL)).contains(Encoding.LZMA, Encoding.ZSTD);
    }

    @Test
    void aConsensusThatWouldFillTheHeapIsRefused() throws Exception {
        ScriptedNetwork network = new ScriptedNetwork(RELAYS);
        AtomicInteger asked = new AtomicInteger();
        run(24, Encodings.LIGHT, network, (server, request) -> {
            byte[] answer = network.answer(server, request);
            return request.path().startsWith("/tor/status-vote/") && asked.getAndIncrement() % 2 == 0
                    ? flood(answer)
                    : answer;
        });
        assertThat(asked).hasValueGreaterThanOrEqualTo(4);
    }

    /** As many bytes as a consensus could have, and not one bit of them compressible much. */
    private static byte[] flood(byte[] consensus) {
        byte[] flood = DecompressionTest.sample(16 * 1024 * 1024 - 2);
        System.arraycopy(consensus, 0, flood, 0, 1000);
        return flood;
    }

    private List<Encoding> run(int megabytes, Encodings encodings) throws Exception {
        ScriptedNetwork network = new ScriptedNetwork(RELAYS);
        network.givesDiffs = true;
        return run(megabytes, encodings, network, network);
    }

    private List<Encoding> run(int megabytes, Encodings encodings, ScriptedNetwork network, ScriptedLink.Script script)
            throws Exception {
        try (HttpDirectory server = new HttpDirectory(script)) {
            List<String> command = new ArrayList<>(List.of(
                    System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmn2m",
                    "-Xmx" + megabytes + "m", "-XX:+ExitOnOutOfMemoryError", "-cp", System.getProperty("java.class.path"),
                    SmallHeapClient.class.getName(), Integer.toString(server.port()), cache.toString(), encodings.name(),
                    Long.toString(ScriptedNetwork.VALID_AFTER.getEpochSecond())));
            for (TestAuthority authority : network.authorities) {
                command.add(authority.identity().toString());
            }
            Process client = new ProcessBuilder(command).redirectErrorStream(true).start();
            try (BufferedReader out = client.inputReader()) {
                awaitLine(out, "cold");
                network.relays.relay("newcomer");
                network.relays.validAfter(ScriptedNetwork.VALID_AFTER.plusSeconds(2 * 3600));
                network.publish();
                client.getOutputStream().write('\n');
                client.getOutputStream().flush();
                awaitLine(out, "refreshed");
                awaitLine(out, "warm");
                assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
                return List.copyOf(server.answered);
            } finally {
                client.destroyForcibly();
            }
        }
    }

    private static void awaitLine(BufferedReader out, String wanted) throws IOException {
        StringBuilder said = new StringBuilder();
        for (String line = out.readLine(); !wanted.equals(line); line = out.readLine()) {
            assertThat(line).as("\"%s\" after:%n%s", wanted, said).isNotNull();
            said.append(line).append('\n');
        }
    }
}
