package dev.cepa.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class TcpServerTest {
    @Test
    void connectionsTakeSmallBuffersIfTold() throws Exception {
        try (TcpServer server = TcpServer.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                Socket program = new Socket()) {
            program.connect(server.address());
            try (TcpServer.Connection accepted = (TcpServer.Connection) server.accept()) {
                int before = accepted.socket().getSendBufferSize();
                accepted.setBuffers(4096);
                // Linux doubles what it is asked for.
                assertThat(accepted.socket().getSendBufferSize()).isBetween(4096, 8192).isLessThan(before);
                assertThat(accepted.socket().getReceiveBufferSize()).isBetween(4096, 8192);
            }
        }
    }
}
