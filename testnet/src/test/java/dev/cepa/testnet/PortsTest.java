package dev.cepa.testnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PortsTest {
    @Test
    void givesNoPortTwice() throws IOException {
        Ports ports = new Ports(new Random(1));
        Set<Integer> given = new HashSet<>();

        for (int i = 0; i < 300; i++) {
            assertThat(given.add(ports.next())).isTrue();
        }
        assertThat(given).allMatch(port -> port >= 12_000 && port < 32_000);
    }

    @Test
    void passesOverAPortInUse() throws IOException {
        int wouldBe = new Ports(new Random(2)).next();
        try (ServerSocket taken = new ServerSocket(wouldBe, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            assertThat(Ports.isFree(taken.getLocalPort())).isFalse();
            assertThat(new Ports(new Random(2)).next()).isNotEqualTo(wouldBe);
        }
    }
}
