package dev.cepa.testnet;

import java.time.Duration;
import java.time.Instant;

/**
 * When the authorities make their first consensus. tor makes consensuses at multiples of an interval after midnight (UTC)
 * plus an offset; a network waits for nothing when the offset is chosen such that the moment is at hand as soon as all
 * relays have uploaded their descriptors.
 *
 * @param initialInterval seconds, a divisor of half an hour
 * @param offset          seconds, less than the interval
 * @param validAfter      the moment of the consensus
 */
record VoteSchedule(int initialInterval, int offset, Instant validAfter) {
    private static final int DAY = 86_400;

    /** No consensus within the next minute: for the time in which relays start. */
    static VoteSchedule notYet(Instant now, int votingInterval) {
        // tor wants an offset of at most the smaller of both intervals.
        int most = Math.min(votingInterval, Torrc.LONGEST_INTERVAL - 1);
        VoteSchedule plain = at(now, Torrc.LONGEST_INTERVAL, 0);
        VoteSchedule later = at(now, Torrc.LONGEST_INTERVAL, most);
        return plain.validAfter.isAfter(later.validAfter) ? plain : later;
    }

    /** A consensus as soon as tor's delays permit. */
    static VoteSchedule soon(Instant now, int votingInterval) {
        // One second for the signal to arrive, whole seconds being the clock that authorities share.
        Instant validAfter = Instant.ofEpochSecond(now.getEpochSecond())
                .plusSeconds(1L + Torrc.VOTE_DELAY + Torrc.DIST_DELAY);
        int offset = (int) (validAfter.getEpochSecond() % DAY % votingInterval);
        return new VoteSchedule(votingInterval, offset, validAfter);
    }

    private static VoteSchedule at(Instant now, int interval, int offset) {
        long second = Math.floorMod(now.getEpochSecond() - offset, interval);
        return new VoteSchedule(interval, offset, Instant.ofEpochSecond(now.getEpochSecond() - second + interval));
    }

    /** How long until the consensus; negative once it is due. */
    Duration until(Instant now) {
        return Duration.between(now, validAfter);
    }
}
