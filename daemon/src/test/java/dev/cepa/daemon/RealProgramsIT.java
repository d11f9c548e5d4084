package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.SimpleFileServer;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that people use with Tor, each let in by the daemon's ports, on a network of real relays. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class RealProgramsIT {
    private static final String HOST = "www.cepa.test";

    @TempDir
    private static Path folder;

    private static ReadyDaemon daemon;
    private static WebServer web;

    @TempDir
    private Path scratch;

    @BeforeAll
    static void start() throws Exception {
        TestNetwork network = TestNetworks.shared();
        web = WebServer.start();
        Path hidden = Files.createDirectory(folder.resolve("private"));
        Files.setPosixFilePermissions(hidden, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
        daemon = ReadyDaemon.start(
                network, folder, List.of(), "SocksPort auto", "SocksPort auto NoPreferIPv6Automap IsolateDestAddr",
                "SocksPort unix:" + hidden.resolve("socks"), "HTTPTunnelPort auto", "DNSPort auto", "AutomapHostsOnResolve 1",
                "AutomapHostsSuffixes .onion,.auto.test", "VirtualAddrNetworkIPv4 10.192.0.0/10",
                "MapAddress elsewhere.example " + HOST, "TestSocks 1");
    }

    @AfterAll
    static void stop() throws Exception {
        if (daemon != null) {
            daemon.close();
            web.close();
        }
    }

    /** Runs a program to its end and returns what it printed. */
    private String run(String... command) throws Exception {
        assumeTrue(isInstalled(command[0]), command[0] + " is not installed here; see scripts/programs");
        Path out = Files.createTempFile(scratch, "out", "");
        Path errors = Files.createTempFile(scratch, "err", "");
        Process process = new ProcessBuilder(command)
                .directory(scratch.toFile())
                .redirectOutput(out.toFile())
                .redirectError(errors.toFile())
                .start();
        boolean ended = process.waitFor(100, TimeUnit.SECONDS);
        process.destroyForcibly();
        String said = Files.readString(errors, StandardCharsets.ISO_8859_1);
        assertThat(ended).as("%s ends; it said: %s", Arrays.toString(command), said).isTrue();
        assertThat(process.exitValue()).as("%s: %s%n%s", Arrays.toString(command), said, daemon.log()).isZero();
        return Files.readString(out, StandardCharsets.ISO_8859_1);
    }

    private static boolean isInstalled(String program) {
        return program.startsWith("/")
                ? Files.isExecutable(Path.of(program))
                : List.of("/usr/bin/", "/usr/sbin/", "/bin/", "/usr/local/bin/").stream()
                        .anyMatch(place -> Files.isExecutable(Path.of(place + program)));
    }

    private static int socks() throws IOException {
        return daemon.port("Socks", 0);
    }

    private static String url(String host, int seed) {
        return "http://" + host + ":" + web.port() + "/sha256/1000?seed=" + seed;
    }

    private static void assertIsPage(String got, int seed) {
        assertThat(got.strip()).contains(web.content(seed).sha256(1000));
    }

    @ParameterizedTest
    @CsvSource({
        "socks4, 127.0.0.1", "socks4a, www.cepa.test", "socks5, 127.0.0.1", "socks5h, www.cepa.test", "socks5h, elsewhere.example",
        "socks5h, user:pass@127.0.0.1",
    })
    void curlBySocks(String protocol, String host) throws Exception {
        int at = host.indexOf('@');
        String credentials = at < 0 ? "" : host.substring(0, at + 1);
        String proxy = protocol + "://" + credentials + "127.0.0.1:" + socks();
        assertIsPage(run("curl", "-sS", "-m", "60", "-x", proxy, url(host.substring(at + 1), 1)), 1);
    }

    @Test
    void testSocksSaysWhoLeavesNamesToTor() throws Exception {
        assertIsPage(run("curl", "-sS", "-m", "60", "-x", "socks5h://127.0.0.1:" + socks(), url(HOST, 8)), 8);
        String good = "Your application (using socks5 to port " + web.port() + ") instructed Tor to take care of the DNS resolution";
        daemon.await(good, Duration.ofSeconds(10));
        assertThat(daemon.log()).as("but not which names").doesNotContain(HOST);
    }

    @Test
    void curlByASocketInTheFileSystem() throws Exception {
        String proxy = "socks5h://localhost" + folder.resolve("private").resolve("socks");
        assertIsPage(run("curl", "-sS", "-m", "60", "-x", proxy, url(HOST, 2)), 2);
    }

    @Test
    void curlByHttpConnect() throws Exception {
        String proxy = "http://tor:apart@127.0.0.1:" + daemon.port("HTTP tunnel", 0);
        assertIsPage(run("curl", "-sS", "-m", "60", "-p", "-x", proxy, url(HOST, 3)), 3);
    }

    @Test
    void curlHearsWhyNot() throws Exception {
        assumeTrue(isInstalled("curl"), "curl is not installed here");
        Process curl = new ProcessBuilder(
                        "curl", "-sS", "-m", "60", "-p", "-x", "http://127.0.0.1:" + daemon.port("HTTP tunnel", 0),
                        "http://nxdomain.cepa.test/")
                .redirectErrorStream(true)
                .start();
        assertThat(new String(curl.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)).contains("503");
        assertThat(curl.waitFor()).isEqualTo(56);
    }

    @Test
    void digByTheDnsPort() throws Exception {
        String port = Integer.toString(daemon.port("DNS", 0));
        assertThat(dig(port, HOST, "A")).isEqualTo("127.0.0.1");
        assertThat(dig(port, HOST, "A", "+tcp")).isEqualTo("127.0.0.1");
        assertThat(dig(port, HOST, "AAAA")).isEqualTo("::1");
        String made = dig(port, "x.onion", "A");
        assertThat(made).startsWith("10.");
        assertThat(dig(port, "-x", made)).isEqualTo("x.onion.");
        // Exits ask nobody about private addresses, and there are no others here.
        assertThat(run("dig", "@127.0.0.1", "-p", port, "-x", "127.0.0.1")).contains("status: NXDOMAIN");
        assertThat(run("dig", "@127.0.0.1", "-p", port, "nxdomain.cepa.test")).contains("status: NXDOMAIN");
        assertThat(run("dig", "@127.0.0.1", "-p", port, HOST, "MX")).contains("status: NOTIMP");
        assertThat(run("dig", "@127.0.0.1", "-p", port, "v4only.cepa.test", "AAAA"))
                .contains("status: NOERROR", "ANSWER: 0");
    }

    private String dig(String port, String... question) throws Exception {
        List<String> command = new ArrayList<>(List.of("dig", "@127.0.0.1", "-p", port, "+short", "+time=20", "+tries=2"));
        command.addAll(List.of(question));
        return run(command.toArray(String[]::new)).strip();
    }

    private Path torsocks() throws IOException {
        Path file = scratch.resolve("torsocks.conf");
        Files.writeString(file, "TorAddress 127.0.0.1\nTorPort " + daemon.port("Socks", 1) + "\nIsolatePID 1\n");
        return file;
    }

    @Test
    void curlByTorsocks() throws Exception {
        assumeTrue(isInstalled("torsocks"), "torsocks is not installed here");
        String conf = "TORSOCKS_CONF_FILE=" + torsocks();
        assertIsPage(run("env", conf, "torsocks", "curl", "-sS", "-m", "60", url("a.auto.test", 4)), 4);
    }

    @Test
    void gitBySocks() throws Exception {
        assumeTrue(isInstalled("git"), "git is not installed here");
        Path work = Files.createDirectory(scratch.resolve("work"));
        Files.writeString(work.resolve("file"), "content");
        run("git", "-C", work.toString(), "init", "-q");
        run("git", "-C", work.toString(), "add", "file");
        run("git", "-C", work.toString(), "-c", "user.name=t", "-c", "user.email=t@example.test", "commit", "-q", "-m", "one");
        Path served = Files.createDirectory(scratch.resolve("served"));
        run("git", "clone", "-q", "--bare", work.toString(), served.resolve("repo.git").toString());
        run("git", "-C", served.resolve("repo.git").toString(), "update-server-info");
        var server = SimpleFileServer.createFileServer(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), served.toRealPath(), SimpleFileServer.OutputLevel.NONE);
        server.start();
        try {
            run("git", "-c", "http.proxy=socks5h://127.0.0.1:" + socks(), "clone", "-q",
                    "http://" + HOST + ":" + server.getAddress().getPort() + "/repo.git", "copy");
            assertThat(scratch.resolve("copy").resolve("file")).hasContent("content");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void chromiumBySocks() throws Exception {
        String page = run(
                "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--user-data-dir=" + scratch.resolve("profile"),
                "--proxy-server=socks5://127.0.0.1:" + socks(), "--dump-dom", url(HOST, 5));
        assertIsPage(page, 5);
    }

    @Test
    void javasOwnProxy() throws Exception {
        Proxy proxy = new Proxy(Proxy.Type.SOCKS, new InetSocketAddress(InetAddress.getLoopbackAddress(), socks()));
        try (var in = URI.create(url(HOST, 6)).toURL().openConnection(proxy).getInputStream()) {
            assertIsPage(new String(in.readAllBytes(), StandardCharsets.US_ASCII), 6);
        }
    }

    @Test
    void pythonsRequests() throws Exception {
        String python = "/usr/bin/python3";
        assumeTrue(
                isInstalled(python) && new ProcessBuilder(python, "-c", "import requests, socks").start().waitFor() == 0,
                "Python's requests and socks are not installed here; see scripts/programs");
        String program = "import requests; p = 'socks5h://127.0.0.1:" + socks() + "'; "
                + "print(requests.get('" + url(HOST, 7) + "', proxies={'http': p}, timeout=60).text)";
        assertIsPage(run(python, "-c", program), 7);
    }
}
