package dev.cepa.benchmark.load;

import dev.cepa.error.Deadline;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * One stream through Tor to a {@link WebTarget}, for one download or upload after the other. Every byte of content goes
 * through SHA-256, and a transfer whose digest is wrong is an error like one that breaks off. For one thread at a time.
 */
public final class WebStream implements AutoCloseable {
    private static final int BUFFER = 16 * 1024;
    private static final int LONGEST_HEAD = 8192;
    private static final String LATE = "a transfer did not end in time";

    private final WebTarget target;
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final MessageDigest digest = sha256();
    private final byte[] buffer = new byte[BUFFER];
    private final long openedNanos;

    private WebStream(WebTarget target, Socket socket, long openedNanos) throws IOException {
        this.target = target;
        this.socket = socket;
        this.openedNanos = openedNanos;
        this.in = new BufferedInputStream(socket.getInputStream(), BUFFER);
        this.out = socket.getOutputStream();
    }

    /**
     * Opens a stream.
     *
     * @param user see {@link ProxyClient#connect}
     */
    public static WebStream open(ProxyClient proxy, WebTarget target, @Nullable String user, Deadline deadline)
            throws IOException {
        long begin = System.nanoTime();
        Socket socket = proxy.connect(target.host(), target.port(), user, deadline);
        try {
            return new WebStream(target, socket, begin);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** One download over a stream of its own; the time for opening the stream is in its times. */
    public static Transfer fetch(ProxyClient proxy, WebTarget target, @Nullable String user, long seed, long length,
            Deadline deadline) throws IOException {
        String wanted = target.digest(seed, length);
        try (WebStream stream = open(proxy, target, user, deadline)) {
            return stream.download(seed, length, wanted, stream.openedNanos, deadline);
        }
    }

    /**
     * Downloads the first {@code length} bytes of the content for a seed.
     *
     * @throws WrongContentException if they are not what the server has
     * @throws IOException           if the stream breaks, or the deadline passes
     */
    public Transfer download(long seed, long length, Deadline deadline) throws IOException {
        // What is to be expected is worked out before the clock runs.
        String wanted = target.digest(seed, length);
        return download(seed, length, wanted, System.nanoTime(), deadline);
    }

    private Transfer download(long seed, long length, String wanted, long begin, Deadline deadline) throws IOException {
        write("GET /bytes/" + length + "?seed=" + seed + " HTTP/1.1\r\nHost: benchmark\r\n\r\n");
        long announced = readHead(deadline);
        long firstByte = System.nanoTime();
        if (announced != length) {
            throw new WrongContentException("the server announces " + announced + " bytes, not the " + length + " asked for");
        }
        digest.reset();
        for (long left = length; left > 0;) {
            int count = read(buffer, (int) Math.min(left, buffer.length), deadline);
            digest.update(buffer, 0, count);
            target.countReceived(count);
            left -= count;
        }
        requireDigest(wanted, HexFormat.of().formatHex(digest.digest()));
        return new Transfer(length, begin, firstByte - begin, System.nanoTime() - begin);
    }

    /**
     * Uploads the first {@code length} bytes of the content for a seed; the server's answer is the digest of what it got.
     *
     * @throws WrongContentException if that is not what was sent
     * @throws IOException           as {@link #download}
     */
    public Transfer upload(long seed, long length, Deadline deadline) throws IOException {
        String wanted = target.digest(seed, length) + " " + length + "\n";
        long begin = System.nanoTime();
        send(seed, length, deadline);
        long announced = readHead(deadline);
        long firstByte = System.nanoTime();
        if (announced < 0 || announced > BUFFER) {
            throw new IOException("the server answers an upload with " + announced + " bytes");
        }
        byte[] answer = new byte[(int) announced];
        for (int at = 0; at < answer.length;) {
            int count = read(buffer, answer.length - at, deadline);
            System.arraycopy(buffer, 0, answer, at, count);
            at += count;
        }
        requireDigest(wanted, new String(answer, StandardCharsets.US_ASCII));
        return new Transfer(length, begin, firstByte - begin, System.nanoTime() - begin);
    }

    /** When the stream began to be opened, on {@link System#nanoTime}'s clock. */
    public long openedNanos() {
        return openedNanos;
    }

    /** Ends the stream; another thread that is at work on it gets an IOException. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed as far as anybody can tell.
        }
    }

    /** Sockets have no timeout for writing: they are closed when the time is up. */
    private void send(long seed, long length, Deadline deadline) throws IOException {
        Thread watchdog = Thread.ofVirtual().name("upload deadline").start(() -> {
            try {
                Thread.sleep(Duration.ofNanos(Math.max(0, deadline.nanosLeft())));
                close();
            } catch (InterruptedException e) {
                // All is sent.
            }
        });
        try {
            write("POST /upload HTTP/1.1\r\nHost: benchmark\r\nContent-Length: " + length + "\r\n\r\n");
            target.content(seed).writeTo(new Counted(), length);
        } catch (IOException e) {
            throw deadline.passed() ? new IOException(LATE, e) : e;
        } finally {
            watchdog.interrupt();
        }
    }

    private void write(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Reads an answer's head; the length it announces. */
    private long readHead(Deadline deadline) throws IOException {
        StringBuilder head = new StringBuilder(160);
        byte[] one = new byte[1];
        while (head.length() < 4 || head.charAt(head.length() - 1) != '\n' || head.charAt(head.length() - 3) != '\n') {
            read(one, 1, deadline);
            head.append((char) (one[0] & 0xff));
            if (head.length() > LONGEST_HEAD) {
                throw new IOException("the server's answer is no HTTP");
            }
        }
        if (head.indexOf("HTTP/1.1 200 ") != 0) {
            throw new IOException("the server answers: " + head.substring(0, head.indexOf("\r\n")));
        }
        String name = "\r\nContent-Length: ";
        int at = head.indexOf(name);
        if (at < 0) {
            throw new IOException("the server announces no length");
        }
        return Long.parseLong(head, at + name.length(), head.indexOf("\r\n", at + name.length()), 10);
    }

    private int read(byte[] into, int most, Deadline deadline) throws IOException {
        try {
            socket.setSoTimeout(Handshake.timeout(deadline));
            int count = in.read(into, 0, most);
            if (count < 0) {
                throw new EOFException("the stream ended before its content did");
            }
            return count;
        } catch (SocketTimeoutException e) {
            throw new IOException(LATE, e);
        }
    }

    private static void requireDigest(String wanted, String actual) throws WrongContentException {
        if (!wanted.equals(actual)) {
            throw new WrongContentException("wrong content: SHA-256 is not that of what was sent");
        }
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Counts what goes out. */
    private final class Counted extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            out.write(b);
            target.countSent(1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            // In pieces, so that the count keeps up with the socket.
            for (int at = offset; at < offset + length; at += BUFFER) {
                int count = Math.min(BUFFER, offset + length - at);
                out.write(bytes, at, count);
                target.countSent(count);
            }
        }
    }
}
