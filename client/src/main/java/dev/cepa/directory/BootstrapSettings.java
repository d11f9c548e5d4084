package dev.cepa.directory;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a client without a consensus asks for its first (torrc's {@code ClientBootstrapConsensus*}). Immutable.
 *
 * @param fallbackDelay when a fallback directory is asked first
 * @param authorityDelay when an authority is asked beside them; null: after 6 seconds, or at once on a network for tests
 * @param authorityOnlyDelay when an authority is asked first if there are no fallback directories
 * @param parallel how many servers may be asked at the same time, at least 1
 */
public record BootstrapSettings(
        Duration fallbackDelay, @Nullable Duration authorityDelay, Duration authorityOnlyDelay, int parallel) {
    /** C tor's defaults. */
    public static final BootstrapSettings DEFAULT = new BootstrapSettings(Duration.ZERO, null, Duration.ZERO, 3);

    /** @throws IllegalArgumentException if a value is out of range */
    public BootstrapSettings {
        if (fallbackDelay.isNegative() || authorityOnlyDelay.isNegative()
                || authorityDelay != null && authorityDelay.isNegative()) {
            throw new IllegalArgumentException("a delay can't be negative");
        }
        if (parallel < 1) {
            throw new IllegalArgumentException("at least one server must be asked at a time");
        }
    }
}
