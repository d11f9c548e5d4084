package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.testnet.TestNetworks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Does what docs/operations.md says an operator should type, on a network of real relays and on free ports. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class OperationsGuideIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    /** The indented lines of the first section, with continuation lines joined and comments left out. */
    private static List<String> commands(String guide) {
        List<String> commands = new ArrayList<>();
        String section = guide.substring(guide.indexOf("\n## "), guide.indexOf("\n## The port"));
        boolean continues = false;
        for (String line : section.split("\n")) {
            if (line.startsWith("    ")) {
                String text = line.strip().replaceFirst("\\s+# .*$", "");
                int last = commands.size() - 1;
                String joined = continues ? commands.remove(last) + " " + text : text;
                continues = joined.endsWith("\\");
                commands.add(joined.replaceFirst("\\s*\\\\$", ""));
            }
        }
        return commands;
    }

    private static String free() throws Exception {
        try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            return Integer.toString(any.getLocalPort());
        }
    }

    private Process shell(String command) throws Exception {
        return new ProcessBuilder("/bin/sh", "-c", "exec " + command.replaceFirst("\\s*&$", "")).directory(ROOT.toFile())
                .redirectErrorStream(true).redirectOutput(folder.resolve("shell").toFile()).start();
    }

    @Test
    void leadsFromNothingToAGraphInFiveCommands() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/prometheus")), "prometheus is not installed here; see scripts/programs");
        String guide = Files.readString(ROOT.resolve("docs/operations.md"));
        List<String> commands = commands(guide);
        assertThat(commands).hasSize(5);
        assertThat(commands.get(0)).isEqualTo("make image");
        assertThat(Files.readString(ROOT.resolve("Makefile"))).contains("\nimage:\n");
        assertThat(commands.get(1)).isEqualTo("./cepa --metrics-port 9035 &");
        assertThat(commands.get(3)).isEqualTo("apt-get install -y prometheus");
        String port = free();
        String prometheus = free();
        Process server = null;
        try (ReadyDaemon daemon = ReadyDaemon.start(
                TestNetworks.shared(), folder, List.of(), "SocksPort auto", "MetricsPort " + port)) {
            assertThat(daemon.port("Metrics", 0)).hasToString(port);
            Process curl = shell(commands.get(2).replace("9035", port));
            assertThat(curl.waitFor()).isZero();
            String health = Files.readString(folder.resolve("shell"));
            assertThat(health).startsWith("{\"status\":\"up\"");
            JsonReader.check(health);
            Process json = shell("curl -s http://127.0.0.1:" + port + "/metrics/json");
            assertThat(json.waitFor()).isZero();
            JsonReader.check(Files.readString(folder.resolve("shell")));
            JsonReader.check(Files.readString(ROOT.resolve("docs/monitoring/grafana.json")));

            Path config = folder.resolve("prometheus.yml");
            Files.writeString(config, Files.readString(ROOT.resolve("docs/monitoring/prometheus.yml"))
                    .replace("9035", port).replaceAll("scrape_interval: \\w+", "scrape_interval: 1s")
                    .replace("alerts.yml", ROOT.resolve("docs/monitoring/alerts.yml").toString()));
            server = shell(commands.get(4).replace("docs/monitoring/prometheus.yml", config.toString())
                    .replace("target/prometheus", folder.resolve("numbers").toString()).replace("9091", prometheus));
            drawsTheGraph(guide, prometheus);
        } finally {
            if (server != null) {
                server.destroy();
                server.waitFor();
            }
        }
    }

    private void drawsTheGraph(String guide, String prometheus) throws Exception {
        Matcher graph = Pattern.compile("`http://127\\.0\\.0\\.1:9091/graph\\?g0\\.expr=([^&`]+)").matcher(guide);
        assertThat(graph.find()).as("a link to the graph").isTrue();
        String query = "http://127.0.0.1:" + prometheus + "/api/v1/query?query="
                + graph.group(1).replace("[", "%5B").replace("]", "%5D");
        long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        String answer = "";
        while (!answer.contains("\"value\":[")) {
            assertThat(System.nanoTime() < end).as("%s in %s", answer, Files.readString(folder.resolve("shell"), StandardCharsets.UTF_8))
                    .isTrue();
            Thread.sleep(200);
            try {
                answer = HttpClient.newHttpClient().send(
                        HttpRequest.newBuilder(URI.create(query)).build(), HttpResponse.BodyHandlers.ofString()).body();
            } catch (IOException e) {
                answer = "not there yet";
            }
        }
    }
}
