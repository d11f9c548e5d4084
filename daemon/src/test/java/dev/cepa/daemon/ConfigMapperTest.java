package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigMapperTest {
    private static ConfigMapper of(String torrc) throws TorException {
        Settings settings = Configuration.read(CommandLine.parse("-f", "-"), torrc).settings();
        return new ConfigMapper(settings, new ArrayList<>());
    }

    @Test
    void mapsAnEmptyTorrc() throws Exception {
        assertThat(of("").client().dataDirectory()).isNotNull();
        assertThat(of("").logs(0)).containsExactly(LogTarget.DEFAULT);
        assertThat(of("").logs(CommandLine.QUIET)).isEmpty();
        assertThat(of("Log info stderr").logs(CommandLine.QUIET)).hasSize(1);
    }

    @Test
    void mapsEverythingThatWorks() throws Exception {
        assertThat(of("""
                        TestingTorNetwork 1
                        DirAuthority auth0 orport=21001 v3ident=EFDF9D116A649AD3DF2BF040C11D3C62C904CD1E 127.0.0.1:21002 \
                        194F17814834ADB29FCF0005BE9067477433F10F
                        FallbackDir 127.0.0.1:80 orport=443 id=194F17814834ADB29FCF0005BE9067477433F10F
                        DataDirectory /nowhere
                        EntryNodes $194F17814834ADB29FCF0005BE9067477433F10F
                        ExcludeNodes badrelay, 10.0.0.0/8
                        ReachableAddresses accept *:443, reject *:*
                        NumEntryGuards 2
                        CircuitBuildTimeout 30 seconds
                        """)
                .client()
                .dataDirectory())
                .isEqualTo(Path.of("/nowhere"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DirAuthority nonsense", "FallbackDir 1.2.3.4", "EntryNodes $12", "ReachableAddresses maybe *:80",
                "ClientOnionAuthDir /nowhere/at/all", "Log loud stdout", "SocksPort x", "LongLivedPorts 21,http"
            })
    void saysWhichLineIsWrong(String line) {
        assertThatThrownBy(() -> {
                    ConfigMapper mapper = of("\n" + line + "\n");
                    mapper.client();
                    mapper.logs(0);
                })
                .isInstanceOf(TorException.class)
                .hasMessageMatching("(?s)(standard input:2: .*|LongLivedPorts: .*)");
    }

    @Test
    void readsTheFolderOfOnionClientKeys(@TempDir Path folder) throws Exception {
        Files.writeString(
                folder.resolve("a.auth_private"),
                "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid:descriptor:x25519:"
                        + "SDZNMD4RP4SCH4EYTTUZPFRZINNFWAOPPKZ6BINZAC7LREV24RBQ");
        assertThat(of("ClientOnionAuthDir " + folder).client()).isNotNull();
    }

    @Test
    void refusesContradictions() {
        assertThatThrownBy(() -> of("TestingTorNetwork 1").client()).hasMessageContaining("non-default set of DirAuthority");
        assertThatThrownBy(() -> of("ClientUseIPv4 0\nClientUseIPv6 0").client()).hasMessageContaining("ClientUseIPv4");
    }
}
