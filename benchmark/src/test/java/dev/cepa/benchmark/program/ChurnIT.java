package dev.cepa.benchmark.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetworks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 4, unit = TimeUnit.MINUTES)
class ChurnIT {
    private static Node relay() throws IOException {
        return TestNetworks.shared().nodes(NodeKind.RELAY).getFirst();
    }

    private static boolean isFrozen(Node relay) throws IOException {
        return Files.readString(Path.of("/proc", Long.toString(relay.pid()), "stat")).contains(") T ");
    }

    @Test
    void freezesRelaysAndWakesThemWhenItIsClosed() throws Exception {
        Node relay = relay();
        try (Churn churn = Churn.start(List.of(relay))) {
            while (!isFrozen(relay)) {
                Thread.sleep(5);
            }
            assertThat(churn.stop()).isEqualTo(1);
            assertThat(isFrozen(relay)).isFalse();
        }
    }

    @Test
    void aRelayThatIsNotThereIsAnError() throws Exception {
        Node relay = relay();
        relay.kill();
        try (Churn churn = Churn.start(List.of(relay))) {
            while (churn.isAlive()) {
                Thread.sleep(5);
            }
            assertThatThrownBy(churn::stop).isInstanceOf(IOException.class).hasMessageContaining("is not running");
        } finally {
            relay.restart();
        }
    }
}
