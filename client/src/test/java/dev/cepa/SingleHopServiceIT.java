package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.onion.Introducer;
import dev.cepa.path.AddressPolicy;
import dev.cepa.path.PathSettings;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Services of ours that do not hide, reached through real relays. */
@Timeout(240)
class SingleHopServiceIT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final List<TorEvent> events = new CopyOnWriteArrayList<>();

    private static TorConfigBuilder config(TestNetwork network) throws TorException {
        return Networks.addAuthorities(TorConfig.builder().testingNetwork(true).inMemory(), network);
    }

    /** The lengths of the paths of all circuits that were built for that. */
    private List<Integer> lengths(String purpose) {
        return events.stream()
                .filter(e -> e instanceof TorEvent.CircuitStatus c
                        && c.status() == TorEvent.CircuitStatus.Status.BUILT
                        && c.purpose().equals(purpose))
                .map(e -> ((TorEvent.CircuitStatus) e).path().size())
                .toList();
    }

    private static void assertServes(Socket socket) throws IOException {
        try (socket) {
            String request = "GET /bytes/10 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1)).contains("200 ");
        }
    }

    @Test
    void isReachedByOneHopAndSaysSo(@TempDir Path parent) throws Exception {
        TestNetwork network = TestNetworks.shared();
        Path folder = parent.resolve("service");
        try (WebServer web = WebServer.start();
                TorClient host = TorClient.start(config(network).nonAnonymousServices(true).build(), events::add);
                TorClient guest = TorClient.connect(config(network).build())) {
            host.awaitReady(PATIENCE);
            guest.awaitReady(PATIENCE);
            InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), web.port());
            HostedOnionService service = host.onionService(folder).port(80, server).start();
            service.awaitPublished(PATIENCE);
            assertServes(guest.open(service.address(), 80));
            Node visitor = network.startClient("direct-visitor", PATIENCE, "UseEntryGuards 0");
            try (Socket socket = new Socket(new Proxy(
                    Proxy.Type.SOCKS, new InetSocketAddress(InetAddress.getLoopbackAddress(), visitor.socksPort())))) {
                socket.setSoTimeout((int) PATIENCE.toMillis());
                socket.connect(InetSocketAddress.createUnresolved(service.address(), 80));
                assertServes(socket);
            } finally {
                visitor.stop();
            }
            assertThat(new Introducer(guest.internalCircuits(), service.address()).isSingleOnion()).isTrue();
            assertThat(lengths("HS_SERVICE_INTRO")).hasSizeGreaterThanOrEqualTo(3).containsOnly(1);
            assertThat(lengths("HS_SERVICE_REND")).hasSizeGreaterThanOrEqualTo(2).containsOnly(1);
            assertThat(lengths("HS_SERVICE_HSDIR")).isNotEmpty().allMatch(length -> length >= 3);

            refuses(() -> host.open("127.0.0.1", web.port()));
            refuses(() -> host.open(service.address(), 80));
            refuses(() -> host.resolve("localhost", PATIENCE));
            refuses(() -> host.pin(80, PATIENCE));
        }
        try (TorClient hidden = TorClient.start(config(network).build())) {
            assertThatThrownBy(() -> hidden.onionService(folder)).hasMessageContaining("non-anonymous");
        }
        refuses(() -> config(network).nonAnonymousServices(true).socksPort(0).build());
    }

    private static void refuses(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG))
                .hasMessageContaining("not anonymous");
    }

    @Test
    void goesTheLongWayWhereItMustNotConnectDirectly() throws Exception {
        TestNetwork network = TestNetworks.shared();
        List<String> reachable = new ArrayList<>();
        for (Node authority : network.nodes(NodeKind.AUTHORITY)) {
            reachable.add("accept *:" + authority.orPort());
        }
        reachable.add("reject *:*");
        PathSettings all = PathSettings.DEFAULT;
        PathSettings paths = new PathSettings(
                all.entryNodes(), all.exitNodes(), all.middleNodes(), all.excludeNodes(), all.excludeExitNodes(), false, false,
                true, 0, 0, 0, true, true, AddressPolicy.parseReachable(String.join(",", reachable)), null, true, null,
                all.longLivedPorts(), all.tuning());
        try (TorClient host = TorClient.start(
                        config(network).nonAnonymousServices(true).paths(paths).build(), events::add);
                TorClient guest = TorClient.connect(config(network).build())) {
            host.awaitReady(PATIENCE);
            guest.awaitReady(PATIENCE);
            HostedOnionService service =
                    host.onionService(OnionServiceKey.generate()).port(7).introductionPoints(8).start();
            service.awaitPublished(PATIENCE);
            assertThat(lengths("HS_SERVICE_INTRO")).anyMatch(length -> length > 1);
            Thread.startVirtualThread(() -> {
                try {
                    service.accept().close();
                } catch (IOException e) {
                    // The guest fails then.
                }
            });
            guest.open(service.address(), 7).close();
        }
    }
}
