package dev.cepa.daemon.control;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A controller for tests: sends commands, sorts what comes into replies and events. */
public final class Controller implements Closeable {
    private static final String END = "(the connection has ended)";

    private final SocketChannel channel;
    private final InputStream in;
    private final BlockingQueue<List<String>> replies = new LinkedBlockingQueue<>();
    private final BlockingQueue<List<String>> events = new LinkedBlockingQueue<>();

    private Controller(SocketChannel channel) throws IOException {
        this.channel = channel;
        in = Channels.newInputStream(channel);
        Thread.ofVirtual().start(this::readAll);
    }

    /** Connects, without a word. */
    public static Controller connect(SocketAddress address) throws IOException {
        return new Controller(SocketChannel.open(address));
    }

    /** Connects to a port of this computer. */
    public static Controller connect(int port) throws IOException {
        return connect(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
    }

    /** Connects where no authentication is wanted, and authenticates. */
    public static Controller in(int port) throws Exception {
        Controller controller = connect(port);
        controller.ok("AUTHENTICATE");
        return controller;
    }

    /** Sends a line, or several with line feeds between them. */
    public void send(String lines) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((lines.replace("\n", "\r\n") + "\r\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Sends a command; returns the reply's lines with their codes, data lines bare. */
    public List<String> ask(String command) throws Exception {
        send(command);
        return reply();
    }

    /** The next reply. */
    public List<String> reply() throws Exception {
        List<String> reply = replies.poll(60, TimeUnit.SECONDS);
        if (reply == null) {
            throw new AssertionError("no reply in time");
        }
        return reply;
    }

    /** Sends a command that is to succeed; returns the reply's lines. */
    public List<String> ok(String command) throws Exception {
        List<String> reply = ask(command);
        if (!reply.getLast().startsWith("250 ")) {
            throw new AssertionError(command + ": " + reply);
        }
        return reply;
    }

    /** What GETINFO says of one key, lines joined with line feeds. */
    public String info(String key) throws Exception {
        List<String> reply = ok("GETINFO " + key);
        String first = reply.getFirst();
        if (!first.substring(4).startsWith(key + "=")) {
            throw new AssertionError(key + ": " + reply);
        }
        if (first.charAt(3) != '+') {
            return first.substring(4 + key.length() + 1);
        }
        return String.join("\n", reply.subList(1, reply.size() - 2));
    }

    /** The next event whose first line has that text, lines joined with line feeds; others before it are dropped. */
    public String event(String text) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            List<String> event = events.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (event == null) {
                throw new AssertionError("no event \"" + text + "\" in time");
            }
            if (event.getFirst().contains(text)) {
                return String.join("\n", event);
            }
            if (event.getFirst().equals(END)) {
                throw new AssertionError("the connection ended before the event \"" + text + "\"");
            }
        }
    }

    /** All events that have come and have not been asked for. */
    public List<String> eventsSoFar() {
        List<List<String>> all = new ArrayList<>();
        events.drainTo(all);
        return all.stream().map(event -> String.join("\n", event)).toList();
    }

    /** Waits for the other side to close it. */
    public void awaitEnd() throws Exception {
        while (!reply().getFirst().equals(END)) {
            // what was said before
        }
    }

    private void readAll() {
        try {
            while (true) {
                List<String> lines = new ArrayList<>();
                String line = line();
                lines.add(line);
                while (line.length() > 3 && line.charAt(3) != ' ') {
                    if (line.charAt(3) == '+') {
                        for (String data = line(); ; data = line()) {
                            lines.add(data.startsWith("..") ? data.substring(1) : data);
                            if (data.equals(".")) {
                                break;
                            }
                        }
                    }
                    line = line();
                    lines.add(line);
                }
                (line.startsWith("650") ? events : replies).add(lines);
            }
        } catch (IOException e) {
            replies.add(List.of(END));
            events.add(List.of(END));
        }
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException();
            }
            line.append((char) c);
        }
        if (line.isEmpty() || line.charAt(line.length() - 1) != '\r') {
            throw new AssertionError("a line that does not end in CRLF: " + line);
        }
        line.setLength(line.length() - 1);
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
