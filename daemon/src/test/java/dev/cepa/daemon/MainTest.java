package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command line does without running a client. */
class MainTest {
    @TempDir
    private Path folder;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    private int run(String... args) throws Exception {
        return Main.run(CommandLine.parse(args), new LogOutput(), new PrintStream(printed, true, StandardCharsets.UTF_8));
    }

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    private String torrc(String text) throws Exception {
        return Files.writeString(folder.resolve("torrc"), text).toString();
    }

    @Test
    void verifiesFiles() throws Exception {
        assertThat(run("--verify-config", "-f", torrc("SocksPort 1234\n"))).isZero();
        assertThat(printed()).isEqualTo("Configuration was valid\n");
        assertThat(run("--verify-config", "-f", torrc("SocksPot 1234\n"))).isEqualTo(1);
        assertThat(run("--verify-config", "-f", torrc("SocksPort 1234\n"), "--SocksTimeout", "abc")).isEqualTo(1);
        assertThat(run("--verify-config", "-f", folder.resolve("none").toString())).isEqualTo(1);
        assertThat(run("--verify-config", "-f", folder.resolve("none").toString(), "--ignore-missing-torrc")).isZero();
    }

    @Test
    void isQuietIfTold() throws Exception {
        assertThat(run("--verify-config", "-f", torrc(""), "--quiet")).isZero();
        assertThat(run("--verify-config", "-f", torrc(""), "--hush")).isZero();
        assertThat(printed()).isEmpty();
    }

    @Test
    void dumpsWhatIsSetOrEverything() throws Exception {
        String file = torrc("socksport 1234\nKeepalivePeriod 5 minutes\nMaxCircuitDirtiness 1 minute\n");
        assertThat(run("--dump-config", "short", "-f", file)).isZero();
        assertThat(printed()).isEqualTo("MaxCircuitDirtiness 60\nSocksPort 1234\n");
        printed.reset();
        assertThat(run("--dump-config", "full", "-f", file)).isZero();
        assertThat(printed().lines()).contains("MaxCircuitDirtiness 60", "SocksPort 1234", "KeepalivePeriod 300").hasSizeGreaterThan(200);
        assertThat(run("--dump-config", "all", "-f", file)).isEqualTo(1);
    }

    @Test
    void theCommandLineAddsAndClears() throws Exception {
        String file = torrc("SocksPort 1\nSocksPort 2\nDNSPort 5\n");
        assertThat(run("--dump-config", "short", "-f", file, "+SocksPort", "3", "/DNSPort")).isZero();
        assertThat(printed()).isEqualTo("SocksPort 1\nSocksPort 2\nSocksPort 3\n");
        printed.reset();
        assertThat(run("--dump-config", "short", "-f", file, "--SocksPort", "3", "--defaults-torrc", "/nowhere")).isZero();
        assertThat(printed()).isEqualTo("DNSPort 5\nSocksPort 3\n");
    }

    @Test
    void listsOptionsAndHashesPasswords() throws Exception {
        assertThat(run("--list-torrc-options")).isZero();
        assertThat(printed().lines()).contains("SocksPort", "UseBridges", "ReloadOnChange").doesNotContain("AllowDotExit");
        printed.reset();
        assertThat(run("--hash-password", "secret")).isZero();
        assertThat(printed()).matches("16:[0-9A-F]{58}\n");
        assertThat(PasswordHash.isHash(printed().strip())).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"--version, Tor version 0.4.", "--help, --verify-config", "--list-modules, pow: yes"})
    void explainsItself(String option, String expected) throws Exception {
        assertThat(run(option)).isZero();
        assertThat(printed()).contains(expected);
    }

    @Test
    void hasNoKeysOfRelays() throws Exception {
        assertThat(run("--keygen")).isEqualTo(1);
        assertThat(run("--list-fingerprint")).isEqualTo(1);
    }
}
