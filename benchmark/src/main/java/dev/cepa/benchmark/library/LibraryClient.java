package dev.cepa.benchmark.library;

import dev.cepa.TorClient;
import dev.cepa.TorConfig;
import dev.cepa.TorSocket;
import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.pool.PoolSettings;
import java.io.IOException;
import java.net.Socket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;

/** A client of the library on the network under test, ready to be used, and what can be observed of it. Thread-safe. */
final class LibraryClient implements AutoCloseable {
    private static final Duration BOOTSTRAP = Duration.ofSeconds(90);
    private static final Duration STREAM = Duration.ofSeconds(60);
    private static final int PROBE = 32;

    private final BenchmarkContext context;
    private final CircuitWatch watch;
    private final TorClient tor;

    private LibraryClient(BenchmarkContext context, CircuitWatch watch, TorClient tor) {
        this.context = context;
        this.watch = watch;
        this.tor = tor;
    }

    /** A client that builds no circuit before one is needed. */
    static LibraryClient onDemand(BenchmarkContext context) throws TorException {
        return start(context, PoolSettings.DEFAULT.withPrediction(false));
    }

    /** A client with the pool as it is by default, and a SOCKS port. */
    static LibraryClient pooled(BenchmarkContext context) throws TorException {
        return start(context, PoolSettings.DEFAULT);
    }

    private static LibraryClient start(BenchmarkContext context, PoolSettings pool) throws TorException {
        TorConfig config = context.network().clientConfig().pool(pool).socksPort(0).build();
        CircuitWatch watch = new CircuitWatch();
        context.progress(0, 1, "bootstrapping");
        TorClient tor = TorClient.start(config, watch);
        try {
            tor.awaitReady(left(context.deadline().atMost(BOOTSTRAP)));
            return new LibraryClient(context, watch, tor);
        } catch (TorException | RuntimeException e) {
            tor.close();
            throw e;
        }
    }

    CircuitWatch watch() {
        return watch;
    }

    int socksPort() {
        return tor.socksAddresses().getFirst().getPort();
    }

    /** From now on streams use circuits that carried none before. */
    void newCircuits() {
        tor.newIdentity();
    }

    /** A stream to a port of the benchmark's own server. */
    TorSocket open(int port) throws IOException {
        Deadline deadline = context.deadline().atMost(STREAM);
        TorSocket socket = tor.open(context.host(), port, left(deadline));
        socket.setSoTimeout(Math.max(1, deadline.millisLeft()));
        return socket;
    }

    /** Sends a few random bytes to the echo port and wants the same back. */
    static void probe(Socket socket) throws IOException {
        byte[] sent = new byte[PROBE];
        new SecureRandom().nextBytes(sent);
        socket.getOutputStream().write(sent);
        socket.getOutputStream().flush();
        if (!Arrays.equals(sent, socket.getInputStream().readNBytes(PROBE))) {
            throw new IOException("wrong content: the echo is not what was sent");
        }
    }

    private static Duration left(Deadline deadline) {
        return Duration.ofNanos(Math.max(1, deadline.nanosLeft()));
    }

    @Override
    public void close() {
        tor.close();
    }
}
