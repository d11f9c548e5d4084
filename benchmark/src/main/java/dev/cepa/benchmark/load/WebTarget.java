package dev.cepa.benchmark.load;

import dev.cepa.testnet.Content;
import dev.cepa.testnet.WebServer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Where streams lead: a {@link WebServer} as an exit sees it, and what it sends. Knows the digests, so that checking costs
 * one digest of what arrives. Thread-safe.
 */
public final class WebTarget {
    /** Different streams get different contents, so that bytes of another stream are wrong; a server keeps 16. */
    static final int SEEDS = 12;

    private final String host;
    private final int port;
    private final Map<Long, Content> contents = new ConcurrentHashMap<>();
    private final Map<Piece, String> digests = new ConcurrentHashMap<>();
    private final LongAdder received = new LongAdder();
    private final LongAdder sent = new LongAdder();

    private record Piece(long seed, long length) {}

    /** A server of this machine, for exits of this machine. */
    public static WebTarget of(WebServer web) {
        return new WebTarget("127.0.0.1", web.port());
    }

    /**
     * A server.
     *
     * @param host its name or IPv4 address, for the exits
     * @param port its port
     */
    public WebTarget(String host, int port) {
        this.host = host;
        this.port = port;
    }

    String host() {
        return host;
    }

    int port() {
        return port;
    }

    /** The content for a stream's number. */
    static long seed(int stream) {
        return 1L + stream % SEEDS;
    }

    Content content(long seed) {
        return contents.computeIfAbsent(seed, Content::new);
    }

    /** SHA-256 of the first bytes of a content, in lower-case hex. */
    String digest(long seed, long length) {
        Piece piece = new Piece(seed, length);
        String known = digests.get(piece);
        if (known == null) {
            known = content(seed).sha256(length);
            digests.put(piece, known);
        }
        return known;
    }

    /** Counts bytes of content that came in; checked or not yet. */
    void countReceived(long bytes) {
        received.add(bytes);
    }

    /** Bytes of content that have come in so far over all streams to this target. */
    public long received() {
        return received.sum();
    }

    void countSent(long bytes) {
        sent.add(bytes);
    }

    /** Bytes of content that have been handed to sockets so far. */
    public long sent() {
        return sent.sum();
    }
}
