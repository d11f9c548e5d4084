package dev.cepa.monitor;

import dev.cepa.OnionServiceState;
import dev.cepa.TorClient;
import dev.cepa.Traffic;
import dev.cepa.event.TorEvent;
import dev.cepa.monitor.NetworkState.CircuitView;
import dev.cepa.monitor.NetworkState.ServiceView;
import dev.cepa.monitor.NetworkState.StreamView;
import dev.cepa.monitor.NetworkState.View;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The metrics that are looked up when somebody asks: how things are at that moment. One class for all of them, as each
 * callback would cost a class of its own. Thread-safe.
 */
final class Gauges implements MultiCollector {
    private final NetworkState network;
    private final InstantSource clock;
    private final Supplier<Traffic> traffic;
    private final Supplier<List<OnionServiceState>> services;
    private final ProcessNumbers process;
    private volatile boolean fingerprints;
    private volatile double circuitTimeout = Double.NaN;

    /** @param fingerprints whether guards are named */
    Gauges(
            NetworkState network, InstantSource clock, Supplier<Traffic> traffic,
            Supplier<List<OnionServiceState>> services, ProcessNumbers process, boolean fingerprints) {
        this.network = network;
        this.clock = clock;
        this.traffic = traffic;
        this.services = services;
        this.process = process;
        this.fingerprints = fingerprints;
    }

    /** Whether guards are named from now on. */
    void setFingerprints(boolean wanted) {
        fingerprints = wanted;
    }

    /** The time that circuits may take to build was learned anew. */
    void setCircuitTimeout(Duration timeout) {
        circuitTimeout = timeout.toNanos() / 1e9;
    }

    @Override
    public MetricSnapshots collect() {
        View view = network.view();
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        circuits(all, view);
        relays(all, view);
        directory(all, view);
        services(all, view);
        process(all);
        return all.build();
    }

    private static GaugeSnapshot.Builder gauge(String name, String help) {
        return GaugeSnapshot.builder().name(name).help(help);
    }

    private static GaugeDataPointSnapshot point(double value, String... labels) {
        return new GaugeDataPointSnapshot(value, Labels.of(labels), null);
    }

    /** One number; nothing if it is none. */
    private static void one(MetricSnapshots.Builder all, String name, String help, double value) {
        if (!Double.isNaN(value)) {
            all.metricSnapshot(gauge(name, help).dataPoint(point(value)).build());
        }
    }

    private static void total(MetricSnapshots.Builder all, String name, String help, double value) {
        if (!Double.isNaN(value)) {
            all.metricSnapshot(CounterSnapshot.builder().name(name).help(help)
                    .dataPoint(new CounterDataPointSnapshot(value, Labels.EMPTY, null, 0)).build());
        }
    }

    private static void counts(
            MetricSnapshots.Builder all, String name, String help, String label, Map<String, Integer> counts) {
        GaugeSnapshot.Builder gauge = gauge(name, help);
        for (Map.Entry<String, Integer> count : counts.entrySet()) {
            gauge.dataPoint(point(count.getValue(), label, count.getKey()));
        }
        all.metricSnapshot(gauge.build());
    }

    private static void add(Map<String, Integer> counts, String key) {
        counts.put(key, counts.getOrDefault(key, 0) + 1);
    }

    private void circuits(MetricSnapshots.Builder all, View view) {
        Map<String, Integer> open = new TreeMap<>();
        open.put("general", 0);
        int pending = 0;
        for (CircuitView circuit : view.circuits()) {
            if (circuit.built()) {
                add(open, circuit.use());
            } else {
                pending++;
            }
        }
        counts(all, "cepa_circuits_open", "Circuits that are built, by what they are for.", "purpose", open);
        one(all, "cepa_circuits_pending", "Circuits that are being built.", pending);
        one(all, "cepa_circuit_timeout_seconds", "How long a circuit may take to build, as learned.", circuitTimeout);
        Map<String, Integer> streams = new TreeMap<>();
        streams.put("user", 0);
        streams.put("directory", 0);
        for (StreamView stream : view.streams()) {
            if (stream.open()) {
                add(streams, stream.isDirectory() ? "directory" : "user");
            }
        }
        counts(all, "cepa_streams_active", "Streams that are open.", "kind", streams);
        Traffic bytes = traffic.get();
        total(all, "cepa_read_bytes", "Bytes received from relays.", bytes.bytesRead());
        total(all, "cepa_written_bytes", "Bytes sent to relays.", bytes.bytesWritten());
    }

    private void relays(MetricSnapshots.Builder all, View view) {
        Map<String, Integer> states = new TreeMap<>();
        states.put("up", 0);
        states.put("down", 0);
        states.put("untried", 0);
        GaugeSnapshot.Builder each = gauge(
                "cepa_guard_up", "Whether a guard works, for each that was tried: numbered, or named if that was asked for.");
        int number = 0;
        for (Map.Entry<String, String> guard : view.guards().entrySet()) {
            number++;
            add(states, guard.getValue());
            if (!guard.getValue().equals("untried")) {
                String name = fingerprints ? guard.getKey() : Integer.toString(number);
                each.dataPoint(point(guard.getValue().equals("up") ? 1 : 0, "guard", name));
            }
        }
        counts(all, "cepa_guards", "Guards by state.", "state", states);
        all.metricSnapshot(each.build());
        Map<String, Integer> layers = new TreeMap<>();
        layers.put("2", 0);
        layers.put("3", 0);
        for (int layer : view.vanguards().values()) {
            add(layers, Integer.toString(layer));
        }
        counts(all, "cepa_vanguards", "Vanguards by layer.", "layer", layers);
        one(all, "cepa_channels_open", "Connections to relays.", view.channels().size());
    }

    private void directory(MetricSnapshots.Builder all, View view) {
        one(all, "cepa_bootstrap_ratio", "How far bootstrapping has come.", view.bootstrap().percent() / 100.0);
        one(all, "cepa_dormant", "1 while the client rests because nobody uses it.", view.dormant() ? 1 : 0);
        one(all, "cepa_clock_skew_seconds", "How far the clock is ahead of the network's; 0 if it agrees.",
                view.skew().toMillis() / 1000.0);
        TorEvent.ConsensusArrived consensus = view.consensus();
        one(all, "cepa_directory_relays", "Relays in the consensus.", consensus == null ? 0 : consensus.relays());
        if (consensus != null) {
            one(all, "cepa_directory_consensus_age_seconds", "Time since the consensus became valid.",
                    Duration.between(consensus.validAfter(), clock.instant()).toMillis() / 1000.0);
            one(all, "cepa_directory_consensus_expiry_timestamp_seconds", "When the consensus expires.",
                    consensus.validUntil().getEpochSecond());
        }
    }

    private void services(MetricSnapshots.Builder all, View view) {
        GaugeSnapshot.Builder points =
                gauge("tor_hs_intro_established", "Introduction points of our onion service that are established.");
        GaugeSnapshot.Builder clients =
                gauge("tor_hs_rdv_established", "Clients that have a circuit to our onion service.");
        for (ServiceView service : view.services()) {
            points.dataPoint(point(service.points(), "onion", service.address()));
            clients.dataPoint(point(service.clients(), "onion", service.address()));
        }
        all.metricSnapshot(points.build());
        all.metricSnapshot(clients.build());
        CounterSnapshot.Builder toPrograms = CounterSnapshot.builder().name("tor_hs_app_write_bytes")
                .help("Bytes of clients that were passed on to the program behind our onion service.");
        CounterSnapshot.Builder fromPrograms = CounterSnapshot.builder().name("tor_hs_app_read_bytes")
                .help("Bytes that the program behind our onion service has sent.");
        GaugeSnapshot.Builder efforts =
                gauge("tor_hs_pow_suggested_effort", "How much work clients of our onion service are asked for; 0 for none.");
        GaugeSnapshot.Builder waiting =
                gauge("tor_hs_rdv_pow_pqueue", "Clients of our onion service that wait until it is their turn, by their work.");
        for (OnionServiceState service : services.get()) {
            for (OnionServiceState.Port port : service.ports()) {
                Labels labels = Labels.of("onion", service.address(), "port", Integer.toString(port.port()));
                toPrograms.dataPoint(new CounterDataPointSnapshot(port.toProgram(), labels, null, 0));
                fromPrograms.dataPoint(new CounterDataPointSnapshot(port.fromProgram(), labels, null, 0));
            }
            efforts.dataPoint(point(service.suggestedEffort(), "onion", service.address()));
            waiting.dataPoint(point(service.waiting(), "onion", service.address()));
        }
        all.metricSnapshot(toPrograms.build());
        all.metricSnapshot(fromPrograms.build());
        all.metricSnapshot(efforts.build());
        all.metricSnapshot(waiting.build());
    }

    private void process(MetricSnapshots.Builder all) {
        one(all, "process_resident_memory_bytes", "Memory that the process has in RAM.", process.residentBytes());
        one(all, "process_virtual_memory_bytes", "Address space of the process.", process.virtualBytes());
        one(all, "process_open_fds", "Open files and sockets.", process.openFiles());
        one(all, "process_start_time_seconds", "When the process was started.", process.startSeconds());
        total(all, "process_cpu_seconds", "Processor time that the process has used.", process.cpuSeconds());
        memory(all, "jvm_memory_used_bytes", "Heap in use, what is not collected yet included.", process.heapUsed());
        memory(all, "jvm_memory_committed_bytes", "Heap that the JVM has.", process.heapCommitted());
        memory(all, "jvm_memory_max_bytes", "Heap that the JVM may have.", process.heapMax());
        total(all, "cepa_gc_active_seconds", "Seconds in which the garbage collector ran at least once.", process.collections());
        one(all, "cepa_uptime_seconds", "Time since the process was started.", process.uptimeSeconds());
        all.metricSnapshot(gauge("cepa_build_info", "Which version this is; always 1.")
                .dataPoint(point(1, "version", TorClient.version(), "java", System.getProperty("java.version", "unknown")))
                .build());
    }

    private static void memory(MetricSnapshots.Builder all, String name, String help, double value) {
        all.metricSnapshot(gauge(name, help).dataPoint(point(value, "area", "heap")).build());
    }
}
