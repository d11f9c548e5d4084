package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.testnet.OnionService;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Onion services of C tor, reached through real relays. */
@Timeout(180)
class OnionClientIT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static TestNetwork network;
    private static WebServer web;
    private static OnionService service;
    private static TorClient tor;
    private static final List<TorEvent> EVENTS = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void start() throws IOException {
        network = TestNetworks.shared();
        web = WebServer.start();
        service = network.startOnionService("onion", web.port(), PATIENCE, List.of());
        tor = TorClient.start(config().inMemory().build(), EVENTS::add);
        tor.awaitReady(Duration.ofSeconds(60));
    }

    @AfterAll
    static void stop() throws IOException {
        tor.close();
        service.close();
        web.close();
    }

    private static TorConfig.Builder config() throws TorException {
        TorConfig.Builder config = TorConfig.builder().testingNetwork(true);
        for (String line : network.clientTorrc()) {
            if (line.startsWith("DirAuthority ")) {
                config.directoryAuthority(line.substring("DirAuthority ".length()));
            }
        }
        return config;
    }

    private static void assertServes(TorClient client, String host, int length, long seed) throws Exception {
        HttpResponse<byte[]> page = client.httpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://" + host + "/bytes/" + length + "?seed=" + seed)).build(),
                        BodyHandlers.ofByteArray());
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(page.body())))
                .isEqualTo(web.content(seed).sha256(length));
    }

    @Test
    void fetchesAPageOfAPublicService() throws Exception {
        assertServes(tor, service.address(), 100_000, 1);
        assertServes(tor, "www." + service.address(), 100, 2);
    }
}
