package dev.cepa.monitor;

import dev.cepa.TorClient;
import dev.cepa.TorConfig;
import dev.cepa.TorConfigBuilder;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEventListener;
import dev.cepa.testnet.TestNetwork;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A client with a monitor, on a private network. */
record Watched(TorClient tor, Monitor monitor) implements AutoCloseable {
    static TorConfig config(TestNetwork network) throws TorException {
        TorConfigBuilder config = TorConfig.builder().inMemory().testingNetwork(true).socksPort(0);
        for (String line : network.clientTorrc()) {
            if (line.startsWith("DirAuthority ")) {
                config.directoryAuthority(line.substring("DirAuthority ".length()));
            }
        }
        return config.build();
    }

    static Watched start(TestNetwork network) throws TorException {
        return start(network, event -> {});
    }

    /** @param listener hears of events too */
    static Watched start(TestNetwork network, TorEventListener listener) throws TorException {
        Monitor monitor = Monitor.open(MonitorSettings.DEFAULT);
        TorClient tor = TorClient.start(config(network), event -> {
            monitor.onEvent(event);
            listener.onEvent(event);
        });
        monitor.watch(tor);
        tor.awaitReady(Duration.ofSeconds(60));
        return new Watched(tor, monitor);
    }

    /** A download by way of the SOCKS port, whose head is still to be read. */
    Socket request(String host, int port, int bytes) throws IOException {
        Socket socket = new Socket(new Proxy(Proxy.Type.SOCKS, tor.socksAddresses().get(0)));
        socket.setSoTimeout(60_000);
        socket.connect(InetSocketAddress.createUnresolved(host, port), 60_000);
        String request = "GET /bytes/" + bytes + "?seed=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /** How many bytes came, head included. */
    int fetch(String host, int port, int bytes) throws IOException {
        try (Socket socket = request(host, port, bytes)) {
            InputStream in = socket.getInputStream();
            return in.readAllBytes().length;
        }
    }

    @Override
    public void close() {
        monitor.close();
        tor.close();
    }
}
