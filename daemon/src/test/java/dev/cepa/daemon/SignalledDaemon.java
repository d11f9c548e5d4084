package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.testnet.TestNetwork;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The real program in a process of its own, for tests: its torrc, its log, its signals. Ended by {@link #close}. */
final class SignalledDaemon implements AutoCloseable {
    static final String OPENED = "Opened Socks listener connection (ready) on 127.0.0.1:";

    private final Path folder;
    private final TestNetwork network;
    private final Path log;
    private final Path torrc;
    private Process process;
    /** How much of the log has been awaited already. */
    private int read;

    private SignalledDaemon(Path folder, TestNetwork network) {
        this.folder = folder;
        this.network = network;
        log = folder.resolve("log");
        torrc = folder.resolve("torrc");
    }

    /** Starts it with the network's client lines and these. */
    static SignalledDaemon start(Path folder, TestNetwork network, String... lines) throws IOException {
        SignalledDaemon daemon = new SignalledDaemon(folder, network);
        daemon.writeTorrc(lines);
        List<String> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("slf4j-simple") && !entry.contains("test-classes")) {
                path.add(entry);
            }
        }
        daemon.process = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m",
                        "--enable-native-access=ALL-UNNAMED", "-cp", String.join(File.pathSeparator, path),
                        Main.class.getName(), "-f", daemon.torrc.toString())
                .redirectErrorStream(true)
                .redirectOutput(daemon.log.toFile())
                .start();
        return daemon;
    }

    /** Writes another torrc in place of the old one, at once. */
    void writeTorrc(String... lines) throws IOException {
        List<String> all = new ArrayList<>(network.clientTorrc());
        all.add("DataDirectory " + folder.resolve("data"));
        all.addAll(List.of(lines));
        Path fresh = folder.resolve("torrc.new");
        Files.write(fresh, all);
        Files.move(fresh, torrc, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    void signal(String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor()).isZero();
    }

    /** Waits for a text in what has not been awaited yet; returns the rest of its line. */
    String await(String text) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (true) {
            String written = Files.readString(log);
            int at = written.indexOf(text, read);
            int lineEnd = at < 0 ? -1 : written.indexOf('\n', at);
            if (lineEnd >= 0) {
                read = lineEnd;
                return written.substring(at + text.length(), lineEnd);
            }
            assertThat(System.nanoTime() < end && process.isAlive()).as("\"%s\" in time in:%n%s", text, written).isTrue();
            Thread.sleep(50);
        }
    }

    /** Waits until a file is there: with {@code PidFile}, until signals are heard. */
    void awaitFile(Path file) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!Files.exists(file)) {
            assertThat(System.nanoTime() < end && process.isAlive()).as("%s in time in:%n%s", file, log()).isTrue();
            Thread.sleep(20);
        }
    }

    /** The SOCKS port that is opened next. */
    int awaitPort() throws Exception {
        return Integer.parseInt(await(OPENED));
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** A connection through a SOCKS port of it to a port of this machine, as exits see it. */
    static Socket connect(int socksPort, int port) throws IOException {
        Socket socket = new Socket(
                new Proxy(Proxy.Type.SOCKS, new InetSocketAddress(InetAddress.getLoopbackAddress(), socksPort)));
        socket.setSoTimeout(60_000);
        socket.connect(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port), 60_000);
        return socket;
    }

    @Override
    public void close() throws Exception {
        process.destroy();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor(); // it writes to its folder until then
        }
    }
}
