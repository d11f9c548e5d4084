package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real program with and without its metrics port. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class MetricsPortIT {
    private static final String OPENED = "Opened Metrics listener connection (ready) on 127.0.0.1:";

    @TempDir
    private Path folder;

    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void stop() throws InterruptedException {
        started.forEach(Process::destroyForcibly);
        for (Process process : started) {
            process.waitFor(); // it writes to the folder until then
        }
    }

    /**
     * Runs the daemon until it has bootstrapped; returns what it has logged.
     *
     * @param option of the JVM
     */
    private String bootstrapped(String option, String... args) throws Exception {
        return bootstrapped(Main.class, entry -> !entry.contains("test-classes"), option, args);
    }

    /**
     * The same.
     *
     * @param wanted which parts of the class path it has
     */
    private String bootstrapped(Class<?> main, Predicate<String> wanted, String option, String... args) throws Exception {
        TestNetwork network = TestNetworks.shared();
        List<String> lines = new ArrayList<>(network.clientTorrc());
        lines.add("DataDirectory " + folder.resolve("data"));
        lines.add("SocksPort auto");
        Path torrc = folder.resolve("torrc");
        Files.write(torrc, lines);
        List<String> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("slf4j-simple") && wanted.test(entry)) {
                path.add(entry);
            }
        }
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m",
                option, "-cp", String.join(File.pathSeparator, path), main.getName(), "-f", torrc.toString()));
        command.addAll(List.of(args));
        Path log = folder.resolve("log");
        started.add(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start());
        for (int i = 0; i < 1800; i++) {
            String text = Files.exists(log) ? Files.readString(log) : "";
            if (text.contains("Bootstrapped 100%")) {
                return text;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("not bootstrapped in time: " + Files.readString(log));
    }

    @Test
    void withoutPortsForWatchersAndControllersNoneOfTheirClassesIsLoaded() throws Exception {
        Path classes = folder.resolve("classes");
        bootstrapped("-Xlog:class+load:file=" + classes);
        assertThat(Files.readString(classes)).contains("dev.cepa.daemon.Daemon ")
                .doesNotContain("dev.cepa.daemon.control", "dev.cepa.daemon.Control", "OptionsByName")
                .doesNotContain("dev.cepa.monitor", "dev.cepa.daemon.Monitoring", "io.prometheus", "io.opentelemetry")
                .doesNotContain("dev.cepa.directory.Bridge", "dev.cepa.path.Bridge", "Bridged", "dev.cepa.netdoc.ServerDescriptor")
                .doesNotContain("com.sun.net.httpserver", "jdk.jfr.FlightRecorder ", "java.lang.management");
    }

    @Test
    void opensThePortThatTheCommandLineAsksFor() throws Exception {
        Path classes = folder.resolve("classes");
        String log = bootstrapped("-Xlog:class+load:file=" + classes, "--metrics-port", "auto");
        assertThat(log).contains(OPENED);
        int at = log.indexOf(OPENED) + OPENED.length();
        String port = log.substring(at, log.indexOf('\n', at));
        HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
        HttpResponse<String> ready = http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/ready")).build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(ready.statusCode()).as(ready.body()).isEqualTo(200);
        HttpResponse<String> metrics = http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(metrics.body()).contains("cepa_bootstrap_ratio 1.0\n", "cepa_circuits_built_total{");
        assertThat(Files.readString(classes)).contains("dev.cepa.monitor.Monitor ")
                .doesNotContain("com.sun.net.httpserver", "java.lang.management");
    }

    @Test
    void leavesARecordingOfTheFlightRecorderWhenItEnds() throws Exception {
        Path recording = folder.resolve("cepa.jfr");
        bootstrapped("-XX:StartFlightRecording=filename=" + recording, "--metrics-port", "auto FlightRecorder");
        Process daemon = started.get(0);
        daemon.destroy();
        assertThat(daemon.waitFor(60, TimeUnit.SECONDS)).isTrue();
        Process printing = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/jfr", "print", "--events", "dev.cepa.*", recording.toString())
                .redirectErrorStream(true).start();
        String printed = new String(printing.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(printing.waitFor()).as(printed).isZero();
        assertThat(printed).contains("dev.cepa.Bootstrap {", "percent = 100", "dev.cepa.CircuitBuild {", "dev.cepa.CircuitHop {");
    }

    @Test
    void makesSpansForTheSdkOfOpenTelemetry() throws Exception {
        Path spans = folder.resolve("spans");
        String log = bootstrapped(TracedMain.class, entry -> true, "-Dspans=" + spans, "--metrics-port", "auto OpenTelemetry");
        assertThat(log).doesNotContain("no OpenTelemetry SDK");
        String made = Files.readString(spans);
        for (int i = 0; i < 600 && !made.contains("bootstrap {"); i++) {
            Thread.sleep(100);
            made = Files.readString(spans);
        }
        assertThat(made).contains("bootstrap {cepa.bootstrap.percent=100}", "circuit build {", "circuit hop {", "stream {")
                .contains("cepa.circuit.hops=3");
    }

    @Test
    void saysThatThereIsNoSdkToMakeSpansFor() throws Exception {
        Path classes = folder.resolve("classes");
        String log = bootstrapped(
                Main.class, entry -> !entry.contains("test-classes") && !entry.contains("opentelemetry-sdk"),
                "-Xlog:class+load:file=" + classes, "--metrics-port", "auto OpenTelemetry");
        assertThat(log).contains("[warn] MetricsPort asks for OpenTelemetry, but there is no OpenTelemetry SDK");
        assertThat(Files.readString(classes)).doesNotContain("dev.cepa.monitor.OpenTelemetryTraces");
    }

    private static HttpResponse<String> get(int port, String path) throws Exception {
        return HttpClient.newHttpClient().send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static void echoes(Socket stream) throws IOException {
        stream.getOutputStream().write(7);
        assertThat(stream.getInputStream().read()).isEqualTo(7);
    }

    private static void reload(SignalledDaemon daemon, String... lines) throws Exception {
        List<String> all = new ArrayList<>(List.of("SocksPort auto"));
        all.addAll(List.of(lines));
        daemon.writeTorrc(all.toArray(String[]::new));
        daemon.signal("HUP");
    }

    private static String live(Socket kept) throws IOException {
        kept.getOutputStream().write("GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        StringBuilder answer = new StringBuilder();
        for (int c = kept.getInputStream().read(); c >= 0; c = kept.getInputStream().read()) {
            answer.append((char) c);
            if (answer.toString().endsWith("alive\n")) {
                break;
            }
        }
        return answer.toString();
    }

    @Test
    void theFileSaysAnewWhetherThereIsAPortWithoutALossOfStreams() throws Exception {
        TestNetwork network = TestNetworks.shared();
        try (SignalledDaemon daemon = SignalledDaemon.start(folder, network, "SocksPort auto");
                WebServer web = WebServer.start();
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            int socks = daemon.awaitPort();
            daemon.await("Bootstrapped 100% (done): Done");
            try (Socket stream = SignalledDaemon.connect(socks, web.echoPort())) {
                echoes(stream);
                reload(daemon, "MetricsPort auto");
                int port = Integer.parseInt(daemon.await(OPENED));
                daemon.await("The configuration has been reloaded.");
                showsWhatWasThereBefore(port, network);

                try (Socket kept = new Socket(InetAddress.getLoopbackAddress(), port)) {
                    kept.setSoTimeout(10_000);
                    assertThat(live(kept)).startsWith("HTTP/1.1 200 ");
                    reload(daemon, "MetricsPort auto Fingerprints");
                    daemon.await("The configuration has been reloaded.");
                    assertThat(get(port, "/metrics").body()).contains("cepa_guard_up{guard=\"$");
                    assertThat(live(kept)).startsWith("HTTP/1.1 200 ");
                    reload(daemon, "MetricsPort auto", "MetricsPortPolicy reject *");
                    daemon.await("The configuration has been reloaded.");
                    assertThat(kept.getInputStream().read()).isNegative();
                    assertThat(catchThrowable(() -> get(port, "/live"))).isInstanceOf(IOException.class);
                }

                reload(daemon, "MetricsPort " + taken.getLocalPort());
                daemon.await("Going on with the old configuration.");
                int free = taken.getLocalPort();
                taken.close();
                reload(daemon, "MetricsPort " + free);
                assertThat(daemon.await(OPENED)).isEqualTo(Integer.toString(free));
                daemon.await("Closing no-longer-configured Metrics listener on 127.0.0.1:" + port);
                daemon.await("The configuration has been reloaded.");
                assertThat(get(free, "/ready").statusCode()).isEqualTo(200);
                assertThat(get(free, "/metrics").body()).contains("cepa_circuits_open{purpose=\"general\"}");
                assertThat(catchThrowable(() -> get(port, "/live"))).isInstanceOf(IOException.class);

                reload(daemon);
                daemon.await("Closing no-longer-configured Metrics listener on 127.0.0.1:" + free);
                daemon.await("The configuration has been reloaded.");
                assertThat(catchThrowable(() -> get(free, "/live"))).isInstanceOf(IOException.class);
                echoes(stream);
            }
        }
    }

    /** Of a client that had bootstrapped before anybody watched. */
    private static void showsWhatWasThereBefore(int port, TestNetwork network) throws Exception {
        HttpResponse<String> health = get(port, "/health");
        assertThat(health.statusCode()).as(health.body()).isEqualTo(200);
        assertThat(health.body()).startsWith("{\"status\":\"up\"").contains("\"directory\":{\"status\":\"up\"");
        assertThat(get(port, "/ready").statusCode()).isEqualTo(200);
        String metrics = get(port, "/metrics").body();
        assertThat(metrics).contains(
                "cepa_bootstrap_ratio 1.0\n", "cepa_streams_active{kind=\"user\"} 1.0\n",
                "cepa_directory_relays " + network.relays().size() + ".0\n");
        assertThat(metrics).containsPattern("cepa_channels_open [1-9]").containsPattern("cepa_guards\\{state=\"up\"} [1-9]")
                .containsPattern("cepa_circuits_open\\{purpose=\"general\"} [1-9]");
    }

    @Test
    void thePageShowsTheLogAsItIsWritten() throws Exception {
        try (SignalledDaemon daemon = SignalledDaemon.start(
                        folder, TestNetworks.shared(), "SocksPort auto", "SafeSocks 1", "MetricsPort auto",
                        "Log [~circ]info-err stdout", "LogTimeGranularity 1")) {
            int port = Integer.parseInt(daemon.await(OPENED));
            int socks = daemon.awaitPort();
            daemon.await("Bootstrapped 100% (done): Done");
            Throwable refused = catchThrowable(() -> SignalledDaemon.connect(socks, 4711).close());
            assertThat(refused).isInstanceOf(IOException.class);
            daemon.await("is giving Tor only an IP address");
            String shown = lastLog(port);
            assertThat(shown).contains("Bootstrapped 100% (done): Done", "to port 4711) is giving Tor only an IP address")
                    .doesNotContain("127.0.0.1:4711");
            Matcher lines = Pattern.compile("\"severity\":\"(err|warn|notice)\",\"text\":\"([^\"\\\\]*)").matcher(shown);
            int count = 0;
            for (; lines.find(); count++) {
                assertThat(daemon.log()).contains("[" + lines.group(1) + "] " + lines.group(2));
            }
            assertThat(count).isGreaterThan(8).isEqualTo(shown.split("\"severity\":", -1).length - 1);
        }
    }

    /** What the page is sent of the log at first. */
    private static String lastLog(int port) throws Exception {
        HttpResponse<Stream<String>> events = HttpClient.newHttpClient().send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/events")).build(),
                HttpResponse.BodyHandlers.ofLines());
        try (Stream<String> lines = events.body()) {
            return lines.filter(line -> line.startsWith("data: {\"lines\"")).findFirst().orElseThrow();
        }
    }
}
