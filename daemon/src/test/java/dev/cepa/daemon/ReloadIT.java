package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real program goes over to other configurations while it is used, on a network of real relays. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class ReloadIT {
    private static final int STREAMS = 100;

    @TempDir
    private Path folder;

    private TestNetwork network;

    @BeforeEach
    void network() throws IOException {
        network = TestNetworks.shared();
    }

    /** Streams that send a number to an echo server and wait for it, again and again. */
    private static final class Echoes implements AutoCloseable {
        private final List<Thread> threads = new ArrayList<>();
        private final List<AtomicLong> counts = new ArrayList<>();
        private final Queue<String> failures = new ConcurrentLinkedQueue<>();
        private volatile boolean stopping;

        void start(int socksPort, int echoPort) {
            AtomicLong count = new AtomicLong();
            counts.add(count);
            threads.add(Thread.ofVirtual().start(() -> {
                try (Socket socket = SignalledDaemon.connect(socksPort, echoPort)) {
                    while (!stopping) {
                        byte[] sent = ByteBuffer.allocate(8).putLong(count.get()).array();
                        socket.getOutputStream().write(sent);
                        byte[] back = socket.getInputStream().readNBytes(8);
                        if (!Arrays.equals(sent, back)) {
                            throw new IOException("came back as " + back.length + " bytes");
                        }
                        count.incrementAndGet();
                        Thread.sleep(20);
                    }
                } catch (IOException | InterruptedException e) {
                    failures.add(e + " after " + count.get() + " echoes");
                }
            }));
        }

        /** Waits until each stream has had two more echoes: the second was sent after this call. */
        void awaitAll() throws InterruptedException {
            long[] before = counts.stream().mapToLong(AtomicLong::get).toArray();
            for (int i = 0; i < before.length; i++) {
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
                while (counts.get(i).get() < before[i] + 2) {
                    assertThat(failures).isEmpty();
                    assertThat(System.nanoTime()).as("stream %s goes on", i).isLessThan(end);
                    Thread.sleep(10);
                }
            }
        }

        @Override
        public void close() throws InterruptedException {
            stopping = true;
            for (Thread thread : threads) {
                thread.join(TimeUnit.SECONDS.toMillis(60));
            }
        }
    }

    @Test
    void losesNoneOfAHundredStreams() throws Exception {
        try (SignalledDaemon daemon = SignalledDaemon.start(folder, network, "SocksPort auto");
                WebServer web = WebServer.start();
                Echoes echoes = new Echoes()) {
            int port = daemon.awaitPort();
            daemon.await("Bootstrapped 100% (done): Done");
            for (int i = 0; i < STREAMS; i++) {
                echoes.start(port, web.echoPort());
            }
            echoes.awaitAll();

            // The same port, other ways to use it, other relays to choose.
            daemon.writeTorrc(
                    "SocksPort auto IsolateDestPort", "ExcludeNodes " + network.relays().get(2).nickname(),
                    "MaxCircuitDirtiness 20 seconds", "ConnectionPadding 0", "Log notice stdout", "Log info file /dev/null");
            daemon.signal("HUP");
            daemon.await("The configuration has been reloaded.");
            echoes.awaitAll();

            // The port moves; the streams that came in by the old one go on.
            int free;
            try (ServerSocket any = new ServerSocket(0)) {
                free = any.getLocalPort();
            }
            daemon.writeTorrc("SocksPort " + free);
            daemon.signal("HUP");
            assertThat(daemon.awaitPort()).isEqualTo(free);
            daemon.await("The configuration has been reloaded.");
            echoes.awaitAll();
            try (Socket late = new Socket()) {
                assertThat(catchThrowable(
                                () -> late.connect(new InetSocketAddress("127.0.0.1", port), 1000)))
                        .isInstanceOf(IOException.class);
            }
            echoes.start(free, web.echoPort());
            echoes.awaitAll();

            // A file that is wrong.
            daemon.writeTorrc("SocksPort 0", "UseBridges 1");
            daemon.signal("HUP");
            daemon.await("Going on with the old configuration.");
            echoes.awaitAll();

            echoes.close();
            assertThat(echoes.failures).isEmpty();
            assertThat(echoes.counts).hasSize(STREAMS + 1);
        }
    }

    @Test
    void staysAsItIsAndSaysWhyIfAFileIsWrong() throws Exception {
        try (SignalledDaemon daemon = SignalledDaemon.start(folder, network, "SocksPort auto");
                WebServer web = WebServer.start();
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            int port = daemon.awaitPort();
            daemon.await("Bootstrapped 100% (done): Done");
            String[][] wrong = {
                {"SocksPort auto\nSockPort 1", "Unknown option 'SockPort'.  Failing. Did you mean 'SocksPort'?"},
                {"SocksPort auto\nSocksTimeout 2 fortnights", "Unknown unit in 2 fortnights"},
                {"SocksPort 0\nEntryNodes a\nUseEntryGuards 0", "(EntryNodes: " + folder.resolve("torrc")},
                {"SocksPort 0\nDataDirectory " + folder, "changing DataDirectory is not allowed; restart it."},
                {"SocksPort 0\nDirAuthority 192.0.2.1:80 " + "0".repeat(40), "changing DirAuthority is not allowed"},
                {"SocksPort 0\nLog notice file " + folder, "Couldn't open file for 'Log'"},
                {"SocksPort " + taken.getLocalPort(), Integer.toString(taken.getLocalPort())},
                {"SocksPort 0\n%include " + folder.resolve("none"), "Error reading included configuration file"},
                {"SocksPort \"auto", "Invalid escape sequence in quoted string"}
            };
            for (String[] one : wrong) {
                daemon.writeTorrc(one[0]);
                daemon.signal("HUP");
                daemon.await("Received reload signal (hup)");
                daemon.await(one[1]);
                daemon.await("[err] Reading config failed--see warnings above. Going on with the old configuration.");
                try (Socket socket = SignalledDaemon.connect(port, web.echoPort())) {
                    socket.getOutputStream().write(7);
                    assertThat(socket.getInputStream().read()).isEqualTo(7);
                }
            }
            daemon.writeTorrc("SocksPort auto", "SafeSocks 1");
            daemon.signal("HUP");
            daemon.await("The configuration has been reloaded.");
        }
    }

    @Test
    void reloadsWhenAFileChangesIfAsked() throws Exception {
        Path included = Files.createDirectory(folder.resolve("torrc.d"));
        String include = "%include " + included + "/*.conf";
        try (SignalledDaemon daemon = SignalledDaemon.start(folder, network, "SocksPort auto", "ReloadOnChange 1", include)) {
            int port = daemon.awaitPort();
            Files.writeString(included.resolve("more.conf"), "+SocksPort auto IsolateDestAddr\n");
            daemon.await("The configuration's files have changed. Reloading config.");
            assertThat(daemon.awaitPort()).isNotEqualTo(port);
            daemon.await("The configuration has been reloaded.");

            Files.writeString(included.resolve("more.conf"), "Bogus 1\n");
            daemon.await("more.conf:1: Unknown option 'Bogus'");
            daemon.await("Going on with the old configuration.");

            Files.delete(included.resolve("more.conf"));
            daemon.await("The configuration has been reloaded.");
            daemon.writeTorrc("SocksPort auto", "ReloadOnChange 0");
            daemon.await("The configuration has been reloaded.");
            daemon.writeTorrc("SocksPort auto", "Bogus 1");
            Thread.sleep(3000);
            assertThat(daemon.log()).doesNotContain("torrc:" + (network.clientTorrc().size() + 3));
            assertThat(daemon.isAlive()).isTrue();
        }
    }

    @Test
    void reopensItsLogsWithoutReadingAnythingIfAControllerSaysSo() throws Exception {
        Path file = folder.resolve("notices");
        Path pid = folder.resolve("pid");
        try (SignalledDaemon daemon = SignalledDaemon.start(
                folder, network, "SocksPort 0", "DisableNetwork 1", "__ReloadTorrcOnSIGHUP 0", "Log notice stdout",
                "Log notice file " + file, "PidFile " + pid)) {
            daemon.awaitFile(pid);
            daemon.signal("USR1");
            daemon.await("dumping statistics");
            Files.move(file, folder.resolve("old"));
            daemon.signal("HUP");
            daemon.await("Not reloading config file: the controller told us not to.");
            daemon.signal("USR1");
            daemon.await("dumping statistics");
            assertThat(file).content().contains("dumping statistics");
        }
    }

    @Test
    void writesItsLogInTheWayTheFileSays() throws Exception {
        Path file = Files.writeString(folder.resolve("notices"), "of an earlier run\n");
        Path pid = folder.resolve("pid");
        String[] lines = {
            "SocksPort 0", "DisableNetwork 1", "Log notice stdout", "Log notice file " + file, "TruncateLogFile 1",
            "LogTimeGranularity 1 second", "PidFile " + pid
        };
        try (SignalledDaemon daemon = SignalledDaemon.start(folder, network, lines)) {
            daemon.awaitFile(pid);
            daemon.signal("USR1");
            daemon.await("Streams: ");
            assertThat(Files.readAllLines(file)).hasSizeGreaterThan(3)
                    .allMatch(line -> line.matches("\\w{3} \\d\\d \\d\\d:\\d\\d:\\d\\d\\.000 \\[(notice|warn)] .+"));

            List<String> json = new ArrayList<>(List.of(lines));
            json.add("LogFormat json");
            daemon.writeTorrc(json.toArray(String[]::new));
            daemon.signal("HUP");
            daemon.await("\"message\":\"The configuration has been reloaded.\"");
            daemon.signal("USR1");
            daemon.await("\"message\":\"Streams: ");
            List<String> written = Files.readAllLines(file);
            assertThat(written).anyMatch(line -> line.contains("dumping statistics"));
            for (String line : written) {
                assertThat(line).startsWith("{\"time\":\"").contains("\",\"severity\":\"", "\"domain\":\"");
                JsonReader.check(line);
            }
        }
    }
}
