package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.testnet.TestNetwork;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The real program in a process of its own, ready for others. */
final class ReadyDaemon implements AutoCloseable {
    private static final Duration BOOTSTRAP = Duration.ofSeconds(90);

    private final Path log;
    private final Process process;

    private ReadyDaemon(Path log, Process process) {
        this.log = log;
        this.process = process;
    }

    /**
     * Starts it on that network and waits until it can open streams.
     *
     * @param prefix what the command begins with, such as {@code ip netns exec x}
     */
    static ReadyDaemon start(TestNetwork network, Path folder, List<String> prefix, String... torrc) throws Exception {
        List<String> lines = new ArrayList<>(network.clientTorrc());
        lines.add("DataDirectory " + folder.resolve("data"));
        lines.add("Log notice stdout");
        lines.addAll(List.of(torrc));
        Path file = folder.resolve("torrc");
        Files.write(file, lines);
        Path log = folder.resolve("log");
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED", "-cp", classPath(), Main.class.getName(), "-f", file.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        ReadyDaemon daemon = new ReadyDaemon(log, process);
        try {
            daemon.await("Bootstrapped 100% (done): Done", BOOTSTRAP);
            return daemon;
        } catch (Throwable e) {
            daemon.close();
            throw e;
        }
    }

    private static String classPath() {
        List<String> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("slf4j-simple") && !entry.contains("test-classes")) {
                path.add(entry);
            }
        }
        return String.join(File.pathSeparator, path);
    }

    String log() throws IOException {
        return Files.exists(log) ? Files.readString(log) : "";
    }

    void await(String text, Duration time) throws Exception {
        long end = System.nanoTime() + time.toNanos();
        while (!log().contains(text)) {
            assertThat(process.isAlive() && System.nanoTime() < end).as("\"%s\" in time in:%n%s", text, log()).isTrue();
            Thread.sleep(50);
        }
    }

    /** The port of the n-th listener of a kind, from 0; of those on TCP. */
    int port(String kind, int index) throws IOException {
        String opened = "Opened " + kind + " listener connection (ready) on ";
        String text = log();
        int at = text.indexOf(opened);
        for (int i = 0; i < index; i++) {
            at = text.indexOf(opened, at + 1);
        }
        assertThat(at).as(opened).isNotNegative();
        String place = text.substring(at + opened.length(), text.indexOf('\n', at));
        return Integer.parseInt(place.substring(place.lastIndexOf(':') + 1));
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(20, java.util.concurrent.TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor(); // it writes to its folder until then
        }
    }
}
