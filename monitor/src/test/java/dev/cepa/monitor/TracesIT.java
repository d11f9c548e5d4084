package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.HostedOnionService;
import dev.cepa.OnionServiceKey;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a client on a network of real relays leaves in OpenTelemetry and in the Flight Recorder. */
@Timeout(180)
class TracesIT {
    @TempDir
    private Path folder;

    @Test
    void aDownloadIsTracedFromTheStart() throws Exception {
        InMemorySpanExporter exporter = InMemorySpanExporter.create();
        OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
                .setTracerProvider(
                        SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(exporter)).build())
                .build();
        OpenTelemetryTraces traces = new OpenTelemetryTraces(sdk, false);
        FlightEvents flight = new FlightEvents(false);
        Path file = folder.resolve("cepa.jfr");
        try (WebServer web = WebServer.start();
                Recording recording = new Recording()) {
            recording.start();
            int port = web.port();
            try (Watched watched = Watched.start(TestNetworks.shared(), event -> {
                traces.onEvent(event);
                flight.onEvent(event);
            })) {
                assertThat(watched.fetch("127.0.0.1", port, 10_000)).isGreaterThan(10_000);
                try (HostedOnionService service = watched.tor().onionService(OnionServiceKey.generate())
                        .port(80, new InetSocketAddress(InetAddress.getLoopbackAddress(), port)).start()) {
                    service.awaitPublished(Duration.ofSeconds(60));
                    assertThat(watched.fetch(service.address(), 80, 10_000)).isGreaterThan(10_000);
                }
            }
            recording.stop();
            recording.dump(file);
            assertSpans(exporter.getFinishedSpanItems(), port);
            assertPrinted(Tools.run(null, List.of(
                    System.getProperty("java.home") + "/bin/jfr", "print", "--events", "dev.cepa.*", file.toString())), port);
        }
    }

    private static void assertSpans(List<SpanData> spans, int port) {
        assertThat(spans).extracting(SpanData::getName).contains(
                "bootstrap", "circuit build", "circuit hop", "stream", "descriptor fetch");
        SpanData circuit = spans.stream()
                .filter(s -> s.getName().equals("circuit build") && s.getAttributes().toString().contains("cepa.circuit.hops=3"))
                .findFirst().orElseThrow();
        List<SpanData> hops = spans.stream().filter(s -> s.getParentSpanId().equals(circuit.getSpanId())).toList();
        assertThat(hops).hasSize(3).allSatisfy(hop -> {
            assertThat(hop.getStartEpochNanos()).isGreaterThanOrEqualTo(circuit.getStartEpochNanos());
            assertThat(hop.getEndEpochNanos()).isLessThanOrEqualTo(circuit.getEndEpochNanos());
            assertThat(hop.getAttributes().toString()).contains("cepa.relay=");
        });
        assertThat(spans.toString()).contains("cepa.stream.kind=user").doesNotContain("127.0.0.1:" + port);
    }

    private static void assertPrinted(Tools.Ran printed, int port) {
        assertThat(printed.status()).isZero();
        assertThat(printed.output())
                .contains("dev.cepa.Bootstrap {", "percent = 100", "dev.cepa.CircuitBuild {", "hops = 3", "dev.cepa.CircuitHop {")
                .contains("dev.cepa.Stream {", "kind = \"user\"", "duration = ", "dev.cepa.DescriptorFetch {")
                .doesNotContain("127.0.0.1:" + port);
    }
}
