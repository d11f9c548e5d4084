package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
    void stop() {
        started.forEach(Process::destroyForcibly);
    }

    /** Runs the daemon until it has bootstrapped; returns what it has logged. */
    private String bootstrapped(Path classes, String... args) throws Exception {
        TestNetwork network = TestNetworks.shared();
        List<String> lines = new ArrayList<>(network.clientTorrc());
        lines.add("DataDirectory " + folder.resolve("data"));
        lines.add("SocksPort auto");
        Path torrc = folder.resolve("torrc");
        Files.write(torrc, lines);
        List<String> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("slf4j-simple") && !entry.contains("test-classes")) {
                path.add(entry);
            }
        }
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m",
                "-Xlog:class+load:file=" + classes, "-cp", String.join(File.pathSeparator, path), Main.class.getName(), "-f",
                torrc.toString()));
        command.addAll(List.of(args));
        Path log = folder.resolve("log");
        started.add(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start());
        for (int i = 0; i < 1200; i++) {
            String text = Files.exists(log) ? Files.readString(log) : "";
            if (text.contains("Bootstrapped 100%")) {
                return text;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("not bootstrapped in time: " + Files.readString(log));
    }

    @Test
    void withoutThePortNoneOfItsClassesIsLoaded() throws Exception {
        Path classes = folder.resolve("classes");
        bootstrapped(classes);
        assertThat(Files.readString(classes)).contains("dev.cepa.daemon.Daemon ")
                .doesNotContain("dev.cepa.monitor", "dev.cepa.daemon.Monitoring", "io.prometheus", "io.opentelemetry")
                .doesNotContain("com.sun.net.httpserver", "jdk.jfr.FlightRecorder ", "java.lang.management");
    }

    @Test
    void opensThePortThatTheCommandLineAsksFor() throws Exception {
        Path classes = folder.resolve("classes");
        String log = bootstrapped(classes, "--metrics-port", "auto");
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
}
