package dev.cepa.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.HostedOnionService;
import dev.cepa.TorClient;
import dev.cepa.testnet.TestNetworks;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The example of the documentation, on real relays. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class OnionPageIT {
    @Test
    void anotherClientReadsThePage() throws Exception {
        try (TorClient host = TorClient.connect(Demo.config(TestNetworks.shared()));
                TorClient reader = TorClient.connect(Demo.config(TestNetworks.shared()))) {
            HostedOnionService service = OnionPage.host(host, "a page of its own".getBytes(StandardCharsets.US_ASCII));
            service.awaitPublished(Duration.ofMinutes(1));
            for (int i = 0; i < 3; i++) {
                HttpResponse<String> page = reader.httpClient()
                        .send(
                                HttpRequest.newBuilder(URI.create("http://" + service.address() + "/")).build(),
                                HttpResponse.BodyHandlers.ofString());
                assertThat(page.statusCode()).isEqualTo(200);
                assertThat(page.body()).isEqualTo("a page of its own");
            }
        }
    }
}
