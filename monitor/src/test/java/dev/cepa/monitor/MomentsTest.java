package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.ErrorKind;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.OnionDescriptor;
import dev.cepa.event.TorEvent.StreamStatus;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;
import org.junit.jupiter.api.Test;

class MomentsTest {
    private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
    private final OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(exporter)).build())
            .build();

    private OpenTelemetryTraces traces(boolean destinations) {
        return new OpenTelemetryTraces(sdk, destinations);
    }

    private List<SpanData> spans(String name) {
        return exporter.getFinishedSpanItems().stream().filter(span -> span.getName().equals(name)).toList();
    }

    private SpanData span(String name) {
        assertThat(spans(name)).hasSize(1);
        return spans(name).get(0);
    }

    private static Object attribute(SpanData span, String name) {
        return span.getAttributes().asMap().entrySet().stream()
                .filter(e -> e.getKey().getKey().equals(name)).map(e -> e.getValue()).findFirst().orElse(null);
    }

    @Test
    void aCircuitHasAChildPerHop() {
        OpenTelemetryTraces traces = traces(false);
        Events.built(7, 3).forEach(traces::onEvent);
        SpanData circuit = span("circuit build");
        assertThat(circuit.getAttributes().get(AttributeKey.longKey("cepa.circuit.id"))).isEqualTo(7);
        assertThat(circuit.getAttributes().get(AttributeKey.longKey("cepa.circuit.hops"))).isEqualTo(3);
        assertThat(circuit.getParentSpanContext().isValid()).isFalse();
        assertThat(spans("circuit hop")).hasSize(3).allSatisfy(hop -> {
            assertThat(hop.getParentSpanId()).isEqualTo(circuit.getSpanId());
            assertThat(hop.getTraceId()).isEqualTo(circuit.getTraceId());
        });
        assertThat(attribute(spans("circuit hop").get(1), "cepa.relay")).isEqualTo("$BBBB~two");
    }

    @Test
    void aFailureSaysWhatItIs() {
        OpenTelemetryTraces traces = traces(false);
        traces.onEvent(Events.circuit(1, CircuitStatus.Status.LAUNCHED, 0));
        traces.onEvent(Events.circuit(1, CircuitStatus.Status.EXTENDED, 1));
        traces.onEvent(Events.circuit(1, CircuitStatus.Status.FAILED, 1, Events.failure(ErrorKind.TIMEOUT)));
        SpanData circuit = span("circuit build");
        assertThat(circuit.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(attribute(circuit, "error.type")).isEqualTo("timeout");
        assertThat(attribute(circuit, "cepa.error.category")).isEqualTo("circuit");
        assertThat(attribute(circuit, "cepa.error.severity")).isEqualTo("notice");
        assertThat(spans("circuit hop")).hasSize(2);
        assertThat(attribute(spans("circuit hop").get(1), "error.type")).isEqualTo("timeout");
    }

    @Test
    void bootstrappingHasItsPhases() {
        OpenTelemetryTraces traces = traces(false);
        traces.onEvent(new TorEvent.Bootstrap(0, "starting", "Starting", null));
        traces.onEvent(new TorEvent.Bootstrap(50, "loading_descriptors", "Loading", null));
        traces.onEvent(new TorEvent.Bootstrap(100, "done", "Done", null));
        assertThat(span("bootstrap").getEvents()).extracting(e -> e.getName())
                .containsExactly("0% starting", "50% loading_descriptors", "100% done");
    }

    private static void stream(OpenTelemetryTraces traces, String target) {
        traces.onEvent(Events.stream(3, StreamStatus.Status.NEW, target, null));
        traces.onEvent(Events.stream(3, StreamStatus.Status.SUCCEEDED, target, null));
        traces.onEvent(Events.stream(3, StreamStatus.Status.CLOSED, target, null));
    }

    @Test
    void destinationsAreToldOnlyIfAsked() {
        stream(traces(false), "secret.example:443");
        OnionDescriptor asked = new OnionDescriptor(OnionDescriptor.Action.REQUESTED, Events.ONION, "$AAAA~one", "id", null);
        OpenTelemetryTraces quiet = traces(false);
        quiet.onEvent(asked);
        quiet.onEvent(new OnionDescriptor(OnionDescriptor.Action.FAILED, Events.ONION, "$AAAA~one", "id", "NOT_FOUND"));
        assertThat(span("stream").getEvents()).extracting(e -> e.getName()).containsExactly("open");
        assertThat(attribute(span("descriptor fetch"), "cepa.relay")).isEqualTo("$AAAA~one");
        assertThat(exporter.getFinishedSpanItems().toString()).doesNotContain("secret", Events.ONION);
        exporter.reset();
        stream(traces(true), "secret.example:443");
        assertThat(attribute(span("stream"), "cepa.destination")).isEqualTo("secret.example:443");
    }

    @Test
    void remembersNoMoreThanItMay() {
        OpenTelemetryTraces traces = traces(false);
        for (int i = 0; i < 5000; i++) {
            traces.onEvent(Events.stream(i, StreamStatus.Status.NEW, "x:1", null));
        }
        for (int i = 0; i < 5000; i++) {
            traces.onEvent(Events.stream(i, StreamStatus.Status.FAILED, "x:1", Events.failure(ErrorKind.EXIT_POLICY)));
        }
        assertThat(spans("stream")).hasSize(4096);
    }
}
