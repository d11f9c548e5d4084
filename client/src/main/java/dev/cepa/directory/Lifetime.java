package dev.cepa.directory;

import dev.cepa.netdoc.ConsensusInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;

/**
 * The times of a consensus, and what they mean for a client: when it may be used, and when the next one is fetched (dir-spec
 * section 5.1). Decisions only. Immutable.
 */
record Lifetime(Instant validAfter, Instant freshUntil, Instant validUntil) {
    private static final Duration NOT_BEFORE = Duration.ofMinutes(3);
    private static final Duration SLACK = Duration.ofMinutes(1);

    static Lifetime of(ConsensusInfo consensus) {
        return new Lifetime(consensus.validAfter(), consensus.freshUntil(), consensus.validUntil());
    }

    /**
     * When to fetch the next consensus: once the caches have had three quarters of an interval to get it themselves, and well
     * before this one is invalid; at random in between, so that clients spread. One that is not valid at {@code now} is
     * replaced at once.
     */
    Instant nextFetch(Instant now, RandomGenerator random) {
        if (now.isBefore(validAfter) || now.isAfter(validUntil)) {
            return now;
        }
        long start = freshUntil.getEpochSecond() + interval().toSeconds() * 3 / 4;
        long spread = Math.max(1, (validUntil.getEpochSecond() - start) * 7 / 8);
        if (start + spread >= validUntil.getEpochSecond()) {
            start = validUntil.getEpochSecond() - spread - 1;
        }
        return Instant.ofEpochSecond(start + random.nextLong(spread));
    }

    /** Whether it may be used to build circuits: it is valid, or nearly so. */
    boolean isReasonablyLive(Instant now, Duration tolerance) {
        return !now.isBefore(validAfter.minus(tolerance)) && !now.isAfter(validUntil.plus(tolerance));
    }

    /**
     * By how much the local clock is slow if the consensus is right; zero if there is nothing to say. No consensus can be
     * signed by enough authorities before its signatures are exchanged, so one from the future shows a wrong clock.
     *
     * @param distribution what the authorities allow for exchanging signatures
     */
    Duration clockBehind(Instant now, Duration distribution) {
        return now.isBefore(validAfter.minus(distribution).minus(SLACK)) ? Duration.between(now, validAfter) : Duration.ZERO;
    }

    /** The time for an If-Modified-Since header when we have this consensus. */
    Instant ifModifiedSince() {
        Duration half = interval().dividedBy(2);
        return validAfter.plus(half.isPositive() && half.compareTo(NOT_BEFORE) < 0 ? half : NOT_BEFORE);
    }

    /** Whether it is young enough that a cache may have a difference from it, which caches keep for so many hours. */
    boolean mayAskForDiff(Instant now, int hours) {
        return !validAfter.isBefore(now.minus(Duration.ofHours(hours)));
    }

    private Duration interval() {
        return Duration.between(validAfter, freshUntil);
    }
}
