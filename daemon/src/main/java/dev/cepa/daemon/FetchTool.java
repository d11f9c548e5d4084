package dev.cepa.daemon;

import dev.cepa.TorClient;
import dev.cepa.TorConfig;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.http.TorHttpClientBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * {@code cepa fetch URL [--socks host:port | -f torrc]}: prints what is at a URL, through a client of its own or through a
 * SOCKS port.
 */
public final class FetchTool implements ToolProvider {
    private static final String USAGE = "usage: cepa fetch URL [--socks address:port | -f torrc]";
    private static final Duration CONNECT_TIMEOUT = Duration.ofMinutes(2);

    @Override
    public String name() {
        return "fetch";
    }

    /** Unused by {@code cepa}; prints bytes as ISO 8859-1. */
    @Override
    public int run(PrintWriter out, PrintWriter err, String... args) {
        err.println("cepa fetch prints bytes: it needs streams, not writers.");
        return 1;
    }

    @Override
    public int run(PrintStream out, PrintStream err, String... args) {
        String url = null;
        String socks = null;
        String torrc = null;
        for (int i = 0; i < args.length; i++) {
            if ((args[i].equals("--socks") || args[i].equals("-f")) && i + 1 < args.length) {
                if (args[i].equals("-f")) {
                    torrc = args[++i];
                } else {
                    socks = args[++i];
                }
            } else if (url == null && !args[i].startsWith("-")) {
                url = args[i];
            } else {
                url = null;
                break;
            }
        }
        if (url == null) {
            err.println(USAGE);
            return 2;
        }
        try {
            URI uri = URI.create(url.contains("://") ? url : "http://" + url);
            if (socks != null) {
                return fetch(overSocks(socks), uri, out, err);
            }
            try (TorClient tor = TorClient.connect(config(torrc))) {
                return fetch(tor.httpClientBuilder(), uri, out, err);
            }
        } catch (TorException e) {
            err.println("cepa fetch: " + e.getMessage() + ". " + e.remedy());
        } catch (IOException | IllegalArgumentException e) {
            err.println("cepa fetch: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            err.println("cepa fetch: interrupted");
        }
        return 1;
    }

    private static TorConfig config(@Nullable String torrc) throws TorException {
        List<String> args = new ArrayList<>(List.of("--SocksPort", "0"));
        if (torrc != null) {
            args.addAll(List.of("-f", torrc));
        }
        Configuration configuration = Configuration.read(CommandLine.parse(args.toArray(String[]::new)), "");
        LogOutput output = TorLogProvider.output();
        output.configure(List.of(new LogTarget(Severity.range(Severity.WARN, Severity.ERR), LogTarget.Kind.STDERR, null)));
        return new ConfigMapper(configuration.settings(), new ArrayList<>()).client();
    }

    private static HttpClient.Builder overSocks(String address) throws TorException {
        int colon = address.lastIndexOf(':');
        int port;
        try {
            port = Integer.parseInt(address.substring(colon + 1));
        } catch (NumberFormatException e) {
            port = -1;
        }
        if (port < 1 || port > 65_535) {
            throw new TorException(ErrorKind.CONFIG, "\"" + address + "\" is not an address and port");
        }
        InetSocketAddress proxy = new InetSocketAddress(colon < 0 ? "127.0.0.1" : address.substring(0, colon), port);
        return new TorHttpClientBuilder((host, hostPort, deadline) -> {
            Socket socket = new Socket(new Proxy(Proxy.Type.SOCKS, proxy));
            try {
                socket.connect(InetSocketAddress.createUnresolved(host, hostPort), Math.max(1, deadline.millisLeft()));
                return socket;
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        });
    }

    private static int fetch(HttpClient.Builder builder, URI uri, PrintStream out, PrintStream err)
            throws IOException, InterruptedException {
        try (HttpClient http = builder.connectTimeout(CONNECT_TIMEOUT)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build()) {
            HttpResponse<InputStream> response =
                    http.send(HttpRequest.newBuilder(uri).GET().build(), HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                body.transferTo(out);
                out.flush();
            }
            if (response.statusCode() >= 400) {
                err.println("cepa fetch: the server answers " + response.statusCode());
                return 1;
            }
            return 0;
        }
    }
}
