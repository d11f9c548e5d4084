package dev.cepa.examples;

import dev.cepa.TorClient;
import dev.cepa.TorConfig;
import dev.cepa.TorConfigBuilder;
import dev.cepa.event.TorEvent;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.spi.ToolProvider;

/**
 * The main job once, for people to watch: a private network of real relays, a client that bootstraps on it, a page fetched
 * through three of them. Ends by itself and leaves nothing behind, Ctrl-C included: relays end with this process.
 */
public final class Demo implements ToolProvider {
    private static final long PAGE = 20_000;
    private static final long DOWNLOAD = 50_000_000;

    @Override
    public String name() {
        return "demo";
    }

    @Override
    public int run(PrintWriter out, PrintWriter err, String... args) {
        try {
            run(out);
            return 0;
        } catch (IOException e) {
            err.println("The demo failed: " + e.getMessage());
            err.flush();
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 130;
        }
    }

    private static void run(PrintWriter out) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        say(out, begin, "Starting a private Tor network of real relays on 127.0.0.1");
        try (TestNetwork network = TestNetwork.builder()
                        .progress(text -> say(out, begin, "  " + text))
                        .start(Duration.ofMinutes(3));
                WebServer web = WebServer.start()) {
            say(out, begin, "A web server of our own listens on port " + web.port() + "; starting Cepa");
            AtomicReference<List<String>> path = new AtomicReference<>(List.of());
            long start = System.nanoTime();
            try (TorClient tor = TorClient.start(config(network), event -> show(out, begin, path, event))) {
                tor.awaitReady(Duration.ofMinutes(2));
                say(out, begin, "Ready after " + millis(start) + " ms");
                fetch(out, begin, tor, web);
                say(out, begin, "A circuit: " + String.join("  ->  ", path.get()));
            }
            say(out, begin, "Stopping everything");
        }
        say(out, begin, "Done");
    }

    static TorConfig config(TestNetwork network) throws IOException {
        TorConfigBuilder config = TorConfig.builder().inMemory().testingNetwork(true);
        for (String line : network.clientTorrc()) {
            if (line.startsWith("DirAuthority ")) {
                config.directoryAuthority(line.substring("DirAuthority ".length()));
            }
        }
        return config.build();
    }

    private static void show(PrintWriter out, long begin, AtomicReference<List<String>> path, TorEvent event) {
        switch (event) {
            case TorEvent.Bootstrap b ->
                say(
                        out,
                        begin,
                        "  Bootstrapped " + b.percent() + "% (" + b.tag() + "): " + b.summary()
                                + (b.problem() == null ? "" : ": " + b.problem()));
            case TorEvent.CircuitStatus c when c.status() == TorEvent.CircuitStatus.Status.BUILT && c.path().size() == 3 ->
                path.set(c.path());
            case TorEvent.Warning w -> say(out, begin, "  " + w.message());
            default -> {}
        }
    }

    private static void fetch(PrintWriter out, long begin, TorClient tor, WebServer web)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        HttpResponse<InputStream> page = get(tor, web, PAGE);
        try (InputStream body = page.body()) {
            if (body.read() < 0) {
                throw new IOException("the page is empty");
            }
            say(out, begin, "GET http://www.cepa.test/: status " + page.statusCode() + ", first byte after " + millis(start) + " ms");
            body.readAllBytes();
        }
        start = System.nanoTime();
        MessageDigest digest = sha256();
        long total = 0;
        long lastLine = start;
        try (InputStream body = new DigestInputStream(get(tor, web, DOWNLOAD).body(), digest)) {
            byte[] buffer = new byte[16 * 1024];
            for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
                total += n;
                if (System.nanoTime() - lastLine > 1_000_000_000) {
                    lastLine = System.nanoTime();
                    say(out, begin, "  " + total / 1_000_000 + " MB");
                }
            }
        }
        long took = Math.max(1, millis(start));
        boolean right = HexFormat.of().formatHex(digest.digest()).equals(web.content(1).sha256(DOWNLOAD));
        if (!right) {
            throw new IOException("the download's content is wrong");
        }
        say(
                out,
                begin,
                "Downloaded " + total / 1_000_000 + " MB in " + took + " ms (" + total / 1000 / took
                        + " MB/s), SHA-256 as it should be");
    }

    private static HttpResponse<InputStream> get(TorClient tor, WebServer web, long length)
            throws IOException, InterruptedException {
        URI uri = URI.create("http://www.cepa.test:" + web.port() + "/bytes/" + length + "?seed=1");
        return tor.httpClient().send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofInputStream());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    private static long millis(long since) {
        return (System.nanoTime() - since) / 1_000_000;
    }

    private static void say(PrintWriter out, long begin, String text) {
        long tenths = (System.nanoTime() - begin) / 100_000_000;
        out.println("[" + (tenths < 100 ? " " : "") + tenths / 10 + "." + tenths % 10 + "s] " + text);
        out.flush();
    }
}
