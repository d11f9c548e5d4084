package dev.cepa.directory;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which network a client belongs to, and how it keeps its directory. Immutable.
 *
 * @param authorities the directory authorities that are trusted; empty: those of the public network
 * @param fallbacks where to begin; empty: those of the public network, or the authorities if they are not the public ones
 * @param cacheDirectory where documents are kept; null: in memory only
 * @param testingNetwork whether it is a private network that votes every few seconds: waits are short then
 * @param tolerance how long before it is valid, and after, a consensus may still be used
 * @param authorityDelay how long bootstrapping asks fallbacks only, before it asks authorities too
 * @param maxParallelConsensusFetches how many servers may be asked for a consensus at the same time
 * @param maxParallelMicrodescFetches how many requests for microdescriptors may be under way at the same time
 * @param requestTimeout for one question and its answer, the circuit included
 * @param encodings how answers may be compressed
 * @param fallbackDelay how long bootstrapping waits before it asks the first fallback
 * @param authorityOnlyDelay how long it waits before it asks the first authority where there are no fallbacks
 */
public record DirectorySettings(
        List<DirectoryAuthority> authorities,
        List<FallbackDirectory> fallbacks,
        @Nullable Path cacheDirectory,
        boolean testingNetwork,
        Duration tolerance,
        Duration authorityDelay,
        int maxParallelConsensusFetches,
        int maxParallelMicrodescFetches,
        Duration requestTimeout,
        Encodings encodings,
        Duration fallbackDelay,
        Duration authorityOnlyDelay) {
    /** How answers may be compressed. */
    public enum Encodings {
        /** By deflate, which takes next to no memory, and little time. */
        LIGHT,
        /**
         * By LZMA and Zstandard too. That saves about one byte in twenty of a consensus, which is mostly random digests, and
         * takes up to 12 MB of heap and ten times the time to read it.
         */
        ALL
    }

    /** For the public network, in memory only. */
    public static final DirectorySettings DEFAULT = new DirectorySettings(
            List.of(), List.of(), null, false, Duration.ofHours(24), Duration.ofSeconds(6), 3, 6, Duration.ofSeconds(60),
            Encodings.LIGHT, Duration.ZERO, Duration.ZERO);

    public DirectorySettings {
        authorities = List.copyOf(authorities);
        fallbacks = List.copyOf(fallbacks);
        if (tolerance.isNegative() || authorityDelay.isNegative() || fallbackDelay.isNegative()
                || authorityOnlyDelay.isNegative()) {
            throw new IllegalArgumentException("tolerance and delays can't be negative");
        }
        if (maxParallelConsensusFetches < 1 || maxParallelMicrodescFetches < 1) {
            throw new IllegalArgumentException("at least one fetch must be allowed at a time");
        }
        if (!requestTimeout.isPositive()) {
            throw new IllegalArgumentException("requestTimeout must be positive");
        }
    }

    /** With documents kept there; null: in memory only. */
    public DirectorySettings withCacheDirectory(@Nullable Path directory) {
        return new DirectorySettings(
                authorities, fallbacks, directory, testingNetwork, tolerance, authorityDelay,
                maxParallelConsensusFetches, maxParallelMicrodescFetches, requestTimeout, encodings, fallbackDelay,
                authorityOnlyDelay);
    }

    /** For a network of other authorities. */
    public DirectorySettings withNetwork(List<DirectoryAuthority> authorities, List<FallbackDirectory> fallbacks) {
        return new DirectorySettings(
                authorities, fallbacks, cacheDirectory, testingNetwork, tolerance, authorityDelay,
                maxParallelConsensusFetches, maxParallelMicrodescFetches, requestTimeout, encodings, fallbackDelay,
                authorityOnlyDelay);
    }

    /** With the short waits of torrc's {@code TestingTorNetwork}. */
    public DirectorySettings forTestingNetwork() {
        return new DirectorySettings(
                authorities, fallbacks, cacheDirectory, true, tolerance, Duration.ZERO,
                maxParallelConsensusFetches, maxParallelMicrodescFetches, requestTimeout, encodings, fallbackDelay,
                authorityOnlyDelay);
    }

    /** With the first consensus asked for in that way. */
    public DirectorySettings withBootstrap(BootstrapSettings bootstrap) {
        Duration later = bootstrap.authorityDelay();
        return new DirectorySettings(
                authorities, fallbacks, cacheDirectory, testingNetwork, tolerance, later == null ? authorityDelay : later,
                bootstrap.parallel(), maxParallelMicrodescFetches, requestTimeout, encodings, bootstrap.fallbackDelay(),
                bootstrap.authorityOnlyDelay());
    }

    /** With answers compressed in these ways. */
    public DirectorySettings withEncodings(Encodings encodings) {
        return new DirectorySettings(
                authorities, fallbacks, cacheDirectory, testingNetwork, tolerance, authorityDelay,
                maxParallelConsensusFetches, maxParallelMicrodescFetches, requestTimeout, encodings, fallbackDelay,
                authorityOnlyDelay);
    }
}
