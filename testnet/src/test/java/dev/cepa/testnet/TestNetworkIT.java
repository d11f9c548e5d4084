package dev.cepa.testnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TestNetworkIT {
    private static final Duration TIMEOUT = Duration.ofMinutes(3);

    @Test
    void runsStopsRestartsAndLeavesNothing() throws Exception {
        List<String> progress = new ArrayList<>();
        TestNetwork network = TestNetwork.builder().bridges(1).progress(progress::add).start(TIMEOUT);
        List<Long> pids = new ArrayList<>();
        try (network) {
            assertThat(network.relays()).hasSize(12).allMatch(Node::isAlive);
            assertThat(progress).isNotEmpty();
            assertThat(network.clientTorrc()).hasSize(4);
            assertThat(network.bridgeLines()).singleElement().asString().matches("Bridge 127.0.0.1:\\d+ [0-9A-F]{40}");
            assertThat(Consensus.count(consensusOf(network)).isComplete(12, 4)).isTrue();
            assertThat(consensusOf(network).lines().filter(line -> line.startsWith("w "))).as("weights of relays")
                    .hasSize(12).containsOnly("w Bandwidth=10000 Unmeasured=1");
            for (Node node : network.relays()) {
                assertThat(node.fingerprint()).matches("[0-9A-F]{40}");
                assertThat(node.ed25519Id()).hasSize(43);
                pids.add(node.pid());
            }
            assertThat(network.authorities()).allSatisfy(authority ->
                    assertThat(network.nodeByFingerprint(authority.fingerprint()).nickname())
                            .isEqualTo(authority.nickname()));

            Node exit = network.node("exit1");
            String fingerprint = exit.fingerprint();
            exit.stop();
            assertThat(exit.isAlive()).isFalse();
            assertThat(Ports.isFree(exit.orPort())).isTrue();
            exit.restart();
            assertThat(exit.isAlive()).isTrue();
            assertThat(exit.fingerprint()).isEqualTo(fingerprint);
            exit.suspend();
            assertThat(exit.isAlive()).isTrue();
            exit.resume();
            exit.kill();
            assertThat(exit.isAlive()).isFalse();
            network.node("relay0").suspend();
        }
        assertThat(pids).noneMatch(pid -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent());
        assertThat(Files.exists(network.folder())).isFalse();
    }

    @Test
    void carriesAClientToNamesThatExitsResolve() throws Exception {
        try (TestNetwork network = TestNetwork.builder().authorities(1).relays(2).exits(1).start(TIMEOUT);
                WebServer web = WebServer.start()) {
            Node client = network.startClient("client", TIMEOUT);
            Proxy proxy = new Proxy(Proxy.Type.SOCKS, new InetSocketAddress("127.0.0.1", client.socksPort()));

            for (String name : List.of("www.cepa.test", "v4only.example")) {
                try (Socket socket = new Socket(proxy)) {
                    socket.setSoTimeout(60_000);
                    socket.connect(InetSocketAddress.createUnresolved(name, web.echoPort()), 60_000);
                    socket.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
                    assertThat(socket.getInputStream().readNBytes(5)).asString(StandardCharsets.US_ASCII)
                            .isEqualTo("hello");
                }
            }
            try (Socket socket = new Socket(proxy)) {
                InetSocketAddress nowhere = InetSocketAddress.createUnresolved("nxdomain.test", web.echoPort());
                assertThatThrownBy(() -> socket.connect(nowhere, 60_000)).isInstanceOf(IOException.class);
            }
        }
    }

    private static String consensusOf(TestNetwork network) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + network.authorities().getFirst().dirPort()
                + "/tor/status-vote/current/consensus-microdesc");
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(20)).build();
            return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        }
    }
}
