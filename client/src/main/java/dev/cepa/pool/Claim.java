package dev.cepa.pool;

import dev.cepa.path.ExitRequest;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a stream needs of a circuit. Immutable.
 *
 * @param key whose streams it may share a circuit with
 * @param epoch which of these: those that were asked for since the same change of identity
 * @param exit what its last relay must take
 * @param prebuilt whether a circuit that was built before anybody asked is welcome
 * @param keepAlive whether the circuit's age counts from its last use
 * @param lifetime how long after its first stream the circuit takes others; null: as the settings say
 * @param sets whether a set of circuits will do, or must it be one circuit
 */
record Claim(
        IsolationKey key, int epoch, ExitRequest exit, boolean prebuilt, boolean keepAlive, @Nullable Duration lifetime,
        boolean sets) {
    /** With the lifetime that the settings say. */
    Claim(IsolationKey key, int epoch, ExitRequest exit, boolean prebuilt, boolean keepAlive) {
        this(key, epoch, exit, prebuilt, keepAlive, null, true);
    }
}
