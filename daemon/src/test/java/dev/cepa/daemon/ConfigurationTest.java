package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationTest {
    @TempDir
    private Path folder;

    private Configuration read(String torrc, String... more) throws Exception {
        Path file = folder.resolve("torrc");
        Files.writeString(file, torrc);
        String[] args = new String[more.length + 2];
        args[0] = "-f";
        args[1] = file.toString();
        System.arraycopy(more, 0, args, 2, more.length);
        return Configuration.read(CommandLine.parse(args), "");
    }

    @Test
    void readsDefaultsThenTorrcThenCommandLine() throws Exception {
        Path defaults = folder.resolve("defaults");
        Files.writeString(defaults, "SocksTimeout 10\nMaxCircuitDirtiness 11\nSocksPort 1\n");
        Configuration configuration = read(
                "SocksTimeout 20\nSocksPort 2\n", "--defaults-torrc", defaults.toString(), "+SocksPort", "3");
        Settings settings = configuration.settings();
        assertThat(settings.number("SocksTimeout")).isEqualTo(20);
        assertThat(settings.number("MaxCircuitDirtiness")).isEqualTo(11);
        assertThat(settings.lines("SocksPort")).extracting(ConfigLine::value).containsExactly("2", "3");
        assertThat(settings.dump(false)).doesNotContain("MaxCircuitDirtiness").contains("SocksTimeout 20");
        assertThat(configuration.notices()).contains("Read configuration file \"" + folder.resolve("torrc") + "\".");
    }

    @Test
    void readsStandardInput() throws Exception {
        assertThat(Configuration.read(CommandLine.parse("-f", "-"), "SocksPort 7\n").settings().text("SocksPort")).isEqualTo("7");
    }

    @Test
    void stopsForAMissingFileUnlessTold() throws Exception {
        String missing = folder.resolve("missing").toString();
        assertThatThrownBy(() -> Configuration.read(CommandLine.parse("-f", missing), ""))
                .isInstanceOf(TorException.class)
                .hasMessageContaining("Unable to open configuration file \"" + missing + "\"");
        assertThat(Configuration.read(CommandLine.parse("-f", missing, "--allow-missing-torrc"), "").settings().setOptions())
                .isEmpty();
        assertThat(Configuration.read(CommandLine.parse("-f", missing, "--ignore-missing-torrc"), "").settings().setOptions())
                .isEmpty();
    }

    @Test
    void saysOnceWhatHasNoEffect() throws Exception {
        Configuration configuration = read("Nickname me\nExitRelay 1\nDirCache 1\nContactInfo x\nBridgePassword x\nDNSPort 0\n");
        assertThat(configuration.notices()).filteredOn(n -> n.contains("no effect")).singleElement().asString()
                .endsWith("ContactInfo, ExitRelay, Nickname.");
        assertThat(configuration.warnings()).filteredOn(n -> n.contains("not supported yet")).singleElement().asString()
                .endsWith("BridgePassword.");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TCPProxy haproxy 127.0.0.1:1",
                "Sandbox 1"
            })
    void doesNotStartLessProtectedThanAsked(String line) {
        assertThatThrownBy(() -> read("\n" + line + "\n"))
                .isInstanceOf(TorException.class)
                .hasMessageMatching(".*torrc:[23]: .*")
                .hasMessageContaining("is not supported yet");
    }

    @Test
    void isNotSilentAboutWhatIsChangedInVain() throws Exception {
        Configuration read = read("BridgePassword x\nFetchServerDescriptors 0\nCircuitPadding 0\nDirCache 0\nDNSPort 0\n");
        assertThat(read.warnings()).singleElement().asString().endsWith("BridgePassword.");
        assertThat(read.notices()).filteredOn(notice -> notice.contains("no effect")).singleElement().asString()
                .endsWith("FetchServerDescriptors.");
    }

    @Test
    void knowsWhatMayChangeWhileRunning() throws Exception {
        Settings before = read("SocksPort 1\nLog notice stdout\nDataDirectory " + folder).settings();
        Settings otherPort = read("SocksPort 2\nDataDirectory " + folder).settings();
        Settings otherFolder = read("SocksPort 1\nDataDirectory /elsewhere").settings();
        before.checkFixed(otherPort);
        assertThatThrownBy(() -> before.checkFixed(otherFolder)).hasMessageContaining("changing DataDirectory is not allowed");
    }
}
