package dev.cepa.onion;

import dev.cepa.cell.ByteWriter;
import dev.cepa.netdoc.ConsensusInfo;
import java.time.Duration;
import java.time.Instant;

/**
 * A time period, in which a service's blinded key and its place in the ring of directories stay the same (rend-spec-v3
 * section 2.2.1). Immutable.
 *
 * @param number counted from the epoch
 * @param lengthMinutes how long it is; part of what keys are blinded with
 * @param offsetSeconds how long after a multiple of its length it begins
 */
public record TimePeriod(long number, int lengthMinutes, long offsetSeconds) {
    /** Voting rounds of one of the two phases in which shared random values are made. */
    private static final int ROUNDS_A_PHASE = 12;

    private static final int DEFAULT_LENGTH = 1440;
    private static final int MIN_LENGTH = 5;
    private static final int MAX_LENGTH = 14 * 1440;

    public TimePeriod {
        if (lengthMinutes < 1 || number < 0 || offsetSeconds < 0) {
            throw new IllegalArgumentException("no time period " + number + " of " + lengthMinutes + " min");
        }
    }

    /**
     * The one in which a consensus became valid: the network's time and not this computer's.
     *
     * @param testing whether this is a test network, where a period is as long as it takes to make a shared random value
     */
    public static TimePeriod of(ConsensusInfo consensus, boolean testing) {
        long round = votingSeconds(consensus);
        int length = testing
                ? (int) Math.max(1, 2 * ROUNDS_A_PHASE * round / 60)
                : consensus.param("hsdir_interval", DEFAULT_LENGTH, MIN_LENGTH, MAX_LENGTH);
        return at(consensus.validAfter(), length, ROUNDS_A_PHASE * round);
    }

    /** The one at a moment. */
    public static TimePeriod at(Instant time, int lengthMinutes, long offsetSeconds) {
        // In whole minutes, as the specification has it.
        long minutes = time.getEpochSecond() / 60 - offsetSeconds / 60;
        return new TimePeriod(Math.max(0, minutes / lengthMinutes), lengthMinutes, offsetSeconds);
    }

    /** Time between two consensuses. */
    static long votingSeconds(ConsensusInfo consensus) {
        return Math.max(1, Duration.between(consensus.validAfter(), consensus.freshUntil()).toSeconds());
    }

    /** The one after. */
    public TimePeriod next() {
        return new TimePeriod(number + 1, lengthMinutes, offsetSeconds);
    }

    /** The one before. */
    public TimePeriod previous() {
        return new TimePeriod(number - 1, lengthMinutes, offsetSeconds);
    }

    /** When it begins. */
    public Instant start() {
        return Instant.ofEpochSecond(number * lengthMinutes * 60 + offsetSeconds);
    }

    /** When it ends. */
    public Instant end() {
        return next().start();
    }

    /** Number 8 | length in minutes 8, as keys are blinded with. */
    byte[] numberThenLength() {
        return new ByteWriter(16).i64(number).i64(lengthMinutes).toByteArray();
    }

    /** Length in minutes 8 | number 8, as everything else has it. */
    byte[] lengthThenNumber() {
        return new ByteWriter(16).i64(lengthMinutes).i64(number).toByteArray();
    }
}
