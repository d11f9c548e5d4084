package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ExpositionTest {
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private @Nullable Thread writer;
    private @Nullable Exception failure;

    @Test
    void metricsAreWrittenDownOnAThreadWhoseWritersBeginWithWholeBuffers() throws InterruptedException {
        GaugeWithCallback.builder().name("one").help("One.").callback(callback -> {
            writer = Thread.currentThread();
            callback.call(1);
        }).register(registry);
        scrapeOnAVirtualThread();
        assertThat(sent.toString(StandardCharsets.UTF_8)).contains("one 1.0\n");
        assertThat(writer).isNotNull().matches(thread -> !thread.isVirtual());
    }

    @Test
    void aMetricThatFailsIsAnErrorOfTheAnswer() throws InterruptedException {
        GaugeWithCallback.builder().name("one").help("One.").callback(callback -> {
            throw new IllegalStateException("no number");
        }).register(registry);
        scrapeOnAVirtualThread();
        assertThat(failure).hasRootCauseMessage("no number");
        assertThat(sent.size()).isZero();
    }

    private void scrapeOnAVirtualThread() throws InterruptedException {
        Thread.ofVirtual().start(() -> {
            try {
                new Exposition(registry).write(null, new HttpServer.Answer(sent, false, true));
            } catch (Exception e) {
                failure = e;
            }
        }).join();
    }
}
