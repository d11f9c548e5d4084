package dev.cepa.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class PortHolderTest {
    private static final String US = "java (process " + ProcessHandle.current().pid() + ")";

    @Test
    void findsTheProgramThatHasAPort() throws Exception {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        int port;
        try (ServerSocket server = new ServerSocket(0, 1, loopback)) {
            port = server.getLocalPort();
            assertThat(PortHolder.find("tcp", port)).isEqualTo(US);
            assertThatThrownBy(() -> TcpServer.open(new InetSocketAddress(loopback, port)))
                    .isInstanceOf(TorException.class)
                    .hasMessageContaining("Could not bind to 127.0.0.1:" + port)
                    .hasMessageEndingWith("The port is in use by " + US + ".");
        }
        assertThat(PortHolder.find("tcp", port)).isEmpty();
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(loopback, 0))) {
            assertThat(PortHolder.find("udp", socket.getLocalPort())).isEqualTo(US);
        }
    }
}
