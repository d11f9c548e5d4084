package dev.cepa.monitor;

import dev.cepa.TorClient;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Spans of what lasts in a client, for OpenTelemetry: {@code bootstrap}, {@code circuit build} with a {@code circuit hop}
 * for each hop, {@code stream}, {@code descriptor fetch}. Only the API is used; without an SDK nothing happens. Thread-safe.
 *
 * <p>Attributes: {@code cepa.circuit.id}, {@code cepa.circuit.purpose}, {@code cepa.circuit.hops}, {@code cepa.hop.number},
 * {@code cepa.relay}, {@code cepa.stream.id}, {@code cepa.stream.kind}; of failures {@code error.type},
 * {@code cepa.error.category}, {@code cepa.error.severity}. Failures' messages name no destination, and neither does
 * anything else unless that was asked for ({@code cepa.destination}).
 */
public final class OpenTelemetryTraces implements TorEventListener {
    private final Moments<Span> moments;

    /**
     * Spans for this.
     *
     * @param telemetry who takes them
     * @param destinations whether they may tell where streams go, as with {@code SafeLogging 0}
     */
    public OpenTelemetryTraces(OpenTelemetry telemetry, boolean destinations) {
        moments = new Moments<>(new Spans(telemetry.getTracer("dev.cepa", TorClient.version())), destinations);
    }

    @Override
    public void onEvent(TorEvent event) {
        moments.onEvent(event);
    }

    private record Spans(Tracer tracer) implements Moments.Recorder<Span> {
        @Override
        public Span begin(Moments.Kind kind, @Nullable Span parent) {
            SpanBuilder builder = tracer.spanBuilder(kind.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                    .setSpanKind(SpanKind.CLIENT);
            // Events come on threads whose own span, if there is one, has nothing to do with it.
            return (parent == null ? builder.setNoParent() : builder.setParent(Context.root().with(parent))).startSpan();
        }

        @Override
        public void note(Span span, String what) {
            span.addEvent(what);
        }

        @Override
        public void end(Span span, Moments.Kind kind, Moments.Details details, @Nullable TorException failure) {
            switch (kind) {
                case BOOTSTRAP -> span.setAttribute("cepa.bootstrap.percent", details.number());
                case CIRCUIT_BUILD -> circuit(span, details).setAttribute("cepa.circuit.hops", details.number());
                case CIRCUIT_HOP -> circuit(span, details).setAttribute("cepa.hop.number", details.number());
                case STREAM -> span.setAttribute("cepa.stream.id", details.stream())
                        .setAttribute("cepa.circuit.id", details.circuit())
                        .setAttribute("cepa.stream.kind", details.purpose().toLowerCase(Locale.ROOT));
                case DESCRIPTOR_FETCH -> {}
            }
            if (!details.relay().isEmpty()) {
                span.setAttribute("cepa.relay", details.relay());
            }
            if (!details.destination().isEmpty()) {
                span.setAttribute("cepa.destination", details.destination());
            }
            if (failure != null) {
                ErrorKind error = failure.kind();
                span.setAttribute("error.type", error.label())
                        .setAttribute("cepa.error.category", error.category().name().toLowerCase(Locale.ROOT))
                        .setAttribute("cepa.error.severity", error.severity().name().toLowerCase(Locale.ROOT))
                        .setStatus(StatusCode.ERROR, String.valueOf(failure.getMessage()));
            }
            span.end();
        }

        private static Span circuit(Span span, Moments.Details details) {
            return span.setAttribute("cepa.circuit.id", details.circuit())
                    .setAttribute("cepa.circuit.purpose", details.purpose().toLowerCase(Locale.ROOT));
        }
    }
}
