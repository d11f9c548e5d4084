package dev.cepa.channel;

import java.time.Duration;

/**
 * What a user may say of the links to relays, whoever the relays are and whatever goes over them. Immutable.
 *
 * @param keepalive after how long without anything sent a link is sent something, positive ({@code KeepalivePeriod})
 * @param rate how many bytes a second may pass on average in each direction; 0: any number ({@code BandwidthRate})
 * @param burst how many bytes may pass at once beyond that ({@code BandwidthBurst})
 * @param countPrivate whether links to addresses of a local network count too ({@code CountPrivateBandwidth})
 * @param socketBuffer how many bytes of buffers to ask the system for, in each direction; 0: as the system does it
 *     ({@code ConstrainedSockets}); for links that are opened from then on
 */
public record LinkSettings(Duration keepalive, long rate, long burst, boolean countPrivate, int socketBuffer) {
    /** C tor's defaults: 5 minutes, and no bound. */
    public static final LinkSettings DEFAULT = new LinkSettings(Duration.ofMinutes(5), 0, 0, false, 0);

    /** @throws IllegalArgumentException if a value is out of range */
    public LinkSettings {
        if (!keepalive.isPositive()) {
            throw new IllegalArgumentException("KeepalivePeriod option must be positive.");
        }
        if (rate < 0 || burst < rate || socketBuffer < 0) {
            throw new IllegalArgumentException("BandwidthBurst must be at least equal to BandwidthRate.");
        }
    }
}
