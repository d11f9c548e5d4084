package dev.cepa.monitor;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusProtobufWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Writes the metrics down, in the form that a reader asks for: Prometheus's text, OpenMetrics, protobuf, which alone has
 * native histograms, or JSON. Thread-safe.
 */
final class Exposition {
    private final PrometheusRegistry registry;
    private volatile int lastSize = 16 * 1024;

    Exposition(PrometheusRegistry registry) {
        this.registry = registry;
    }

    /**
     * Answers with what the Accept header asks for.
     *
     * @param accept the header; null for text
     */
    void write(@Nullable String accept, HttpServer.Answer answer) throws IOException {
        String wanted = accept == null ? "" : accept;
        // The classes of one format are loaded when somebody asks for it.
        ExpositionFormatWriter writer;
        if (wanted.contains("application/vnd.google.protobuf") && wanted.contains("io.prometheus.client.MetricFamily")) {
            writer = new PrometheusProtobufWriter();
        } else if (wanted.contains("application/openmetrics-text")) {
            writer = OpenMetricsTextFormatWriter.create();
        } else {
            writer = PrometheusTextFormatWriter.create();
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(lastSize + 1024);
        write(writer, out);
        lastSize = out.size();
        answer.send(200, writer.getContentType(), out.toByteArray());
    }

    /**
     * On a thread of the system: made by a virtual one, the writers' buffers begin small and are copied for each word that no
     * longer fits, which is twelve megabytes a scrape, and a dozen collections.
     */
    private void write(ExpositionFormatWriter writer, ByteArrayOutputStream out) throws IOException {
        FutureTask<@Nullable Void> writing = new FutureTask<>(() -> {
            writer.write(out, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
            return null;
        });
        Thread.ofPlatform().daemon().name("monitor-scrape").start(writing);
        try {
            writing.get();
        } catch (ExecutionException e) {
            throw new IOException("The metrics could not be written down", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Stopped while the metrics were being written down");
        }
    }

    /** All metrics as JSON: by name, with type, help and samples. */
    String json() {
        Json json = new Json().object();
        for (MetricSnapshot metric : registry.scrape()) {
            String name = metric.getMetadata().getPrometheusName();
            json.object(metric instanceof CounterSnapshot ? name + "_total" : name)
                    .field("type", type(metric))
                    .field("help", metric.getMetadata().getHelp())
                    .array("samples");
            for (DataPointSnapshot point : metric.getDataPoints()) {
                json.object();
                Labels labels = point.getLabels();
                if (!labels.isEmpty()) {
                    json.object("labels");
                    for (int i = 0; i < labels.size(); i++) {
                        json.field(labels.getName(i), labels.getValue(i));
                    }
                    json.endObject();
                }
                value(json, point);
                json.endObject();
            }
            json.endArray().endObject();
        }
        return json.endObject().toString();
    }

    private static String type(MetricSnapshot metric) {
        return metric instanceof CounterSnapshot ? "counter" : metric instanceof HistogramSnapshot ? "histogram" : "gauge";
    }

    private static void value(Json json, DataPointSnapshot point) {
        if (point instanceof CounterSnapshot.CounterDataPointSnapshot counter) {
            json.field("value", counter.getValue());
        } else if (point instanceof GaugeSnapshot.GaugeDataPointSnapshot gauge) {
            json.field("value", gauge.getValue());
        } else if (point instanceof HistogramSnapshot.HistogramDataPointSnapshot histogram) {
            json.field("count", histogram.getCount()).field("sum", histogram.getSum()).object("buckets");
            ClassicHistogramBuckets buckets = histogram.getClassicBuckets();
            long below = 0;
            for (int i = 0; i < buckets.size(); i++) {
                below += buckets.getCount(i);
                double bound = buckets.getUpperBound(i);
                json.field(Double.isInfinite(bound) ? "+Inf" : Double.toString(bound), below);
            }
            json.endObject();
        }
    }
}
