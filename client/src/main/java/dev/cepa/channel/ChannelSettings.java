package dev.cepa.channel;

import java.time.Duration;

/**
 * How channels are made and kept.
 *
 * @param connectTimeout for TCP, TLS and the link handshake together, for each address
 * @param idleTimeout how long a channel without circuits is kept
 * @param maxConcurrentConnects how many connection attempts may be under way at once
 */
public record ChannelSettings(Duration connectTimeout, Duration idleTimeout, int maxConcurrentConnects) {
    /** 15 s, 3 minutes, 16. */
    public static final ChannelSettings DEFAULT =
            new ChannelSettings(Duration.ofSeconds(15), Duration.ofMinutes(3), 16);
}
