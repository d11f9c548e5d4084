package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.daemon.CommandLine.Action;
import dev.cepa.error.TorException;
import org.junit.jupiter.api.Test;

class CommandLineTest {
    @Test
    void readsSwitchesAndOptions() throws Exception {
        CommandLine line = CommandLine.parse(
                "-f", "torrc", "--defaults-torrc", "defaults", "--SocksPort", "9", "-Log", "notice stdout", "DataDirectory", "/x",
                "+Log", "info stderr", "--/ExitNodes", "--ignore-missing-torrc", "--hush", "--verify-config");
        assertThat(line.action()).isEqualTo(Action.VERIFY_CONFIG);
        assertThat(line.torrc()).isEqualTo("torrc");
        assertThat(line.defaultsTorrc()).isEqualTo("defaults");
        assertThat(line.ignoreMissingTorrc()).isTrue();
        assertThat(line.allowMissingTorrc()).isFalse();
        assertThat(line.quiet()).isEqualTo(CommandLine.HUSH);
        assertThat(line.options().stream().map(l -> l.mode() + " " + l.key() + "=" + l.value()))
                .containsExactly(
                        "SET SocksPort=9", "SET Log=notice stdout", "SET DataDirectory=/x", "APPEND Log=info stderr",
                        "CLEAR ExitNodes=");
    }

    @Test
    void readsActions() throws Exception {
        assertThat(CommandLine.parse().action()).isEqualTo(Action.RUN);
        assertThat(CommandLine.parse("--dump-config", "full").argument()).isEqualTo("full");
        assertThat(CommandLine.parse("--dump-config", "--quiet").argument()).isEmpty();
        assertThat(CommandLine.parse("--hash-password", "--pw").argument()).isEqualTo("--pw");
        assertThat(CommandLine.parse("--version").action()).isEqualTo(Action.VERSION);
        assertThat(CommandLine.parse("-h").action()).isEqualTo(Action.HELP);
        assertThat(CommandLine.parse("--keygen").action()).isEqualTo(Action.RELAY_ONLY);
    }

    @Test
    void refusesAnOptionWithoutItsValue() {
        assertThatThrownBy(() -> CommandLine.parse("SocksPort"))
                .isInstanceOf(TorException.class)
                .hasMessage("Command-line option 'SocksPort' with no value. Failing.");
        assertThatThrownBy(() -> CommandLine.parse("-f")).hasMessageContaining("'-f'");
    }

    @Test
    void hashesPasswordsAsTorDoes() {
        // Made by "tor --hash-password foo".
        assertThat(PasswordHash.of("foo", java.util.HexFormat.of().parseHex("E26114DFA71EB6CC")))
                .isEqualTo("16:E26114DFA71EB6CC60FBB715AF3F9EA673D4B4C6DC70C4F86CB98E0E0E");
    }
}
