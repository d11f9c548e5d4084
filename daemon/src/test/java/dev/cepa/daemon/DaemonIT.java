package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.testnet.SmallDisk;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real program in a process of its own, on a network of real relays, used by curl and stopped by signals. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class DaemonIT {
    private static final Duration BOOTSTRAP = Duration.ofSeconds(90);
    /** What takes no time, on a machine that is busy with something else. */
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String OPENED = "Opened Socks listener connection (ready) on 127.0.0.1:";

    @TempDir
    private Path folder;

    private final List<Process> started = new ArrayList<>();
    private TestNetwork network;

    @BeforeEach
    void network() throws IOException {
        network = TestNetworks.shared();
    }

    @AfterEach
    void stop() throws InterruptedException {
        started.forEach(Process::destroyForcibly);
        for (Process process : started) {
            process.waitFor(); // it writes to the folder until then
        }
    }

    private Path torrc(String... lines) throws IOException {
        List<String> all = new ArrayList<>(network.clientTorrc());
        all.add("DataDirectory " + folder.resolve("data"));
        all.addAll(List.of(lines));
        Path file = folder.resolve("torrc");
        Files.write(file, all);
        return file;
    }

    private Process start(Path log, String... args) throws IOException {
        List<String> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("slf4j-simple") && !entry.contains("test-classes")) {
                path.add(entry);
            }
        }
        // Whoever runs the tests may have been started with INT ignored, as in the background of a script.
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT",
                System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m",
                "-cp", String.join(File.pathSeparator, path), Main.class.getName()));
        command.addAll(List.of(args));
        Process process =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        started.add(process);
        return process;
    }

    private static String await(Path log, String text, Duration time) throws Exception {
        long end = System.nanoTime() + time.toNanos();
        while (true) {
            String written = Files.exists(log) ? Files.readString(log) : "";
            if (written.contains(text)) {
                return written;
            }
            assertThat(System.nanoTime()).as("\"%s\" in time in:%n%s", text, written).isLessThan(end);
            Thread.sleep(50);
        }
    }

    private static int port(String log) {
        int at = log.lastIndexOf(OPENED) + OPENED.length();
        return Integer.parseInt(log.substring(at, log.indexOf('\n', at)));
    }

    private static byte[] curl(int port, String url) throws Exception {
        Process curl = new ProcessBuilder(
                        "curl", "-sS", "--max-time", "60", "--socks5-hostname", "127.0.0.1:" + port, url)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        byte[] body = curl.getInputStream().readAllBytes();
        assertThat(curl.waitFor()).isZero();
        return body;
    }

    @Test
    void doesNotStartWithFewerOpenFilesThanConnLimit() throws Exception {
        Path log = folder.resolve("log");
        Process daemon = start(log, "-f", torrc("ConnLimit 2000000000", "SocksPort auto").toString());
        assertThat(daemon.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(daemon.exitValue()).isEqualTo(1);
        assertThat(Files.readString(log)).contains("We need 2000000000 file descriptors available").contains("ulimit -n");
    }

    private static void signal(Process process, String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor()).isZero();
    }

    /** Within a second when the machine has nothing else to do, and long before anything's time is up that could be waited for. */
    private static void assertStopsAtOnce(Process process) throws Exception {
        long begin = System.nanoTime();
        signal(process, "TERM");
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
        assertThat(process.exitValue()).isZero();
    }

    @Test
    void carriesDownloadsAndObeysSignals() throws Exception {
        Path log = folder.resolve("out");
        Path second = folder.resolve("second.log");
        Path pid = folder.resolve("pid");
        Path torrc = torrc("SocksPort auto", "Log notice stdout", "PidFile " + pid);
        Process daemon = start(log, "-f", torrc.toString());
        String written = await(log, "Bootstrapped 100% (done): Done", BOOTSTRAP);
        assertThat(written).contains("Bootstrapped 0% (starting): Starting", "Opening Socks listener on 127.0.0.1:0");
        assertThat(Files.readString(pid)).isEqualTo(daemon.pid() + "\n");

        try (WebServer web = WebServer.start()) {
            int length = 5_000_000;
            byte[] body = curl(port(written), "http://127.0.0.1:" + web.port() + "/bytes/" + length + "?seed=7");
            assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body)))
                    .isEqualTo(web.content(7).sha256(length));
        }

        signal(daemon, "USR1");
        await(log, "[notice] Streams: ", SOON);

        Path secondOut = folder.resolve("second-out");
        Process another = start(secondOut, "-f", torrc.toString(), "--PidFile", folder.resolve("pid2").toString());
        assertThat(another.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(another.exitValue()).isEqualTo(1);
        assertThat(Files.readString(secondOut)).contains("[err] ", "another instance is using the data directory");

        torrc("SocksPort auto", "Log notice stdout", "Log notice file " + second, "PidFile " + pid);
        signal(daemon, "HUP");
        await(log, "Received reload signal (hup)", SOON);
        signal(daemon, "USR1");
        await(second, "dumping statistics", SOON);

        torrc("SocksPort auto", "Bogus 1", "PidFile " + pid);
        signal(daemon, "HUP");
        await(second, "Unknown option 'Bogus'", SOON);
        assertThat(daemon.isAlive()).isTrue();

        assertStopsAtOnce(daemon);
        assertThat(Files.readString(log)).contains("Catching signal TERM, exiting cleanly.");
        assertThat(pid).doesNotExist();
    }

    @Test
    void reloadsItsConfigurationWhileADownloadRuns() throws Exception {
        Path log = folder.resolve("out");
        Path debug = folder.resolve("debug");
        String logs = "Log notice stdout\nLog debug file " + debug;
        Process daemon = start(log, "-f", torrc("SocksPort auto", logs).toString());
        int port = port(await(log, "Bootstrapped 100% (done): Done", BOOTSTRAP));
        // More than fits into all buffers on the way, so that it has to go on afterwards.
        int length = 20_000_000;
        try (WebServer web = WebServer.start();
                Socket download = SignalledDaemon.connect(port, web.port())) {
            download.getOutputStream().write(
                    ("GET /bytes/" + length + "?seed=5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String head = "";
            while (!head.endsWith("\r\n\r\n")) {
                int next = download.getInputStream().read();
                assertThat(next).as(head).isNotNegative();
                head += (char) next;
            }

            torrc("SocksPort auto", "SocksPort 127.0.0.1:" + port + " Bogus", "DataDirectory /elsewhere", logs);
            signal(daemon, "HUP");
            await(log, "changing DataDirectory is not allowed", SOON);
            await(log, "Going on with the old configuration", SOON);

            torrc("SocksPort auto IsolateDestPort", "SocksPort auto", "ExcludeNodes " + network.relays().get(4).nickname(), logs);
            signal(daemon, "HUP");
            int other = port(awaitSecond(log, OPENED));
            assertThat(other).isNotEqualTo(port);
            assertThat(curl(other, "http://127.0.0.1:" + web.port() + "/bytes/1000?seed=5")).hasSize(1000);
            byte[] body = download.getInputStream().readAllBytes();
            assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body)))
                    .isEqualTo(web.content(5).sha256(length));
        }
        assertThat(Files.readString(log)).containsOnlyOnce("Bootstrapped 100%").doesNotContain("[err] Could not");
        assertStopsAtOnce(daemon);
    }

    /** Waits until the log has the text twice. */
    private static String awaitSecond(Path log, String text) throws Exception {
        long end = System.nanoTime() + SOON.toNanos();
        while (true) {
            String written = Files.readString(log);
            if (written.indexOf(text) != written.lastIndexOf(text)) {
                return written;
            }
            assertThat(System.nanoTime()).as("\"%s\" twice in:%n%s", text, written).isLessThan(end);
            Thread.sleep(20);
        }
    }

    @Test
    void startsAgainAfterBeingKilled() throws Exception {
        Path torrc = torrc("SocksPort auto", "Log notice stdout");
        Path first = folder.resolve("first");
        Process killed = start(first, "-f", torrc.toString());
        await(first, "Bootstrapped 100% (done): Done", BOOTSTRAP);
        signal(killed, "KILL");
        assertThat(killed.waitFor(60, TimeUnit.SECONDS)).isTrue();
        Path again = folder.resolve("again");
        Process daemon = start(again, "-f", torrc.toString());
        await(again, "Bootstrapped 100% (done): Done", BOOTSTRAP);
        assertStopsAtOnce(daemon);
    }

    /** Bytes, as characters, that are no request, and what the log says of them. */
    private static final String[][] GARBAGE = {
        {"\0\0", "Socks version 0 not recognized"},
        {"\u00ff\u00ff\u00ff\u00ff", "Socks version 255 not recognized"},
        {"\u0016\u0003\u0001\0\u00f4\u0001", "Socks version 22 not recognized"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "Socks version 83 not recognized"},
        {"CONNECT secret.example:1 HTTP/1.1\r\n\r\n", "Socks version 67 not recognized"},
        {"\5\0", "no authentication method offered"},
        {"\5\1\1", "offered methods don't include"},
        {"\5\1\0\5\2\0\1\1\2\3\4\0P", "socks5: command 2 not recognized"},
        {"\5\1\0\5\1\0\11\1\2\3\4\0P", "socks5: parsing failed - invalid client request"},
        {"\5\1\0\5\1\0\3\0\0P", "malformed hostname"},
        {"\5\1\0\5\1\0\3\16secret example\0\121", "to port 81) gave Tor a malformed hostname"},
        {"\5\1\0\5\1\0\1\1\2\3\4\0\0", "port 0. Refusing"},
        {"\5\1\0\5\1\0\3\13secret.exit\0P", "notation is not supported"},
        {"\5\1\0\5\u00f1\0\3\16secret.example\0\0", "RESOLVE_PTR command with a malformed address"},
        {"\5\1\2\2\1a\1b", "Socks version 2 not recognized"},
        {"\5\1\2\1\11<torS0X>9\0", "extension that is not known here"},
        {"\1\1a\1b", "username/password before any method"},
        {"\4\1\0\0\1\2\3\4\0", "Port or DestIP is zero"},
        {"\4\11\0P\1\2\3\4\0", "socks4: command 9 not recognized"},
        {"\4\1\0\122\0\0\0\1\0secret example\0", "to port 82) gave Tor a malformed hostname"},
        {"\4\1\0P\1\2\3\4" + "x".repeat(9000), "socks4: parsing failed - invalid request"},
    };

    @Test
    void runsFromMemoryOnAFullDiskAndSavesOnceThereIsRoom() throws Exception {
        assumeTrue(SmallDisk.isPossible(), "only root can mount a disk to fill, and not in every container");
        Path data = Files.createDirectory(folder.resolve("data"));
        try (SmallDisk disk = SmallDisk.mount(data, 256)) {
            disk.fill();
            Path log = folder.resolve("out");
            Process daemon = start(log, "-f", torrc("SocksPort auto", "Log notice stdout").toString());
            String written = await(log, "Bootstrapped 100% (done): Done", BOOTSTRAP);
            assertThat(written).containsPattern("\\[warn\\] .*" + data + ".* can't be written.*free space");
            disk.free();
            assertStopsAtOnce(daemon);
            assertThat(data.resolve("state")).content().contains("Guard in=default");
        }
    }

    @Test
    void saysWhatToDoAboutAReadOnlyDisk() throws Exception {
        assumeTrue(SmallDisk.isPossible(), "only root can mount a disk to fill, and not in every container");
        Path data = Files.createDirectory(folder.resolve("data"));
        try (SmallDisk disk = SmallDisk.mount(data, 256)) {
            disk.setReadOnly(true);
            Path log = folder.resolve("out");
            Process daemon = start(log, "-f", torrc("SocksPort auto", "Log notice stdout").toString());
            assertThat(daemon.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(daemon.exitValue()).isEqualTo(1);
            assertThat(Files.readString(log))
                    .containsPattern("\\[err\\] .*" + data + ": Read-only file system.*permissions");
        }
    }

    @Test
    void survivesGarbageOnItsPort() throws Exception {
        Path log = folder.resolve("out");
        Process daemon = start(log, "-f", torrc("SocksPort auto", "Log notice stdout").toString());
        int port = port(await(log, "Bootstrapped 100% (done): Done", BOOTSTRAP));
        String answer = exchange(port, "GET http://secret.example/ HTTP/1.1\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.0 501 ");
        await(log, "Socks version 71 not recognized", SOON);
        for (String[] garbage : GARBAGE) {
            exchange(port, garbage[0]);
            await(log, garbage[1], SOON);
        }
        assertThat(Files.readString(log)).doesNotContain("secret");
        try (WebServer web = WebServer.start()) {
            char high = (char) (web.port() >> 8);
            char low = (char) (web.port() & 0xff);
            String request = "\5\1\0\5\1\0\1\177\0\0\1" + high + low
                    + "GET /bytes/10?seed=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            assertThat(exchange(port, request)).startsWith("\5\0\5\0").contains("200");
        }
        assertStopsAtOnce(daemon);
    }

    /** Sends that, and reads until the daemon closes the connection. */
    private static String exchange(int port, String bytes) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("reset"); // there was more to read than the daemon wanted
            return "";
        }
    }

    @Test
    void stopsWhenItsOwnerGoes() throws Exception {
        Process owner = new ProcessBuilder("sleep", "60").start();
        started.add(owner);
        Path log = folder.resolve("out");
        Path torrc = torrc("SocksPort 0", "DisableNetwork 1");
        Process daemon = start(log, "-f", torrc.toString(), "__OwningControllerProcess", Long.toString(owner.pid()));
        await(log, "running on", BOOTSTRAP);
        Thread.sleep(1500);
        assertThat(daemon.isAlive()).isTrue();
        owner.destroyForcibly().waitFor();
        assertThat(daemon.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(daemon.exitValue()).isZero();
    }

    @Test
    void fetchesAPage() throws Exception {
        try (WebServer web = WebServer.start()) {
            Path out = folder.resolve("page");
            Process fetch = start(
                    out, "fetch", "http://127.0.0.1:" + web.port() + "/sha256/1000?seed=3", "-f", torrc().toString());
            assertThat(fetch.waitFor(90, TimeUnit.SECONDS)).isTrue();
            assertThat(Files.readString(out)).contains(web.content(3).sha256(1000));
            assertThat(fetch.exitValue()).isZero();
        }
    }

    @Test
    void runsOnionServicesAndChangesThemWhileRunning() throws Exception {
        try (WebServer web = WebServer.start()) {
            Path log = folder.resolve("log");
            Path service = folder.resolve("service");
            Path file = torrc(
                    "SocksPort auto", "HiddenServiceDir " + service, "HiddenServicePort 80 127.0.0.1:" + web.port());
            Process process = start(log, "-f", file.toString());
            String written = await(log, "is published", BOOTSTRAP);
            String address = Files.readString(service.resolve("hostname")).strip();
            int socks = port(written);
            assertThat(curl(socks, "http://" + address + "/bytes/1000?seed=1")).hasSize(1000);
            torrc(
                    "SocksPort auto",
                    "HiddenServiceDir " + service,
                    "HiddenServicePort 81 127.0.0.1:" + web.port(),
                    "HiddenServiceNumIntroductionPoints 4");
            signal(process, "HUP");
            int published = written.indexOf("is published");
            long end = System.nanoTime() + BOOTSTRAP.toNanos();
            while (Files.readString(log).lastIndexOf("is published") == published) {
                assertThat(System.nanoTime()).isLessThan(end);
                Thread.sleep(50);
            }
            assertThat(curl(socks, "http://" + address + ":81/bytes/1000?seed=1")).hasSize(1000);
            signal(process, "INT");
            // Not the half minute that a service of C tor's waits.
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).as(Files.readString(log)).isTrue();
        }
    }
}
