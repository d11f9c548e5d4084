package dev.cepa.proxy;

import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says in the log, not too often, whether programs let Tor resolve names. Thread-safe. */
final class SafeSocksWarning {
    private static final Logger LOG = LoggerFactory.getLogger(SafeSocksWarning.class);
    private static final long INTERVAL_NANOS = 5_000_000_000L;

    private final AtomicLong next = new AtomicLong(System.nanoTime());

    /** Looks at one request; {@code always} also praises and does not hold back. */
    void check(SocksRequest request, boolean always) {
        if (request.byAddress() && request.command() != SocksRequest.Command.RESOLVE_PTR) {
            long now = System.nanoTime();
            long due = next.get();
            if (always || now - due >= 0 && next.compareAndSet(due, now + INTERVAL_NANOS)) {
                LOG.warn(SocksHandshake.unsafe(request.version(), request.port()));
            }
        } else if (always) {
            LOG.info(
                    "Your application (using socks{} to port {}) instructed Tor to take care of the DNS resolution "
                            + "itself if necessary. This is good.",
                    request.version(),
                    request.port());
        }
    }
}
