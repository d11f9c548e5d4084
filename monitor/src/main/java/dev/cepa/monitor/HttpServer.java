package dev.cepa.monitor;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP/1.1 server for reading alone: GET and HEAD, no bodies, few connections, each on a virtual thread. The JDK's own
 * costs 9 MB of resident memory, this one next to nothing. Thread-safe; owns its sockets.
 *
 * <p>It answers only those that the settings allow, and only under an address, {@code localhost} or a name of the
 * settings: a web page somewhere else can have its own name resolve to this address, but then its name is what the
 * browser sends as Host. Pages of other origins can read nothing.
 */
final class HttpServer implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
    private static final int MOST_CONNECTIONS = 64;
    private static final int BACKLOG = 32;
    private static final int HEAD_MILLIS = 15_000;
    private static final int IDLE_MILLIS = 90_000;
    private static final long ACCEPT_RETRY_MILLIS = 100;
    private static final long CLOSING_MILLIS = 500;

    /** What never changes in an answer: nothing from elsewhere, nothing to elsewhere. */
    private static final String SECURITY = "Content-Security-Policy: default-src 'none'; script-src 'self'; "
            + "style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
            + "frame-ancestors 'none'\r\n"
            + "X-Content-Type-Options: nosniff\r\n"
            + "X-Frame-Options: DENY\r\n"
            + "Referrer-Policy: no-referrer\r\n"
            + "Cross-Origin-Resource-Policy: same-origin\r\n"
            + "Cross-Origin-Opener-Policy: same-origin\r\n"
            + "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n"
            + "Cache-Control: no-store\r\n";

    /** Who answers requests. */
    interface Handler {
        /** Called on a thread of the connection; GET and HEAD alone. */
        void handle(HttpRequest request, Answer answer) throws IOException;
    }

    private final ServerSocket server;
    private final Handler handler;
    private final Thread acceptor;
    private volatile MonitorSettings settings;
    private volatile HostCheck hosts;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

    private HttpServer(ServerSocket server, MonitorSettings settings, Handler handler) {
        this.server = server;
        this.settings = settings;
        this.handler = handler;
        this.hosts = new HostCheck(settings.hostNames());
        acceptor = Thread.ofVirtual().name("monitor-accept").unstarted(this::acceptAll);
    }

    /**
     * Listens, and answers from now on.
     *
     * @throws TorException of kind CONFIG if the address can't be had
     */
    static HttpServer open(MonitorSettings settings, Handler handler) throws TorException {
        InetSocketAddress address = settings.address();
        ServerSocket server = null;
        try {
            server = new ServerSocket();
            server.setReuseAddress(true);
            server.bind(address, BACKLOG);
        } catch (IOException e) {
            closeQuietly(server);
            throw new TorException(
                    ErrorKind.CONFIG,
                    "Could not bind to " + address.getAddress().getHostAddress() + " port " + address.getPort()
                            + " for metrics: " + e.getMessage(),
                    e);
        }
        HttpServer made = new HttpServer(server, settings, handler);
        made.acceptor.start();
        return made;
    }

    InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    /** Answers others from now on; where it listens stays. Connections of whoever is not allowed any more are closed. */
    void setSettings(MonitorSettings next) {
        settings = next;
        hosts = new HostCheck(next.hostNames());
        for (Socket socket : connections) {
            if (!next.allowed().test(socket.getInetAddress())) {
                closeQuietly(socket);
            }
        }
    }

    private void acceptAll() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                if (!settings.allowed().test(socket.getInetAddress()) || connections.size() >= MOST_CONNECTIONS) {
                    closeQuietly(socket);
                    continue;
                }
                connections.add(socket);
                if (!settings.allowed().test(socket.getInetAddress()) || server.isClosed()) {
                    // That has changed in this moment.
                    connections.remove(socket);
                    closeQuietly(socket);
                    continue;
                }
                Thread.ofVirtual().name("monitor").start(() -> serve(socket));
            } catch (IOException e) {
                if (!server.isClosed()) {
                    LOG.debug("no connection to the metrics port could be accepted: {}", e.getMessage());
                    pause();
                }
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(ACCEPT_RETRY_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            BufferedInputStream in = new BufferedInputStream(socket.getInputStream(), 2048);
            boolean more = true;
            while (more && !server.isClosed()) {
                // A whole request must come in time; between two of them a connection may rest.
                socket.setSoTimeout(IDLE_MILLIS);
                in.mark(1);
                if (in.read() < 0) {
                    return;
                }
                in.reset();
                socket.setSoTimeout(HEAD_MILLIS);
                more = answerOne(in, socket.getOutputStream());
            }
        } catch (IOException e) {
            LOG.trace("a connection to the metrics port ended: {}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.warn("A request to the metrics port could not be answered", e);
        } finally {
            connections.remove(socket);
        }
    }

    private boolean answerOne(BufferedInputStream in, OutputStream out) throws IOException {
        HttpRequest request;
        try {
            request = HttpRequest.read(in);
        } catch (HttpRequest.BadRequest e) {
            new Answer(out, false, false).text(e.status(), String.valueOf(e.getMessage()));
            return false;
        }
        if (request == null) {
            return false;
        }
        Answer answer = new Answer(out, request.method().equals("HEAD"), request.keepsAlive());
        int refusal = hosts.refusal(request);
        if (refusal != 0) {
            answer.text(refusal, "Call this port by its address or as localhost, and from no other page.");
        } else if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            answer.text(405, "Everything here is for reading.");
        } else {
            handler.handle(request, answer);
        }
        return answer.keepsAlive;
    }

    /** One answer, written once. */
    static final class Answer {
        private final OutputStream out;
        private final boolean headOnly;
        private boolean keepsAlive;

        Answer(OutputStream out, boolean headOnly, boolean keepsAlive) {
            this.out = out;
            this.headOnly = headOnly;
            this.keepsAlive = keepsAlive;
        }

        void text(int status, String text) throws IOException {
            send(status, "text/plain; charset=utf-8", (text + "\n").getBytes(StandardCharsets.UTF_8));
        }

        void json(int status, String json) throws IOException {
            send(status, "application/json", (json + "\n").getBytes(StandardCharsets.UTF_8));
        }

        void send(int status, String type, byte[] body) throws IOException {
            send(status, type, body, body.length);
        }

        void send(int status, String type, byte[] body, int length) throws IOException {
            head(status, type, length);
            if (!headOnly) {
                out.write(body, 0, length);
            }
            out.flush();
        }

        /** For what has no end: the connection closes with it. */
        OutputStream stream(String type) throws IOException {
            keepsAlive = false;
            head(200, type, -1);
            out.flush();
            return out;
        }

        boolean isHeadOnly() {
            return headOnly;
        }

        private void head(int status, String type, long length) throws IOException {
            StringBuilder head = new StringBuilder(700)
                    .append("HTTP/1.1 ").append(status).append(' ').append(reason(status)).append("\r\nContent-Type: ")
                    .append(type).append("\r\n");
            if (length >= 0) {
                head.append("Content-Length: ").append(length).append("\r\n");
            }
            if (!keepsAlive) {
                head.append("Connection: close\r\n");
            }
            if (status == 405) {
                head.append("Allow: GET, HEAD\r\n");
            }
            head.append(SECURITY).append("\r\n");
            out.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
        }

        private static String reason(int status) {
            return switch (status) {
                case 200 -> "OK";
                case 400 -> "Bad Request";
                case 403 -> "Forbidden";
                case 404 -> "Not Found";
                case 405 -> "Method Not Allowed";
                case 413 -> "Content Too Large";
                case 421 -> "Misdirected Request";
                case 431 -> "Request Header Fields Too Large";
                case 503 -> "Service Unavailable";
                default -> "Error";
            };
        }
    }

    private static void closeQuietly(@org.jspecify.annotations.Nullable Closeable closeable) {
        try {
            if (closeable != null) {
                closeable.close();
            }
        } catch (IOException e) {
            LOG.trace("closing failed", e);
        }
    }

    @Override
    public void close() {
        closeQuietly(server);
        for (Socket socket : connections) {
            closeQuietly(socket);
        }
        try {
            // The port is free only once nobody waits for a connection to it.
            acceptor.join(CLOSING_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
