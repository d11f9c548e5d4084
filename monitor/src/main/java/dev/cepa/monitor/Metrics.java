package dev.cepa.monitor;

import dev.cepa.OnionServiceState;
import dev.cepa.Traffic;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.StatefulMetric;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The numbers of a client, in a registry of their own: counters and histograms, which move with events, and {@link Gauges}.
 * docs/operations.md lists them. Thread-safe.
 */
final class Metrics implements TorEventListener {
    /** Circuits and channels whose beginnings are remembered. */
    private static final int MOST = 4096;
    /** Seconds, from what a relay next door takes to what a circuit may. */
    private static final double[] SECONDS = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Gauges gauges;
    private final Map<Long, Long> circuitSteps = new ConcurrentHashMap<>();
    private final Map<Long, Long> streamsBegun = new ConcurrentHashMap<>();
    private final Map<Long, Long> channelsBegun = new ConcurrentHashMap<>();

    private final Counter circuitsAttempted = counter("cepa_circuits_attempted", "Circuits begun.", "purpose");
    private final Counter circuitsBuilt = counter("cepa_circuits_built", "Circuits that have got all their hops.", "purpose");
    private final Counter circuitsFailed = counter("cepa_circuits_failed", "Circuits that could not be built.", "reason");
    private final Counter circuitsTimedOut = counter("cepa_circuits_timed_out", "Circuits that took too long to build.");
    private final Counter circuitsClosed = counter("cepa_circuits_closed", "Circuits that were built and have ended.", "reason");
    private final Histogram circuitBuild = Histogram.builder().name("cepa_circuit_build_seconds")
            .help("How long circuits took to build.").classicUpperBounds(SECONDS).nativeMaxNumberOfBuckets(100)
            .withoutExemplars().register(registry);
    private final Histogram circuitHop =
            histogram("cepa_circuit_hop_seconds", "How long it took to add a hop, its handshake included.", "hop");
    private final Counter poolRequests =
            counter("cepa_pool_requests", "Streams that asked for a circuit: hit found one open, wait one being built.", "outcome");
    private final Histogram poolWait = histogram("cepa_pool_wait_seconds", "How long streams waited for a circuit.");
    private final Counter streamsOpened = counter("cepa_streams_opened", "Streams that were opened.", "kind");
    private final Counter streamsFailed = counter("cepa_streams_failed", "Streams that could not be opened.", "kind", "reason");
    private final Counter streamsClosed = counter("cepa_streams_closed", "Open streams that have ended.", "kind", "reason");
    private final Histogram streamOpen =
            histogram("cepa_stream_open_seconds", "How long the far end took to open a stream.", "kind");
    private final Counter proxyRequests =
            counter("cepa_proxy_requests", "Requests of programs, by SOCKS and the like.", "protocol", "command", "result");
    private final Histogram proxySeconds =
            histogram("cepa_proxy_request_seconds", "How long requests of programs took to be answered.", "protocol", "command");
    private final Counter channelsLaunched = counter("cepa_channels_launched", "Connections to relays begun.");
    private final Counter channelsFailed = counter("cepa_channels_failed", "Connections to relays that failed.", "reason");
    private final Histogram channelHandshake =
            histogram("cepa_channel_handshake_seconds", "How long TCP, TLS and link handshake with a relay took.");
    private final Counter downloads =
            counter("cepa_directory_downloads", "Questions to directory servers.", "document", "result");
    private final Counter downloadBytes =
            counter("cepa_directory_download_bytes", "Bytes that directory servers have sent, compressed.", "document");
    private final Histogram downloadSeconds =
            histogram("cepa_directory_download_seconds", "How long answers of directory servers took.", "document");
    private final Counter descriptors =
            counter("cepa_onion_descriptors", "Descriptors of onion services, fetched and uploaded.", "action", "reason");
    private final Counter introductions =
            counter("tor_hs_intro_num", "Introductions that clients of our onion service asked for.", "onion");
    private final Counter introductionsRefused =
            counter("tor_hs_intro_rejected_intro_req", "Introductions that were refused.", "onion", "reason");
    private final Counter rendezvous = counter("tor_hs_rdv_num", "Clients that our onion service went to meet.", "onion");
    private final Counter rendezvousErrors = counter("tor_hs_rdv_errors", "Clients that could not be met.", "onion", "reason");
    private final Histogram introductionSeconds = histogram(
            "tor_hs_intro_circ_build_time_seconds", "How long introduction points took to be established.", "onion");
    private final Histogram rendezvousSeconds =
            histogram("tor_hs_rend_circ_build_time_seconds", "How long it took to meet a client.", "onion");
    /** Their first label is the service; with it they go. */
    private final List<StatefulMetric<?, ?>> ofServices = List.of(
            introductions, introductionsRefused, rendezvous, rendezvousErrors, introductionSeconds, rendezvousSeconds);
    private final Counter warnings = counter("cepa_warnings", "Warnings, by what is in trouble.", "category", "reason");
    private final Counter clockJumps = counter("cepa_clock_jumps", "Times that the clock jumped or the program stood still.");
    private final Counter memoryFreed =
            counter("cepa_queue_memory_freed_bytes", "Bytes freed by ending circuits when queues took too much memory.");

    /**
     * Metrics with gauges that look at these when they are asked.
     *
     * @param fingerprints whether guards are named
     */
    Metrics(
            NetworkState network, InstantSource clock, Supplier<Traffic> traffic,
            Supplier<List<OnionServiceState>> services, ProcessNumbers process, boolean fingerprints) {
        gauges = new Gauges(network, clock, traffic, services, process, fingerprints);
        registry.register(gauges);
    }

    void setFingerprints(boolean wanted) {
        gauges.setFingerprints(wanted);
    }

    PrometheusRegistry registry() {
        return registry;
    }

    private Counter counter(String name, String help, String... labels) {
        Counter counter = Counter.builder().name(name).help(help).labelNames(labels).withoutExemplars().register(registry);
        if (labels.length == 0) {
            counter.inc(0);
        }
        return counter;
    }

    /** With buckets; {@link #circuitBuild} alone has native ones too, for servers that take them. */
    private Histogram histogram(String name, String help, String... labels) {
        return Histogram.builder().name(name).help(help).labelNames(labels).classicUpperBounds(SECONDS)
                .classicOnly().withoutExemplars().register(registry);
    }

    @Override
    public void onEvent(TorEvent event) {
        switch (event) {
            case TorEvent.CircuitStatus circuit -> circuit(circuit);
            case TorEvent.StreamStatus stream -> stream(stream);
            case TorEvent.ChannelStatus channel -> channel(channel);
            case TorEvent.CircuitChosen chosen -> {
                poolRequests.labelValues(lower(chosen.outcome())).inc();
                poolWait.observe(seconds(chosen.waited()));
            }
            case TorEvent.ProxyRequest request -> {
                String protocol = request.protocol().toLowerCase(Locale.ROOT);
                String command = request.command().toLowerCase(Locale.ROOT);
                proxyRequests.labelValues(protocol, command, result(request.failure())).inc();
                proxySeconds.labelValues(protocol, command).observe(seconds(request.time()));
            }
            case TorEvent.DirectoryDownload download -> {
                TorException failure = download.failure();
                String result = failure != null ? failure.kind().label()
                        : download.status() == 200 || download.status() == 304 ? "ok" : "status_" + download.status();
                downloads.labelValues(download.document(), result).inc();
                downloadBytes.labelValues(download.document()).inc(download.bytes());
                downloadSeconds.labelValues(download.document()).observe(seconds(download.time()));
            }
            case TorEvent.OnionDescriptor descriptor -> {
                String reason = descriptor.reason();
                descriptors.labelValues(
                        lower(descriptor.action()), reason == null ? "" : reason.toLowerCase(Locale.ROOT)).inc();
            }
            case TorEvent.ServiceStatus service -> service(service);
            case TorEvent.BuildTimeoutSet set -> gauges.setCircuitTimeout(set.timeout());
            case TorEvent.ClockJumped jumped -> clockJumps.inc();
            case TorEvent.LowMemory low -> memoryFreed.inc(low.freed());
            case TorEvent.Warning warning -> {
                TorException cause = warning.cause();
                warnings.labelValues(
                        cause == null ? "other" : lower(cause.kind().category()),
                        cause == null ? "other" : cause.kind().label()).inc();
            }
            default -> {}
        }
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }

    private static String result(@Nullable TorException failure) {
        return failure == null ? "ok" : failure.kind().label();
    }

    private static void begin(Map<Long, Long> begun, long id) {
        if (begun.size() < MOST) {
            begun.put(id, System.nanoTime());
        }
    }

    /** Seconds since it began; negative if that is not known. */
    private static double end(Map<Long, Long> begun, long id) {
        Long nanos = begun.remove(id);
        return nanos == null ? -1 : (System.nanoTime() - nanos) / 1e9;
    }

    private void circuit(TorEvent.CircuitStatus event) {
        String purpose = event.purpose().toLowerCase(Locale.ROOT);
        TorException reason = event.reason();
        switch (event.status()) {
            case LAUNCHED -> {
                circuitsAttempted.labelValues(purpose).inc();
                begin(circuitSteps, event.circuitId());
            }
            case EXTENDED -> {
                double step = end(circuitSteps, event.circuitId());
                if (step >= 0) {
                    circuitHop.labelValues(Integer.toString(event.path().size())).observe(step);
                    begin(circuitSteps, event.circuitId());
                }
            }
            case BUILT -> {
                circuitSteps.remove(event.circuitId());
                Duration time = event.buildTime();
                if (time != null) {
                    circuitsBuilt.labelValues(event.path().size() == 1 ? "directory" : purpose).inc();
                    circuitBuild.observe(seconds(time));
                }
            }
            case FAILED -> {
                circuitSteps.remove(event.circuitId());
                circuitsFailed.labelValues(result(reason)).inc();
                if (reason != null && reason.kind() == ErrorKind.TIMEOUT) {
                    circuitsTimedOut.inc();
                }
            }
            case CLOSED -> circuitsClosed.labelValues(result(reason)).inc();
        }
    }

    private void stream(TorEvent.StreamStatus event) {
        String kind = NetworkState.isDirectory(event.target()) ? "directory" : "user";
        switch (event.status()) {
            case NEW -> begin(streamsBegun, event.streamId());
            case SENT_CONNECT -> {}
            case SUCCEEDED -> {
                streamsOpened.labelValues(kind).inc();
                double time = end(streamsBegun, event.streamId());
                if (time >= 0) {
                    streamOpen.labelValues(kind).observe(time);
                }
            }
            case FAILED -> {
                streamsBegun.remove(event.streamId());
                streamsFailed.labelValues(kind, result(event.reason())).inc();
            }
            case CLOSED -> {
                streamsBegun.remove(event.streamId());
                streamsClosed.labelValues(kind, result(event.reason())).inc();
            }
        }
    }

    private void channel(TorEvent.ChannelStatus event) {
        switch (event.status()) {
            case LAUNCHED -> {
                channelsLaunched.inc();
                begin(channelsBegun, event.channelId());
            }
            case REACHED, SECURED, CLOSED -> {}
            case CONNECTED -> {
                double time = end(channelsBegun, event.channelId());
                if (time >= 0) {
                    channelHandshake.observe(time);
                }
            }
            case FAILED -> {
                channelsBegun.remove(event.channelId());
                channelsFailed.labelValues(result(event.error())).inc();
            }
        }
    }

    private void service(TorEvent.ServiceStatus event) {
        String onion = event.address();
        Duration time = event.time();
        switch (event.action()) {
            case POINT_ESTABLISHED -> {
                if (time != null) {
                    introductionSeconds.labelValues(onion).observe(seconds(time));
                }
            }
            case INTRODUCED -> {
                introductions.labelValues(onion).inc();
                rendezvous.labelValues(onion).inc();
            }
            case REFUSED -> introductionsRefused.labelValues(onion, result(event.failure())).inc();
            case CLIENT_MET -> {
                if (time != null) {
                    rendezvousSeconds.labelValues(onion).observe(seconds(time));
                }
            }
            case CLIENT_MISSED -> rendezvousErrors.labelValues(onion, result(event.failure())).inc();
            case STARTED -> {
                // Rates are wrong for a counter whose first sample is not 0.
                introductions.initLabelValues(onion);
                rendezvous.initLabelValues(onion);
            }
            case STOPPED -> {
                for (StatefulMetric<?, ?> metric : ofServices) {
                    metric.removeIf(labels -> labels.get(0).equals(onion));
                }
            }
            case POINT_FAILED, POINT_CLOSED, CLIENT_LEFT -> {}
        }
    }
}
