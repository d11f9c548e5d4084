package dev.cepa.pool;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How circuits are kept for streams. Immutable. How long a circuit may take to build is learned, and part of
 * {@link dev.cepa.path.PathSettings}.
 *
 * @param streamTimeout how long a stream may take in all, over every circuit tried for it
 * @param answerTimeout how long an exit may take to answer before another is tried; null: 10 s, 10 s, then 15 s
 * @param maxCircuitDirtiness how long after its first stream a circuit takes new ones
 * @param portRelevance how long a port counts at least as likely to be asked for again; null: as the consensus says
 * @param shortRelevance whether what the consensus says is halved, to have fewer channels padded
 * @param newCircuitPeriod how often the pool looks for circuits that are too old, and forgets failures
 * @param predicts whether circuits are built before they are asked for
 * @param maxPendingCircuits how many circuits may be under construction at once
 * @param conflux whether streams may go over sets of circuits
 */
public record PoolSettings(
        Duration streamTimeout,
        @Nullable Duration answerTimeout,
        Duration maxCircuitDirtiness,
        @Nullable Duration portRelevance,
        boolean shortRelevance,
        Duration newCircuitPeriod,
        boolean predicts,
        int maxPendingCircuits,
        ConfluxChoice conflux) {
    /** C tor's values: 2 minutes, 10 minutes, 30 seconds, yes, and 32. */
    public static final PoolSettings DEFAULT = new PoolSettings(
            Duration.ofMinutes(2), null, Duration.ofMinutes(10), null, Duration.ofSeconds(30), true, 32);

    /** With as long a relevance as the consensus says. */
    public PoolSettings(
            Duration streamTimeout, @Nullable Duration answerTimeout, Duration maxCircuitDirtiness,
            @Nullable Duration portRelevance, Duration newCircuitPeriod, boolean predicts, int maxPendingCircuits) {
        this(
                streamTimeout, answerTimeout, maxCircuitDirtiness, portRelevance, false, newCircuitPeriod, predicts,
                maxPendingCircuits, ConfluxChoice.DEFAULT);
    }

    public PoolSettings {
        if (maxPendingCircuits < 1 || maxPendingCircuits > 1024) {
            throw new IllegalArgumentException("pending circuits must be 1 to 1024, not " + maxPendingCircuits);
        }
        if (!newCircuitPeriod.isPositive()) {
            throw new IllegalArgumentException("NewCircuitPeriod must be above 0");
        }
    }

    /** With another limit for one stream. */
    public PoolSettings withStreamTimeout(Duration timeout) throws TorException {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new TorException(ErrorKind.CONFIG, "a stream's time limit must be positive, not " + timeout);
        }
        return new PoolSettings(
                timeout, answerTimeout, maxCircuitDirtiness, portRelevance, shortRelevance, newCircuitPeriod, predicts,
                maxPendingCircuits, conflux);
    }

    /** With another age at which used circuits take no more streams. */
    public PoolSettings withMaxCircuitDirtiness(Duration age) {
        return new PoolSettings(
                streamTimeout, answerTimeout, age, portRelevance, shortRelevance, newCircuitPeriod, predicts,
                maxPendingCircuits, conflux);
    }

    /** With or without circuits that are built before they are asked for. */
    public PoolSettings withPrediction(boolean wanted) {
        return new PoolSettings(
                streamTimeout, answerTimeout, maxCircuitDirtiness, portRelevance, shortRelevance, newCircuitPeriod, wanted,
                maxPendingCircuits, conflux);
    }

    /** With another limit on circuits under construction. */
    public PoolSettings withMaxPendingCircuits(int count) {
        return new PoolSettings(
                streamTimeout, answerTimeout, maxCircuitDirtiness, portRelevance, shortRelevance, newCircuitPeriod, predicts,
                count, conflux);
    }

    /** With the whole or half of the relevance that the consensus says. */
    public PoolSettings withShortRelevance(boolean half) {
        return new PoolSettings(
                streamTimeout, answerTimeout, maxCircuitDirtiness, portRelevance, half, newCircuitPeriod, predicts,
                maxPendingCircuits, conflux);
    }

    /** With another choice of whether streams may go over sets of circuits. */
    public PoolSettings withConflux(ConfluxChoice choice) {
        return new PoolSettings(
                streamTimeout, answerTimeout, maxCircuitDirtiness, portRelevance, shortRelevance, newCircuitPeriod, predicts,
                maxPendingCircuits, choice);
    }
}
