package dev.cepa.channel;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * What all links of one client share: their settings, and how many bytes may still pass. Costs one look at a flag for each read
 * and write while there is no bound. Thread-safe.
 */
final class LinkLimits {
    /** No turn is longer, so that links take turns. */
    private static final int PIECE = 16 * 1024;
    /** And none is shorter: each costs a TLS record. */
    private static final int LEAST_PIECE = 1024;
    /** How soon a link that waits sees that it was closed. */
    private static final long LOOK_NANOS = 50_000_000;

    private final RateLimit received = new RateLimit();
    private final RateLimit sent = new RateLimit();
    private volatile LinkSettings settings = LinkSettings.DEFAULT;

    /** Takes over other settings. */
    void set(LinkSettings changed) {
        LinkSettings before = settings;
        settings = changed;
        if (changed.rate() != before.rate() || changed.burst() != before.burst()) {
            long now = System.nanoTime();
            received.set(changed.rate(), changed.burst(), now);
            sent.set(changed.rate(), changed.burst(), now);
        }
    }

    LinkSettings settings() {
        return settings;
    }

    /**
     * Waits until something may be read over a link.
     *
     * @param isPrivate whether it is to an address of a local network
     * @return how many bytes may be read, at most {@code most}; 0 if the link is not open any more
     */
    int awaitRead(boolean isPrivate, int most, BooleanSupplier open) throws InterruptedException {
        return await(received, isPrivate, most, open);
    }

    /** The same for writing; what is allowed counts as written. */
    int awaitWrite(boolean isPrivate, int most, BooleanSupplier open) throws InterruptedException {
        int piece = await(sent, isPrivate, most, open);
        if (applies(sent, isPrivate)) {
            sent.take(piece, System.nanoTime());
        }
        return piece;
    }

    /** Whether writing over a link may have to wait. */
    boolean boundsWriting(boolean isPrivate) {
        return applies(sent, isPrivate);
    }

    /** So many bytes were read over a link. */
    void noteRead(boolean isPrivate, int bytes) {
        if (applies(received, isPrivate)) {
            received.take(bytes, System.nanoTime());
        }
    }

    private int await(RateLimit limit, boolean isPrivate, int most, BooleanSupplier open) throws InterruptedException {
        while (applies(limit, isPrivate)) {
            long now = System.nanoTime();
            long wait = limit.nanosLeft(now);
            if (wait <= 0) {
                return Math.min(most, Math.clamp(limit.available(now), LEAST_PIECE, PIECE));
            }
            if (!open.getAsBoolean()) {
                return 0;
            }
            TimeUnit.NANOSECONDS.sleep(Math.min(wait, LOOK_NANOS));
        }
        return most;
    }

    private boolean applies(RateLimit limit, boolean isPrivate) {
        return limit.isOn() && (!isPrivate || settings.countPrivate());
    }

    /** Whether an address is within a local network, or this computer. */
    static boolean isPrivate(InetAddress address) {
        return address.isLoopbackAddress() || address.isSiteLocalAddress() || address.isLinkLocalAddress()
                || address.isAnyLocalAddress()
                || address instanceof Inet6Address && (address.getAddress()[0] & 0xfe) == 0xfc;
    }
}
