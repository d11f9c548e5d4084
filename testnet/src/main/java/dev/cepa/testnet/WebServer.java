package dev.cepa.testnet;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * What exits connect to in tests, demo and benchmark: a web server and a few raw TCP services on loopback ports.
 *
 * <pre>
 * GET  /bytes/N?seed=S          N pseudo-random bytes, see {@link Content}; /sha256/N?seed=S is their digest in hex
 * GET  /slow/N?millis=M         N bytes, one every M milliseconds (100 unless given)
 * GET  /chunked/N?seed=S        as /bytes, in chunks of unannounced total length
 * GET  /late?millis=M           answers after M milliseconds (1000 unless given)
 * GET  /close                   closes the connection without an answer
 * GET  /short/N                 announces N bytes, sends half of them and closes
 * GET  /status/C                answers with status C
 * POST /echo                    sends the body back; /upload answers its SHA-256 in hex, a space, its length
 * </pre>
 *
 * <p>Owns its listeners; safe for use by several threads.
 */
public final class WebServer implements AutoCloseable {
    private static final int BUFFER = 65_536;
    private static final String BINARY = "application/octet-stream";
    private static final String TEXT = "text/plain; charset=utf-8";

    private final TcpService web;
    private final TcpService echo;
    private final TcpService closing;
    private final TcpService silent;

    private WebServer() throws IOException {
        web = new TcpService("web server", this::serve);
        echo = new TcpService("echo server", WebServer::echo);
        closing = new TcpService("closing server", socket -> {});
        silent = new TcpService("silent server", socket -> socket.getInputStream().transferTo(OutputStream.nullOutputStream()));
    }

    /** Starts all services, each on a port that the system chooses. */
    public static WebServer start() throws IOException {
        return new WebServer();
    }

    /** The port of the web server. */
    public int port() {
        return web.port();
    }

    /** A TCP port that sends back all it gets, and closes when the sender has. */
    public int echoPort() {
        return echo.port();
    }

    /** A TCP port that closes every connection at once. */
    public int closingPort() {
        return closing.port();
    }

    /** A TCP port that takes everything and never answers. */
    public int silentPort() {
        return silent.port();
    }

    /** How many connections the web server has accepted. */
    public int connections() {
        return web.accepted();
    }

    /** What {@code /bytes} sends for a seed. */
    public Content content(long seed) {
        return new Content(seed);
    }

    @Override
    public void close() {
        web.close();
        echo.close();
        closing.close();
        silent.close();
    }

    private static void echo(Socket socket) throws IOException {
        OutputStream out = socket.getOutputStream();
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[BUFFER];
        int count;
        while ((count = in.read(buffer)) >= 0) {
            out.write(buffer, 0, count);
        }
    }

    private void serve(Socket socket) throws IOException {
        InputStream in = new BufferedInputStream(socket.getInputStream(), BUFFER);
        OutputStream out = new BufferedOutputStream(socket.getOutputStream(), BUFFER);
        HttpMessage request;
        while ((request = HttpMessage.read(in, out)) != null) {
            boolean keepAlive;
            try {
                keepAlive = answer(request, out);
            } catch (NumberFormatException e) {
                text(out, 400, "not a number\n");
                keepAlive = false;
            }
            request.body().transferTo(OutputStream.nullOutputStream());
            out.flush();
            if (!keepAlive || "close".equalsIgnoreCase(request.header("connection"))) {
                return;
            }
        }
    }

    /** Answers one request; false if the connection is to be closed. */
    private boolean answer(HttpMessage request, OutputStream out) throws IOException {
        String path = request.path();
        int slash = path.indexOf('/', 1);
        String first = slash < 0 ? path : path.substring(0, slash);
        String rest = slash < 0 ? "" : path.substring(slash + 1);
        boolean post = request.method().equals("POST") || request.method().equals("PUT");
        switch (first) {
            case "/" -> text(out, 200, "This page came from a test network.\n");
            case "/bytes" -> {
                long length = Long.parseLong(rest);
                head(out, 200, BINARY, length);
                if (!request.method().equals("HEAD")) {
                    content(request.parameter("seed", 1)).writeTo(out, length);
                }
            }
            case "/sha256" -> text(out, 200, content(request.parameter("seed", 1)).sha256(Long.parseLong(rest)) + "\n");
            case "/chunked" -> chunked(out, content(request.parameter("seed", 1)), Long.parseLong(rest));
            case "/slow" -> slow(out, content(1), Long.parseLong(rest), request.parameter("millis", 100));
            case "/late" -> {
                Node.pause(request.parameter("millis", 1000));
                text(out, 200, "better late than never\n");
            }
            case "/close" -> {
                return false;
            }
            case "/short" -> {
                long length = Long.parseLong(rest);
                head(out, 200, BINARY, length);
                content(1).writeTo(out, length / 2);
                return false;
            }
            case "/status" -> text(out, Integer.parseInt(rest), "as you wish\n");
            case "/echo" -> echo(request, out);
            case "/upload" -> text(out, post ? 200 : 405, upload(request.body()));
            default -> text(out, 404, "no such page\n");
        }
        return true;
    }

    private static void slow(OutputStream out, Content content, long length, long millis) throws IOException {
        head(out, 200, BINARY, length);
        for (long i = 0; i < length; i++) {
            out.write(content.at(i));
            out.flush();
            Node.pause(millis);
        }
    }

    private static void chunked(OutputStream out, Content content, long length) throws IOException {
        head(out, 200, BINARY, -1);
        byte[] chunk = new byte[8192];
        for (long at = 0; at < length;) {
            int count = (int) Math.min(chunk.length, length - at);
            for (int i = 0; i < count; i++) {
                chunk[i] = content.at(at + i);
            }
            writeChunk(out, chunk, count);
            at += count;
        }
        ascii(out, "0\r\n\r\n");
    }

    /** The body goes back while it comes in: with its length if that is known, else in chunks. */
    private static void echo(HttpMessage request, OutputStream out) throws IOException {
        String announced = request.header("content-length");
        head(out, 200, BINARY, announced == null ? -1 : Long.parseLong(announced));
        byte[] buffer = new byte[BUFFER];
        int count;
        while ((count = request.body().read(buffer)) >= 0) {
            if (announced == null) {
                writeChunk(out, buffer, count);
            } else {
                out.write(buffer, 0, count);
            }
            out.flush();
        }
        if (announced == null) {
            ascii(out, "0\r\n\r\n");
        }
    }

    private static String upload(InputStream body) throws IOException {
        MessageDigest digest = Content.sha256();
        byte[] buffer = new byte[BUFFER];
        long total = 0;
        int count;
        while ((count = body.read(buffer)) >= 0) {
            digest.update(buffer, 0, count);
            total += count;
        }
        return HexFormat.of().formatHex(digest.digest()) + " " + total + "\n";
    }

    private static void text(OutputStream out, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        head(out, status, TEXT, bytes.length);
        out.write(bytes);
    }

    private static void head(OutputStream out, int status, String type, long length) throws IOException {
        ascii(out, "HTTP/1.1 " + status + (status == 200 ? " OK" : " Answer") + "\r\nContent-Type: " + type + "\r\n"
                + (length < 0 ? "Transfer-Encoding: chunked" : "Content-Length: " + length) + "\r\n\r\n");
    }

    private static void writeChunk(OutputStream out, byte[] bytes, int count) throws IOException {
        ascii(out, Integer.toHexString(count) + "\r\n");
        out.write(bytes, 0, count);
        ascii(out, "\r\n");
    }

    private static void ascii(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.US_ASCII));
    }
}
