package dev.cepa.channel;

import java.time.Duration;

/**
 * How channels are made and kept.
 *
 * @param connectTimeout for TCP, TLS and the link handshake together, for each address
 * @param halfCellTimeout how long the rest of a cell may take to come once its beginning has
 * @param idleTimeout how long a channel without circuits is kept
 * @param maxConcurrentConnects how many connection attempts may be under way at once
 */
public record ChannelSettings(
        Duration connectTimeout, Duration halfCellTimeout, Duration idleTimeout, int maxConcurrentConnects) {
    /** 15 s, a minute, 3 minutes, 16. */
    public static final ChannelSettings DEFAULT =
            new ChannelSettings(Duration.ofSeconds(15), Duration.ofMinutes(3), 16);

    /** With four times the time to connect for half a cell. */
    public ChannelSettings(Duration connectTimeout, Duration idleTimeout, int maxConcurrentConnects) {
        this(connectTimeout, connectTimeout.multipliedBy(4), idleTimeout, maxConcurrentConnects);
    }
}
