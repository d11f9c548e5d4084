package dev.cepa.testnet;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Puts a client program through its paces once, on a private network of its own: start, a few requests by SOCKS and by HTTP,
 * a download, an onion service of its own reached, metrics read, a rest, an orderly stop. This is what a JVM learns from when its ahead-of-time cache is made, so it says what it does and measures
 * nothing. Its arguments are the command to run, to which {@code -f FILE} is added.
 */
final class Rehearsal {
    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final int REQUESTS = 10;
    private static final long SMALL = 2_000;
    private static final long LARGE = 20_000_000;
    /** Long enough for what a program does when it has come to rest. */
    private static final long REST_MILLIS = 15_000;
    private static final long PAGE_MILLIS = 2_000;
    private static final String LOOPBACK = "127.0.0.1";
    private static final int READ_TIMEOUT_MILLIS = 15_000;
    private static final int BUFFER = 64 * 1024;

    private Rehearsal() {}

    /** Ends with status 1 if the program did not do its part. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("cepa-rehearsal-");
        try (WebServer web = WebServer.start();
                TestNetwork network = TestNetwork.builder().progress(System.out::println).start(TIMEOUT)) {
            Ports ports = new Ports(new Random());
            int port = ports.next();
            int httpPort = ports.next();
            int metricsPort = ports.next();
            Path service = folder.resolve("service");
            List<String> torrc = new ArrayList<>(network.clientTorrc());
            torrc.add("SocksPort 127.0.0.1:" + port);
            torrc.add("HTTPTunnelPort 127.0.0.1:" + httpPort);
            torrc.add("MetricsPort 127.0.0.1:" + metricsPort + " OpenTelemetry");
            torrc.add("HiddenServiceDir " + service);
            torrc.add("HiddenServicePort 80 127.0.0.1:" + web.port());
            torrc.add("DataDirectory " + folder.resolve("data"));
            torrc.add("Log notice stdout");
            Path file = Files.write(folder.resolve("torrc"), torrc);
            List<String> command = new ArrayList<>(List.of(args));
            command.add("-f");
            command.add(file.toString());
            Process program = new ProcessBuilder(command).inheritIO().start();
            try {
                use(program, port, web.port());
                readHttp(httpPort, "CONNECT 127.0.0.1:" + web.port()).close();
                useService(program, port, service);
                try (Socket page = readHttp(metricsPort, "GET /events")) {
                    for (String path : List.of("/", "/metrics", "/metrics/json", "/health")) {
                        readHttp(metricsPort, "GET " + path).close();
                    }
                    Node.pause(PAGE_MILLIS);
                }
                Node.pause(REST_MILLIS);
                System.out.println("rehearsed");
            } finally {
                program.destroy();
                // Making the cache is part of its end.
                if (!program.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                    program.destroyForcibly();
                }
            }
        } catch (IOException e) {
            System.out.println("failed: " + e.getMessage());
            System.exit(1);
        } finally {
            Launch.deleteFolder(folder);
        }
    }

    private static void use(Process program, int socksPort, int webPort) throws IOException {
        fetchAtLast(program, socksPort, () -> LOOPBACK, webPort);
        for (int i = 0; i < REQUESTS; i++) {
            fetch(socksPort, LOOPBACK, webPort, SMALL);
        }
        fetch(socksPort, LOOPBACK, webPort, LARGE);
    }

    /** Reaches the program's onion service through the program. */
    private static void useService(Process program, int socksPort, Path service) throws IOException {
        Host host = () -> Files.readString(service.resolve("hostname"), StandardCharsets.US_ASCII).strip();
        fetchAtLast(program, socksPort, host, 80);
        fetch(socksPort, host.name(), 80, SMALL);
    }

    /** A name that may not be known yet. */
    private interface Host {
        String name() throws IOException;
    }

    private static void fetchAtLast(Process program, int socksPort, Host host, int port) throws IOException {
        long end = System.nanoTime() + TIMEOUT.toNanos();
        while (true) {
            try {
                fetch(socksPort, host.name(), port, SMALL);
                return;
            } catch (IOException e) {
                if (!program.isAlive() || System.nanoTime() - end > 0) {
                    throw new IOException("the program fetched nothing: " + e.getMessage(), e);
                }
                Node.pause(100);
            }
        }
    }

    /** Makes a request of HTTP, and gives the connection when the answer begins. */
    private static Socket readHttp(int port, String request) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setSoTimeout(READ_TIMEOUT_MILLIS);
            socket.connect(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
            socket.getOutputStream().write((request + " HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            String status = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            if (!status.endsWith(" 200")) {
                throw new IOException(request + " was answered " + status);
            }
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static void fetch(int socksPort, String host, int port, long length) throws IOException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        Proxy proxy = new Proxy(Proxy.Type.SOCKS, new InetSocketAddress(loopback, socksPort));
        try (Socket socket = new Socket(proxy)) {
            socket.setSoTimeout(READ_TIMEOUT_MILLIS);
            socket.connect(InetSocketAddress.createUnresolved(host, port));
            String request = "GET /bytes/" + length + "?seed=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[BUFFER];
            long total = 0;
            while (total < length) { // the rest is as long as the header, and of no interest
                int n = in.read(buffer);
                if (n < 0) {
                    throw new IOException("only " + total + " of " + length + " bytes came");
                }
                total += n;
            }
        }
    }
}
