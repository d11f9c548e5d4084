package dev.cepa.testnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestnetToolTest {
    @Test
    void saysHowItIsUsedWhenItDoesNotUnderstand() {
        for (String[] args : new String[][] {
            {}, {"sideways"}, {"up", "--relays"}, {"up", "--relays", "many"}, {"up", "--colour", "red"}
        }) {
            StringWriter err = new StringWriter();
            int code = ToolProvider.findFirst("testnet").orElseThrow()
                    .run(new PrintWriter(new StringWriter()), new PrintWriter(err), args);

            assertThat(code).isEqualTo(2);
            assertThat(err.toString()).contains("usage: cepa testnet up");
        }
    }

    @Test
    void doesNotTakeALaterProcessWithTheSameIdForTheKeeper(@TempDir Path folder) throws IOException {
        long self = ProcessHandle.current().pid();
        KeeperState state = new KeeperState(self, Instant.EPOCH, List.of("exit0 1 2"), List.of("DirAuthority x"),
                List.of(), 80);
        state.write(folder);

        assertThat(KeeperState.read(folder)).isEqualTo(state);
        assertThat(state.process()).isEmpty();
    }
}
