package dev.cepa.directory;

import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.HopTarget;
import dev.cepa.directory.Decompression.Encoding;
import dev.cepa.error.Deadline;
import dev.cepa.path.GuardAttempt;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A directory server on a port of this machine, without any relay: what a script says, compressed as C tor does it, which
 * takes what it likes best of what the client accepts. {@link Link} is the way to it.
 */
final class HttpDirectory implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final ScriptedLink.Script script;
    /** What answers were compressed with. */
    final List<Encoding> answered = new CopyOnWriteArrayList<>();

    HttpDirectory(ScriptedLink.Script script) throws IOException {
        this.script = script;
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
                // Closed.
            }
        }
    }

    private void serve(Socket socket) {
        try (socket;
                BufferedReader in = new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
            String path = in.readLine().split(" ")[1];
            String accepted = "";
            byte[] diffFrom = null;
            for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
                String value = line.substring(line.indexOf(':') + 1).strip();
                switch (line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT)) {
                    case "accept-encoding" -> accepted = value;
                    case "x-or-diff-from-consensus" -> diffFrom = HexFormat.of().parseHex(value);
                    default -> {}
                }
            }
            byte[] plain = script.answer(null, new DirectoryRequest(path, 0, false, null, diffFrom, null));
            boolean precompressed = path.startsWith("/tor/status-vote/");
            Encoding encoding = precompressed && accepted.contains("x-tor-lzma")
                    ? Encoding.LZMA
                    : accepted.contains("x-zstd") ? Encoding.ZSTD : Encoding.DEFLATE;
            answered.add(encoding);
            byte[] body = DecompressionTest.compress(encoding, plain);
            String name = switch (encoding) {
                case LZMA -> "x-tor-lzma";
                case ZSTD -> "x-zstd";
                default -> "deflate";
            };
            OutputStream out = socket.getOutputStream();
            out.write(("HTTP/1.0 200 OK\r\nContent-Encoding: " + name + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            out.write(body);
        } catch (IOException | InterruptedException e) {
            // The client has gone, and will say why.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }

    /** Asks that server, whichever was meant. */
    static final class Link implements DirectoryLink {
        private final int port;
        private final DirectoryClient client;

        Link(int port, DirectorySettings.Encodings encodings) {
            this.port = port;
            this.client = new DirectoryClient(encodings);
        }

        @Override
        public ChannelTarget identify(ChannelTarget relay, Deadline deadline) {
            return relay;
        }

        @Override
        public DirectoryAnswer ask(
                HopTarget target, @Nullable GuardAttempt attempt, DirectoryRequest request, Deadline deadline)
                throws IOException {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
            if (attempt != null) {
                attempt.succeeded();
            }
            return client.ask(socket.getInputStream(), socket.getOutputStream(), request);
        }

        @Override
        public void closeIdle() {}

        @Override
        public void close() {}
    }
}
