package dev.cepa.netdoc;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a consensus says beside its relays (dir-spec section 3.4.1). Immutable, thread-safe. */
public final class ConsensusInfo {
    private final Header header;
    private final Map<String, Integer> params;
    private final Map<String, Integer> weights;

    /** The fields of the preamble, filled by the parser and not touched after. Times are seconds since the epoch. */
    static final class Header {
        int method = 1;
        long validAfter = -1;
        long freshUntil = -1;
        long validUntil = -1;
        int voteSeconds = -1;
        int distSeconds;
        byte @Nullable [] previousSharedRandom;
        byte @Nullable [] currentSharedRandom;

        @Nullable String recommendedClientProtocols;

        @Nullable String requiredClientProtocols;
    }

    ConsensusInfo(Header header, Map<String, Integer> params, Map<String, Integer> weights) {
        this.header = header;
        this.params = params;
        this.weights = weights;
    }

    /** The consensus method that the authorities used. */
    public int method() {
        return header.method;
    }

    public Instant validAfter() {
        return Instant.ofEpochSecond(header.validAfter);
    }

    public Instant freshUntil() {
        return Instant.ofEpochSecond(header.freshUntil);
    }

    public Instant validUntil() {
        return Instant.ofEpochSecond(header.validUntil);
    }

    /**
     * Seconds that the authorities allow for collecting signatures, so how early before valid-after one may be seen.
     */
    public int distributionSeconds() {
        return header.distSeconds;
    }

    /** A network parameter (param-spec), clamped to [min, max]; {@code fallback} if the consensus does not set it. */
    public int param(String name, int fallback, int min, int max) {
        Integer value = params.get(name);
        return value == null ? fallback : Math.clamp(value, min, max);
    }

    /**
     * A bandwidth weight such as {@code Wgg} (dir-spec section 3.8.3), unscaled: 10000 stands for 1 unless
     * {@code bwweightscale} says otherwise.
     *
     * @return the weight, or -1 if the consensus has none of that name
     */
    public int bandwidthWeight(String name) {
        Integer weight = weights.get(name);
        return weight == null ? -1 : weight;
    }

    /** Protocols a client must have, as a protocol list; empty if none are named. */
    public String requiredClientProtocols() {
        return header.requiredClientProtocols == null ? "" : header.requiredClientProtocols;
    }

    /** Protocols a client should have. */
    public String recommendedClientProtocols() {
        return header.recommendedClientProtocols == null ? "" : header.recommendedClientProtocols;
    }

    /** The shared random value of the day (srv-spec), 32 bytes, copied; null if the authorities agreed on none. */
    public byte @Nullable [] currentSharedRandom() {
        return header.currentSharedRandom == null ? null : header.currentSharedRandom.clone();
    }

    /** The shared random value of the day before, 32 bytes, copied; null if there was none. */
    public byte @Nullable [] previousSharedRandom() {
        return header.previousSharedRandom == null ? null : header.previousSharedRandom.clone();
    }
}
