package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.Deadline;
import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.onion.TimePeriod;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service whose master key is elsewhere, reached by C tor through real relays. */
@Timeout(240)
class DelegatedServiceIT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @TempDir
    private Path parent;

    @Test
    void isReachedByCTorWithoutItsMasterKey() throws Exception {
        TestNetwork network = TestNetworks.shared();
        Path folder = parent.resolve("service");
        OnionServiceKey master = OnionServiceKey.generate();
        Node visitor = network.startClient("delegated-visitor", PATIENCE, "UseEntryGuards 0");
        try (WebServer web = WebServer.start();
                TorClient tor = TorClient.start(Networks.addAuthorities(
                                TorConfig.builder().testingNetwork(true).inMemory(), network)
                        .build())) {
            tor.awaitReady(PATIENCE);
            ConsensusInfo consensus =
                    Networks.internalCircuits(tor).directory(Deadline.in(PATIENCE)).consensus();
            TimePeriod now = TimePeriod.of(consensus, true);
            master.delegate(
                    folder,
                    new OnionServiceKey.Periods(
                            consensus.validAfter(), 20, Duration.ofMinutes(now.lengthMinutes()),
                            Duration.ofSeconds(now.offsetSeconds())));
            InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), web.port());
            try (HostedOnionService service = tor.onionService(folder).port(80, server).start()) {
                assertThat(service.address()).isEqualTo(master.address());
                assertThat(folder.resolve("hs_ed25519_secret_key")).doesNotExist();
                assertThat(Files.readString(folder.resolve("hostname")).strip()).isEqualTo(master.address());
                service.awaitPublished(PATIENCE);
                InetSocketAddress socks =
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), visitor.socksPort());
                try (Socket socket = new Socket(new Proxy(Proxy.Type.SOCKS, socks))) {
                    socket.setSoTimeout((int) PATIENCE.toMillis());
                    socket.connect(InetSocketAddress.createUnresolved(service.address(), 80), (int) PATIENCE.toMillis());
                    socket.getOutputStream()
                            .write("GET /bytes/100?seed=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                            .startsWith("HTTP/1.");
                }
            }
        } finally {
            visitor.stop();
        }
    }
}
