package dev.cepa.daemon.control;

import dev.cepa.TorClient;
import dev.cepa.TorConfig;
import dev.cepa.TorConfigBuilder;
import dev.cepa.proxy.SocketFileMode;
import java.io.Closeable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/** A control port of a real client that has no network, for tests of what needs none. */
final class OfflineControl implements Closeable {
    final TestHost host = new TestHost();
    final TorClient client;
    final ControlServer server;
    final int port;

    OfflineControl(TorConfigBuilder config) throws Exception {
        server = new ControlServer(host);
        client = TorClient.start(config.disableNetwork(true).noSocksPorts().build(), server::onEvent);
        host.client = client;
        host.set("SocksTimeout", "60");
        server.listen(List.of(
                new ControlPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), SocketFileMode.OWNER)));
        port = ((InetSocketAddress) server.addresses().getFirst()).getPort();
    }

    static OfflineControl start() throws Exception {
        return new OfflineControl(TorConfig.builder().inMemory());
    }

    Controller controller() throws Exception {
        return Controller.in(port);
    }

    @Override
    public void close() {
        server.close();
        client.close();
    }
}
