package dev.cepa.proxy;

import dev.cepa.cell.EndReason;
import dev.cepa.circuit.TorStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries the streams of an onion service's clients to servers of this computer. The thread that hands a stream in copies
 * from the client, a second one from the server. Thread-safe.
 *
 * <p>Tor has no half-closed streams: whichever side ends first ends both, once what it has sent has been passed on.
 */
public final class StreamForwarder {
    private static final Logger LOG = LoggerFactory.getLogger(StreamForwarder.class);
    private static final int CONNECT_MILLIS = 30_000;

    private static final Duration WARNING_INTERVAL = Duration.ofMinutes(5);

    private final List<SocketAddress> targets;
    private final CopyBuffers buffers = new CopyBuffers();
    /** By {@link System#nanoTime}; 0 if there was none. */
    private final AtomicLong lastWarning = new AtomicLong();

    /** @param targets where servers listen, by TCP or by a socket in the file system; each stream goes to one of them */
    public StreamForwarder(List<SocketAddress> targets) {
        if (targets.isEmpty()) {
            throw new IllegalArgumentException("nowhere to forward streams to");
        }
        this.targets = List.copyOf(targets);
    }

    /** A connection to a server. */
    private record Connection(InputStream in, OutputStream out, Closeable socket) implements Closeable {
        static Connection open(SocketAddress target) throws IOException {
            if (target instanceof UnixDomainSocketAddress) {
                SocketChannel channel = SocketChannel.open(target);
                return new Connection(Channels.newInputStream(channel), Channels.newOutputStream(channel), channel);
            }
            Socket socket = new Socket();
            try {
                socket.connect(target, CONNECT_MILLIS);
                socket.setTcpNoDelay(true);
                return new Connection(socket.getInputStream(), socket.getOutputStream(), socket);
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /**
     * What servers that understand HAProxy's protocol, version 1, are told before anything else: which client it is, in
     * the address of its side, and which port it asked for.
     *
     * @param client a number, of which 32 bits count
     */
    public static byte[] proxyHeader(long client, int port) {
        int low = (int) client & 0xffff;
        return ("PROXY TCP6 fc00:dead:beef:4dad::" + Integer.toHexString((int) client >>> 16) + ":"
                        + Integer.toHexString(low) + " ::1 " + low + " " + port + "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Connects to a server and copies until either side ends.
     *
     * @param header what the server is told before what the client sends; may be empty
     */
    public void forward(TorStream stream, byte[] header) {
        SocketAddress target = targets.get(ThreadLocalRandom.current().nextInt(targets.size()));
        Connection server;
        try {
            server = Connection.open(target);
        } catch (IOException e) {
            warn(target, e);
            stream.refuse(EndReason.CONNECTREFUSED);
            return;
        }
        try (server) {
            server.out.write(header);
            stream.accept();
            Thread down = Thread.ofVirtual().name("cepa-onion-server").start(() -> fromServer(server, stream));
            copy(stream.input(), server.out);
            // The client is gone; what the server still has to say reaches nobody.
            StreamListener.closeQuietly(server);
            join(down);
        } catch (IOException e) {
            LOG.debug("a stream to an onion service ended: {}", e.getMessage());
        } finally {
            stream.close();
        }
    }

    /** Now and then: clients could fill the log. */
    private void warn(SocketAddress target, IOException e) {
        long now = System.nanoTime();
        long last = lastWarning.get();
        if ((last == 0 || now - last > WARNING_INTERVAL.toNanos()) && lastWarning.compareAndSet(last, now)) {
            LOG.warn("An onion service's server does not answer at {}: {}", target, e.getMessage());
        }
    }

    private void fromServer(Connection server, TorStream stream) {
        copy(server.in, stream.output());
        // Ends the other direction's reading too.
        stream.close();
    }

    private void copy(InputStream from, OutputStream to) {
        try {
            new Pump(from, to, buffers).run();
        } catch (IOException e) {
            LOG.debug("a stream to an onion service broke: {}", e.getMessage());
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
