package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.proxy.SocketFileMode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ControlServerTest {
    private final TestHost host = new TestHost();
    private ControlServer server;
    private int port;

    @BeforeEach
    void open() throws Exception {
        server = new ControlServer(host);
        server.listen(List.of(new ControlPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), SocketFileMode.OWNER)));
        port = ((InetSocketAddress) server.addresses().getFirst()).getPort();
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void answersAsCTorDoes() throws Exception {
        try (Controller controller = Controller.connect(port)) {
            assertThat(controller.ask("protocolinfo 1")).containsExactly(
                    "250-PROTOCOLINFO 1", "250-AUTH METHODS=NULL", "250-VERSION Tor=\"0.4.9.11 (cepa-test)\"", "250 OK");
            assertThat(controller.ask("authenticate")).containsExactly("250 OK");
            assertThat(controller.ask("GETINFO version")).containsExactly("250-version=0.4.9.11 (cepa-test)", "250 OK");
            assertThat(controller.ask("GETINFO nothing version")).containsExactly("552 Unrecognized key \"nothing\"");
            assertThat(controller.ask("NOTHING")).containsExactly("510 Unrecognized command \"NOTHING\"");
            assertThat(controller.ask("SETEVENTS circ BW")).containsExactly("250 OK");
            assertThat(controller.ask("SETEVENTS circ XX")).containsExactly("552 Unrecognized event \"XX\"");
            assertThat(controller.ask("QUIT")).containsExactly("250 closing connection");
            controller.awaitEnd();
        }
    }

    @Test
    void doesNothingForThoseWhoHaveNotAuthenticated() throws Exception {
        try (Controller controller = Controller.connect(port)) {
            assertThat(controller.ask("GETINFO version")).containsExactly("514 Authentication required.");
            controller.awaitEnd();
        }
    }
}
