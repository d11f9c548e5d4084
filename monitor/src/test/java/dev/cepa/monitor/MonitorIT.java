package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.HostedOnionService;
import dev.cepa.OnionServiceKey;
import dev.cepa.TorClient;
import dev.cepa.TorSocket;
import dev.cepa.error.TorException;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client on a network of real relays, watched by Prometheus's own programs. */
@Timeout(300)
class MonitorIT {
    /** docs/operations.md promises that. */
    private static final Duration UNHEALTHY_WITHIN = Duration.ofSeconds(30);

    private static final Duration HEALTHY_WITHIN = Duration.ofSeconds(120);

    private static TestNetwork network;
    private static WebServer web;

    @TempDir
    private Path folder;

    private Watched watched;
    private Monitor monitor;
    private TorClient tor;
    private final List<Process> started = new ArrayList<>();

    @BeforeAll
    static void network() throws IOException {
        network = TestNetwork.builder().start(Duration.ofMinutes(3));
        web = WebServer.start();
    }

    @AfterAll
    static void end() {
        web.close();
        network.close();
    }

    @BeforeEach
    void start() throws TorException {
        watched = Watched.start(network);
        tor = watched.tor();
        monitor = watched.monitor();
    }

    @AfterEach
    void stop() throws InterruptedException {
        started.forEach(Process::destroyForcibly);
        for (Process process : started) {
            process.waitFor(); // it writes to the folder until then
        }
        watched.close();
    }

    private void fetch(String host, int port, int bytes) throws IOException {
        assertThat(watched.fetch(host, port, bytes)).isGreaterThan(bytes);
    }

    private String metrics() throws Exception {
        return Tools.get(monitor.address(), "/metrics").body();
    }

    /** All of them, once they are as wanted. */
    private String awaitMetrics(Predicate<String> wanted) throws Exception {
        return awaitText("/metrics", wanted);
    }

    private String awaitText(String path, Predicate<String> wanted) throws Exception {
        long end = System.nanoTime() + UNHEALTHY_WITHIN.toNanos();
        while (true) {
            String text = Tools.get(monitor.address(), path).body();
            if (wanted.test(text)) {
                return text;
            }
            assertThat(System.nanoTime() < end).as(text).isTrue();
            Thread.sleep(100);
        }
    }

    private static double value(String metrics, String sample) {
        for (String line : metrics.split("\n")) {
            if (line.startsWith(sample + " ")) {
                return Double.parseDouble(line.substring(sample.length() + 1));
            }
        }
        return Double.NaN;
    }

    @Test
    void promtoolFindsNothingToSayOfMetricsThatTrafficHasMoved() throws Exception {
        Tools.require("promtool");
        fetch("127.0.0.1", web.port(), 300_000);
        try (HostedOnionService service = tor.onionService(OnionServiceKey.generate())
                .port(80, new InetSocketAddress(InetAddress.getLoopbackAddress(), web.port())).start()) {
            service.awaitPublished(Duration.ofSeconds(60));
            fetch(service.address(), 80, 1000);
            Path text = folder.resolve("metrics");
            Files.writeString(text, metrics());
            assertThat(Tools.run(text.toFile(), List.of("promtool", "check", "metrics")))
                    .isEqualTo(new Tools.Ran(0, ""));
            String onion = service.address().substring(0, 56);
            assertThat(Files.readString(text)).contains("tor_hs_intro_established{onion=\"" + onion + "\"} 3.0");
            assertThat(value(Files.readString(text), "tor_hs_rdv_num_total{onion=\"" + onion + "\"}")).isPositive();
            for (String purpose : List.of("general", "hs_service_intro", "hs_service_rend", "hs_client_rend")) {
                assertThat(value(Files.readString(text), "cepa_circuits_open{purpose=\"" + purpose + "\"}"))
                        .as(purpose).isPositive();
            }
            String ofPort = "{onion=\"" + onion + "\",port=\"80\"}";
            assertThat(value(Files.readString(text), "tor_hs_app_read_bytes_total" + ofPort)).isGreaterThan(1000);
            assertThat(value(Files.readString(text), "tor_hs_app_write_bytes_total" + ofPort)).isBetween(30.0, 200.0);
            assertThat(value(Files.readString(text), "tor_hs_rend_circ_build_time_seconds_count{onion=\"" + onion + "\"}"))
                    .isPositive();
        }
        int closed = freePort();
        assertThatThrownBy(() -> fetch("127.0.0.1", closed, 1)).isInstanceOf(IOException.class);
        // Which of the two it is, is up to the exit; the program may have its answer a moment before it is counted.
        String metrics = awaitMetrics(text -> text.contains("result=\"connection_refused\"} 1.0")
                || text.contains("result=\"stream_closed\"} 1.0"));
        assertThat(metrics).containsPattern(
                "cepa_streams_failed_total\\{kind=\"user\",reason=\"(connection_refused|stream_closed)\"} [1-9]");
        assertThat(value(metrics, "cepa_streams_closed_total{kind=\"user\",reason=\"ok\"}")).isPositive();
        assertThat(value(metrics, "cepa_pool_requests_total{outcome=\"hit\"}")).isPositive();
        assertThat(value(metrics, "cepa_pool_wait_seconds_count")).isPositive();
        assertThat(value(metrics, "cepa_onion_descriptors_total{action=\"uploaded\",reason=\"\"}")).isPositive();
        assertThat(value(metrics, "cepa_onion_descriptors_total{action=\"received\",reason=\"\"}")).isPositive();
        assertThat(value(metrics, "cepa_read_bytes_total")).isGreaterThan(300_000);
        assertThat(value(metrics, "cepa_written_bytes_total")).isPositive();
        String connects = "cepa_proxy_requests_total{command=\"connect\",protocol=\"socks5\",result=\"ok\"}";
        assertThat(value(metrics, connects)).isEqualTo(2);
        assertThat(value(metrics, "cepa_directory_relays")).isEqualTo(network.relays().size());
        assertThat(value(metrics, "cepa_directory_download_bytes_total{document=\"microdescriptors\"}")).isPositive();
        assertThat(value(metrics, "cepa_circuit_hop_seconds_count{hop=\"3\"}")).isPositive();
        assertThat(value(metrics, "cepa_channel_handshake_seconds_count")).isPositive();
        assertThat(value(metrics, "cepa_guards{state=\"up\"}")).isPositive();
        assertThat(metrics).doesNotContain("127.0.0.1", "onion=");
        for (Node relay : network.relays()) {
            assertThat(metrics).doesNotContain(relay.fingerprint(), relay.nickname() + "\"");
        }
    }

    @Test
    void rulesAndConfigurationPassPromtool() throws Exception {
        Tools.require("promtool");
        Path folder = Path.of("../docs/monitoring");
        for (String rules : List.of("alerts.yml", "tor-names.yml")) {
            assertThat(Tools.run(null, List.of("promtool", "check", "rules", folder.resolve(rules).toString())).status())
                    .isZero();
        }
        assertThat(Tools.run(null, List.of("promtool", "check", "config", folder.resolve("prometheus.yml").toString())).status())
                .isZero();
    }

    /** The queries of the dashboard, with its variables filled in. */
    private static List<String> dashboardQueries() throws IOException {
        List<String> queries = new ArrayList<>();
        Matcher matcher = Pattern.compile("\"expr\": \"((?:[^\"\\\\]|\\\\.)*)\"")
                .matcher(Files.readString(Path.of("../docs/monitoring/grafana.json")));
        while (matcher.find()) {
            queries.add(matcher.group(1).replace("\\\"", "\"").replace("$job", "cepa").replace("$instance", ".*")
                    .replace("$__rate_interval", "1m"));
        }
        return queries;
    }

    @Test
    void prometheusAnswersEveryQueryOfTheDashboard() throws Exception {
        Tools.require("prometheus");
        int port = startPrometheus();
        awaitScraped(port);
        List<String> queries = dashboardQueries();
        assertThat(queries).hasSizeGreaterThan(50);
        for (String expression : queries) {
            String url = "http://127.0.0.1:" + port + "/api/v1/query?query="
                    + URLEncoder.encode(expression, StandardCharsets.UTF_8);
            assertThat(Tools.get(url).body()).as(expression).startsWith("{\"status\":\"success\"");
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return any.getLocalPort();
        }
    }

    private int startPrometheus() throws Exception {
        Path config = folder.resolve("prometheus.yml");
        Files.writeString(config, "global: {scrape_interval: 1s}\nscrape_configs:\n"
                + "  - job_name: cepa\n    static_configs: [{targets: ['127.0.0.1:" + monitor.address().getPort() + "']}]\n");
        int port = freePort();
        started.add(new ProcessBuilder(
                        "prometheus", "--config.file=" + config, "--web.listen-address=127.0.0.1:" + port,
                        "--storage.tsdb.path=" + folder.resolve("data"), "--enable-feature=native-histograms")
                .redirectErrorStream(true).redirectOutput(folder.resolve("prometheus.log").toFile()).start());
        return port;
    }

    /** Its first question may be asked in vain: with so short an interval it waits no longer than a second for the answer. */
    private static void awaitScraped(int port) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!query(port, "up{job='cepa'}").equals("1")) {
            assertThat(System.nanoTime()).as("scraped in time").isLessThan(end);
            Thread.sleep(200);
        }
    }

    /** What Prometheus answers to a query, once it has an answer. */
    private static String query(int port, String expression) throws Exception {
        String url = "http://127.0.0.1:" + port + "/api/v1/query?query="
                + URLEncoder.encode(expression, StandardCharsets.UTF_8);
        String answer = "";
        for (int i = 0; i < 900; i++) {
            try {
                answer = Tools.get(url).body();
                if (answer.contains("\"value\":[")) {
                    String value = answer.substring(answer.indexOf("\"value\":["));
                    return value.split("\"")[3];
                }
            } catch (IOException e) {
                // It is still starting.
            }
            Thread.sleep(100);
        }
        return answer;
    }

    @Test
    void prometheusScrapesItWithNativeHistograms() throws Exception {
        Tools.require("prometheus");
        fetch("127.0.0.1", web.port(), 100_000);
        int port = startPrometheus();
        awaitScraped(port);
        assertThat(Double.parseDouble(query(port, "cepa_read_bytes_total"))).isGreaterThan(100_000);
        assertThat(query(port, "sum(cepa_streams_opened_total{kind='user'})")).isEqualTo("1");
        assertThat(Double.parseDouble(query(port, "cepa_bootstrap_ratio"))).isEqualTo(1);
        // Only a native histogram is one series that histogram_count takes.
        assertThat(Double.parseDouble(query(port, "histogram_count(cepa_circuit_build_seconds)"))).isPositive();
        assertThat(Double.parseDouble(query(port, "histogram_quantile(0.5, cepa_circuit_build_seconds)"))).isBetween(0.0, 60.0);
    }

    private Duration awaitHealth(int status, Duration within) throws Exception {
        long begin = System.nanoTime();
        HttpResponse<String> answer;
        do {
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).as("waited for %s", status).isLessThan(within);
            Thread.sleep(200);
            answer = Tools.get(monitor.address(), "/health");
        } while (answer.statusCode() != status);
        System.err.println("health " + status + " after " + Duration.ofNanos(System.nanoTime() - begin) + ": " + answer.body());
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    @Test
    void healthFollowsTheNetworkDownAndUp() throws Exception {
        awaitHealth(200, Duration.ofSeconds(60));
        assertThat(Tools.get(monitor.address(), "/ready").statusCode()).isEqualTo(200);
        List<Node> relays = network.relays();
        try {
            for (Node relay : relays) {
                relay.kill();
            }
            awaitHealth(503, UNHEALTHY_WITHIN);
            // Guards are known to be gone a few seconds earlier than circuits are given up.
            String health = awaitText("/health", text -> text.contains("\"circuits\":{\"status\":\"down\""));
            assertThat(health).contains("\"remedy\":");
            String metrics = awaitMetrics(text -> value(text, "cepa_guards{state=\"up\"}") == 0);
            assertThat(value(metrics, "cepa_guards{state=\"down\"}")).isPositive();
            assertThat(value(metrics, "cepa_channels_open")).isZero();
            assertThat(value(metrics, "cepa_circuits_closed_total{reason=\"relay_unreachable\"}")).isPositive();
            assertThat(value(metrics, "cepa_channels_failed_total{reason=\"relay_unreachable\"}")).isPositive();
            assertThat(Tools.get(monitor.address(), "/ready").statusCode()).isEqualTo(503);
            assertThat(Tools.get(monitor.address(), "/live").statusCode()).isEqualTo(200);
        } finally {
            for (Node relay : relays) {
                relay.restart();
            }
        }
        awaitHealth(200, HEALTHY_WITHIN);
        // Exits that have just come back refuse streams until they know the directory.
        long end = System.nanoTime() + HEALTHY_WITHIN.toNanos();
        while (!opens()) {
            assertThat(System.nanoTime() < end).as("streams again in time").isTrue();
            Thread.sleep(500);
        }
    }

    private boolean opens() throws IOException {
        try (TorSocket socket = tor.open("127.0.0.1", web.port(), Duration.ofSeconds(60))) {
            return socket.isConnected();
        } catch (TorException e) {
            return false;
        }
    }
}
