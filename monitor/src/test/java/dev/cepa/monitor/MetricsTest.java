package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cepa.OnionServiceState;
import dev.cepa.Traffic;
import dev.cepa.error.ErrorKind;
import dev.cepa.event.TorEvent;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MetricsTest {
    /** What is right from the start, and moves by itself if at all. */
    private static final Set<String> OF_THE_PROCESS = Set.of(
            "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds", "process_start_time_seconds",
            "process_cpu_seconds_total", "jvm_memory_used_bytes", "jvm_memory_committed_bytes", "jvm_memory_max_bytes",
            "cepa_uptime_seconds", "cepa_build_info");

    private final NetworkState network = new NetworkState(InstantSource.fixed(Events.NOON));
    private final ProcessNumbers process = new ProcessNumbers();
    private Traffic traffic = new Traffic(0, 0);
    private List<OnionServiceState> services = List.of();

    private Metrics metrics(boolean fingerprints) {
        return new Metrics(network, InstantSource.fixed(Events.NOON), () -> traffic, () -> services, process, fingerprints);
    }

    private static String scrape(Metrics metrics) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrometheusTextFormatWriter.create().write(out, metrics.registry().scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
        return out.toString(StandardCharsets.UTF_8);
    }

    /** Samples by the name of their metric, without help and type. */
    private static Map<String, String> samples(String text) {
        Map<String, String> samples = new TreeMap<>();
        String name = "";
        for (String line : text.split("\n")) {
            if (line.startsWith("# TYPE ")) {
                name = line.split(" ")[2];
            } else if (!line.startsWith("#")) {
                samples.merge(name, line + "\n", String::concat);
            }
        }
        return samples;
    }

    private Map<String, String> afterEverything(Metrics metrics) throws IOException {
        for (var event : Events.everything()) {
            network.onEvent(event);
            metrics.onEvent(event);
        }
        traffic = new Traffic(1000, 500);
        services = List.of(new OnionServiceState(
                Events.ONION, 3, 1, true, 7, 12, List.of(new OnionServiceState.Port(80, 100, 2000))));
        return samples(scrape(metrics));
    }

    /** All that are in the registry, whether they have samples yet or not. */
    private static Set<String> names(Metrics metrics) {
        Set<String> names = new TreeSet<>();
        metrics.registry().scrape().forEach(m -> names.add(m.getMetadata().getPrometheusName()));
        return names;
    }

    @Test
    void everyMetricMoves() throws Exception {
        Metrics metrics = metrics(false);
        Map<String, String> before = samples(scrape(metrics));
        for (int i = 0; i < 50 && process.collections() == 0; i++) {
            System.gc();
            process.look();
        }
        Map<String, String> after = afterEverything(metrics);
        Set<String> moved = new TreeSet<>(OF_THE_PROCESS);
        after.forEach((name, lines) -> {
            if (!lines.equals(before.get(name))) {
                moved.add(name);
            }
        });
        assertThat(after.keySet()).isEqualTo(moved);
        assertThat(after).hasSameSizeAs(names(metrics));
    }

    @Test
    void saysWhatTheProcessTakes() throws Exception {
        Map<String, String> samples = samples(scrape(metrics(false)));
        for (String name : OF_THE_PROCESS) {
            String sample = samples.get(name);
            assertThat(sample).as(name).isNotNull();
            assertThat(Double.parseDouble(sample.substring(sample.lastIndexOf(' ')))).as(name).isPositive();
        }
        assertThat(samples.get("cepa_build_info")).contains("version=\"0.1.0\"");
    }

    private double value(Metrics metrics, String name) throws IOException {
        String sample = samples(scrape(metrics)).get(name);
        assertThat(sample).as(name).isNotNull();
        return Double.parseDouble(sample.strip().substring(sample.strip().lastIndexOf(' ') + 1));
    }

    /** Does something until a number has grown, and at least once. */
    private void growsBy(Runnable deed, String name) throws Exception {
        Metrics metrics = metrics(false);
        double before = value(metrics, name);
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        do {
            assertThat(System.nanoTime()).as(name).isLessThan(end);
            deed.run();
        } while (value(metrics, name) <= before);
    }

    @Test
    void whatTheProcessTakesMovesToo() throws Exception {
        growsBy(() -> {}, "cepa_uptime_seconds");
        growsBy(() -> new java.util.Random(1).longs(1_000_000).sum(), "process_cpu_seconds_total");
        List<byte[]> kept = new ArrayList<>();
        System.gc();
        growsBy(() -> kept.add(new byte[1 << 20]), "jvm_memory_used_bytes");
        List<ByteBuffer> direct = new ArrayList<>();
        for (String name : List.of("process_virtual_memory_bytes", "process_resident_memory_bytes")) {
            growsBy(() -> {
                if (direct.size() < 20) {
                    direct.add(ByteBuffer.allocateDirect(16 << 20));
                }
            }, name);
        }
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            growsBy(() -> sockets.add(listening()), "process_open_fds");
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
        Metrics metrics = metrics(false);
        assertThat(value(metrics, "jvm_memory_committed_bytes")).isBetween(
                value(metrics, "jvm_memory_used_bytes") / 2, value(metrics, "jvm_memory_max_bytes"));
        assertThat(value(metrics, "jvm_memory_max_bytes")).isEqualTo(Runtime.getRuntime().maxMemory());
        assertThat(value(metrics, "process_start_time_seconds") * 1000)
                .isCloseTo(ManagementFactory.getRuntimeMXBean().getStartTime(), within(60_000.0));
        assertThat(kept.size() + direct.size()).isPositive();
    }

    private static ServerSocket listening() {
        try {
            return new ServerSocket(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void countsWhatHappened() throws Exception {
        Map<String, String> samples = afterEverything(metrics(false));
        assertThat(samples.get("cepa_circuits_attempted_total")).contains("{purpose=\"general\"} 5.0");
        assertThat(samples.get("cepa_circuits_built_total"))
                .contains("{purpose=\"general\"} 2.0", "{purpose=\"directory\"} 1.0");
        assertThat(samples.get("cepa_circuits_failed_total")).contains("{reason=\"timeout\"} 1.0");
        assertThat(samples.get("cepa_circuits_open")).contains("{purpose=\"general\"} 1.0", "{purpose=\"directory\"} 1.0");
        assertThat(samples.get("cepa_circuit_build_seconds")).contains("_count 3\n", "_bucket{le=\"0.5\"} 3");
        assertThat(samples.get("cepa_streams_active")).contains("{kind=\"user\"} 1.0", "{kind=\"directory\"} 0.0");
        assertThat(samples.get("cepa_proxy_requests_total"))
                .contains("{command=\"connect\",protocol=\"socks5\",result=\"ok\"} 1.0", "result=\"name_not_found\"");
        assertThat(samples.get("cepa_guards"))
                .contains("{state=\"up\"} 1.0", "{state=\"down\"} 1.0", "{state=\"untried\"} 1.0");
        assertThat(samples.get("cepa_directory_consensus_age_seconds")).contains(" 1800.0");
        assertThat(samples.get("cepa_read_bytes_total")).contains(" 1000.0");
        assertThat(samples.get("tor_hs_rdv_established")).contains("{onion=\"" + Events.ONION + "\"} 1.0");
    }

    @Test
    void countsWhatAServiceHasDoneUnderTheNamesOfTor() throws Exception {
        Map<String, String> samples = afterEverything(metrics(false));
        String ofPort = "{onion=\"" + Events.ONION + "\",port=\"80\"} ";
        assertThat(samples.get("tor_hs_app_write_bytes_total")).contains(ofPort + "100.0");
        assertThat(samples.get("tor_hs_app_read_bytes_total")).contains(ofPort + "2000.0");
        String ofService = "{onion=\"" + Events.ONION + "\"} ";
        assertThat(samples.get("tor_hs_pow_suggested_effort")).contains(ofService + "7.0");
        assertThat(samples.get("tor_hs_rdv_pow_pqueue")).contains(ofService + "12.0");
        assertThat(samples.get("tor_hs_intro_num_total")).contains(ofService + "1.0");
        assertThat(samples.get("tor_hs_intro_rejected_intro_req_total")).contains("reason=\"protocol\"} 1.0");
    }

    @Test
    void nothingIsLeftOfAServiceThatWasStopped() throws Exception {
        Metrics metrics = metrics(false);
        afterEverything(metrics);
        assertThat(scrape(metrics)).contains("onion=\"" + Events.ONION);
        TorEvent stopped = Events.service(TorEvent.ServiceStatus.Action.STOPPED, null);
        network.onEvent(stopped);
        metrics.onEvent(stopped);
        services = List.of();
        assertThat(scrape(metrics)).doesNotContain(Events.ONION);
        TorEvent started = Events.service(TorEvent.ServiceStatus.Action.STARTED, null);
        network.onEvent(started);
        metrics.onEvent(started);
        assertThat(samples(scrape(metrics)).get("tor_hs_intro_num_total")).contains(Events.ONION + "\"} 0.0");
    }

    @Test
    void tellsNoDestinationAndNoFingerprintUnlessAsked() throws Exception {
        Metrics metrics = metrics(false);
        afterEverything(metrics);
        assertThat(scrape(metrics)).doesNotContain("secret", "AAAA", "BBBB", "b".repeat(56))
                .contains("cepa_guard_up{guard=\"1\"} 1.0", "cepa_guard_up{guard=\"2\"} 0.0");
        Metrics named = metrics(true);
        assertThat(scrape(named)).contains("cepa_guard_up{guard=\"$AAAA~one\"} 1.0").doesNotContain("secret");
    }

    @Test
    void everyMetricIsInTheGuide() throws Exception {
        String guide = Files.readString(Path.of("../docs/operations.md"));
        Metrics metrics = metrics(false);
        for (String name : afterEverything(metrics).keySet()) {
            assertThat(guide).contains("`" + name + "`");
        }
    }

    @Test
    void dashboardAndRulesAskForMetricsThatExistAndTheDashboardForAll() throws Exception {
        Set<String> names = afterEverything(metrics(false)).keySet();
        String dashboard = Files.readString(Path.of("../docs/monitoring/grafana.json"));
        String rules = Files.readString(Path.of("../docs/monitoring/alerts.yml"));
        Set<String> asked = new TreeSet<>();
        Matcher matcher = Pattern.compile("\\b(?:cepa|tor_hs|process|jvm)_[a-z_]+(?=[{\\[ ]|\\\\|$)", Pattern.MULTILINE)
                .matcher(dashboard + rules);
        while (matcher.find()) {
            asked.add(matcher.group().replaceFirst("_bucket$", ""));
        }
        matcher = Pattern.compile("expr: (\\w+)}").matcher(Files.readString(Path.of("../docs/monitoring/tor-names.yml")));
        while (matcher.find()) {
            asked.add(matcher.group(1));
        }
        assertThat(asked).hasSizeGreaterThan(40);
        assertThat(names).containsAll(asked);
        Set<String> shown = new TreeSet<>(names);
        shown.removeIf(name -> dashboard.contains(name));
        assertThat(shown).as("not on the dashboard").containsExactlyInAnyOrder(
                "process_virtual_memory_bytes", "process_start_time_seconds");
    }

    /** Of each metric, its labels with their values. */
    private static Map<String, Map<String, Set<String>>> labels(Map<String, String> samples) {
        Map<String, Map<String, Set<String>>> labels = new TreeMap<>();
        samples.forEach((name, lines) -> {
            Map<String, Set<String>> ofMetric = new TreeMap<>();
            Matcher matcher = Pattern.compile("([a-z]+)=\"([^\"]*)\"").matcher(lines);
            while (matcher.find()) {
                ofMetric.computeIfAbsent(matcher.group(1), label -> new TreeSet<>()).add(matcher.group(2));
            }
            labels.put(name, ofMetric);
        });
        return labels;
    }

    /** Prometheus answers a question after a label that does not exist with nothing, and says no word. */
    @Test
    void dashboardAndRulesAskForLabelsThatExist() throws Exception {
        Map<String, Map<String, Set<String>>> labels = labels(afterEverything(metrics(false)));
        Set<String> ofTheServer = Set.of("job", "instance");
        String asked = Files.readString(Path.of("../docs/monitoring/grafana.json")).replace("\\\"", "\"")
                + Files.readString(Path.of("../docs/monitoring/alerts.yml"));
        Matcher selectors = Pattern.compile("\\b((?:cepa|tor_hs|process|jvm)_[a-z_]+)\\{([^}]*)}").matcher(asked);
        int count = 0;
        while (selectors.find()) {
            Map<String, Set<String>> there = labels.get(selectors.group(1).replaceFirst("_bucket$", ""));
            Matcher label = Pattern.compile("(\\w+)(!?=~?)\"([^\"]*)\"").matcher(selectors.group(2));
            while (label.find()) {
                if (!ofTheServer.contains(label.group(1))) {
                    assertThat(there.get(label.group(1))).as(selectors.group()).isNotNull();
                    // No sample of the test has ended with "closed" that failed; it is one of the kinds.
                    assertThat(there.get(label.group(1)).contains(label.group(3)) || isErrorKind(label.group(3)))
                            .as(selectors.group()).isTrue();
                    count++;
                }
            }
        }
        assertThat(count).isGreaterThan(7);
        Matcher groups = Pattern.compile("sum by \\(([^)]*)\\) \\((?:rate|increase)?\\(?(\\w+)").matcher(asked);
        for (count = 0; groups.find(); count++) {
            Map<String, Set<String>> there = labels.get(groups.group(2).replaceFirst("_bucket$", ""));
            assertThat(there).as(groups.group()).isNotNull();
            for (String label : groups.group(1).split(", ")) {
                assertThat(ofTheServer.contains(label) || there.containsKey(label)).as(groups.group()).isTrue();
            }
        }
        assertThat(count).isGreaterThan(20);
    }

    private static boolean isErrorKind(String label) {
        return Arrays.stream(ErrorKind.values()).anyMatch(kind -> kind.label().equals(label));
    }
}
