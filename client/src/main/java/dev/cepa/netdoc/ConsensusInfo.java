package dev.cepa.netdoc;

import java.time.Instant;

/** What a consensus says beside its relays. Immutable, thread-safe. */
public interface ConsensusInfo {
    Instant validAfter();

    Instant freshUntil();

    Instant validUntil();

    /** A network parameter (param-spec), clamped to [min, max]; {@code fallback} if the consensus does not set it. */
    int param(String name, int fallback, int min, int max);

    /**
     * A bandwidth weight such as {@code Wgg} (dir-spec section 3.8.3), unscaled: 10000 stands for 1 unless
     * {@code bwweightscale} says otherwise.
     *
     * @return the weight, or -1 if the consensus has none of that name
     */
    int bandwidthWeight(String name);

    /** Protocols a client must have, as a protocol list; empty if none are named. */
    String requiredClientProtocols();

    /** Protocols a client should have. */
    String recommendedClientProtocols();
}
