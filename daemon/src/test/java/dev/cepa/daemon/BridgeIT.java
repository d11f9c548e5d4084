package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real program behind a real bridge. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class BridgeIT {
    private static final String METRICS = "Opened Metrics listener connection (ready) on 127.0.0.1:";

    @TempDir
    private Path folder;

    private static void echo(int socksPort, int echoPort) throws Exception {
        try (Socket socket = SignalledDaemon.connect(socksPort, echoPort)) {
            socket.getOutputStream().write(7);
            assertThat(socket.getInputStream().read()).isEqualTo(7);
        }
    }

    @Test
    void waitsForABridgeThatIsDownAndTellsNobodyWhereItIs() throws Exception {
        TestNetwork network = TestNetworks.shared();
        Node bridge = network.nodes(NodeKind.BRIDGE).getFirst();
        String line = network.bridgeLines().getFirst();
        bridge.stop();
        try (WebServer web = WebServer.start();
                SignalledDaemon daemon = SignalledDaemon.start(
                        folder, network, "SocksPort auto", "MetricsPort auto Fingerprints", "UseBridges 1", line,
                        "Log debug stdout")) {
            int metrics;
            int port;
            try {
                metrics = Integer.parseInt(daemon.await(METRICS));
                port = daemon.awaitPort();
                daemon.await("the bridge is of no use: TCP connection with [bridge 1] failed");
                assertThat(get(metrics, "/ready")).contains("TCP connection with [bridge 1] failed");
            } finally {
                bridge.restart();
            }
            daemon.await("Bootstrapped 100% (done): Done");
            echo(port, web.echoPort());
            for (String path : new String[] {"/metrics", "/metrics/json", "/health", "/ready"}) {
                assertThat(get(metrics, path)).as(path)
                        .doesNotContain(bridge.fingerprint()).doesNotContain(":" + bridge.orPort());
            }
            assertThat(get(metrics, "/metrics")).contains("[bridge 1]");
            assertThat(daemon.log()).contains("[bridge 1]")
                    .doesNotContain(bridge.fingerprint())
                    .doesNotContain("127.0.0.1:" + bridge.orPort());

            // Without bridges, and with them again, while it runs; and named, for who wants that.
            daemon.writeTorrc("SocksPort auto", line);
            daemon.signal("HUP");
            daemon.await("The configuration has been reloaded.");
            echo(port, web.echoPort());
            daemon.writeTorrc("SocksPort auto", "UseBridges 1");
            daemon.signal("HUP");
            daemon.await("you must specify at least one bridge");
            daemon.writeTorrc("SocksPort auto", "UseBridges 1", line, "SafeLogging 0", "ReconfigDropsBridgeDescs 1", "Log info stdout");
            daemon.signal("HUP");
            daemon.await("The configuration has been reloaded.");
            daemon.await("127.0.0.1:" + bridge.orPort() + " $" + bridge.fingerprint() + " has told its descriptor");
            echo(port, web.echoPort());
        }
    }

    private static String get(int port, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        }
    }
}
