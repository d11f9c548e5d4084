package dev.cepa.testnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsensusTest {
    private static final String RELAY = """
            r exit0 DWx6/Oi2x5CF/ckZR29sIeDdeN0 2038-01-01 00:00:00 127.0.0.1 21013 0
            m ijhPIa5SSBa27k4edmyhT2UIIqAnJsx9+CyANzvzS4U
            s Exit Fast Guard HSDir Running Stable V2Dir Valid
            """;

    @Test
    void countsRelaysByFlag() {
        Consensus consensus = Consensus.count(RELAY + RELAY.replace("Exit ", "") + RELAY.replace("Running ", ""));

        assertThat(consensus).isEqualTo(new Consensus(3, 3, 2, 1, 2));
    }

    @Test
    void isIncompleteWhileOneRelayIsMissing() {
        assertThat(Consensus.count(RELAY).isComplete(1, 1)).isTrue();
        assertThat(Consensus.count(RELAY).isComplete(2, 1)).isFalse();
    }

    @Test
    void readsAMissingFileAsAnEmptyOne(@TempDir Path folder) throws IOException {
        assertThat(Consensus.read(folder.resolve("none"))).isEqualTo(new Consensus(0, 0, 0, 0, 0));
    }
}
