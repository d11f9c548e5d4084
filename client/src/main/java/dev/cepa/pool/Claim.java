package dev.cepa.pool;

import dev.cepa.path.ExitRequest;

/**
 * What a stream needs of a circuit. Immutable.
 *
 * @param key whose streams it may share a circuit with
 * @param epoch which of these: those that were asked for since the same change of identity
 * @param exit what its last relay must take
 * @param prebuilt whether a circuit that was built before anybody asked is welcome
 * @param keepAlive whether the circuit's age counts from its last use
 */
record Claim(IsolationKey key, int epoch, ExitRequest exit, boolean prebuilt, boolean keepAlive) {}
