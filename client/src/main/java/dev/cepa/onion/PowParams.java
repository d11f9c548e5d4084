package dev.cepa.onion;

import java.time.Instant;

/**
 * That a service wants proof of work of version 1 with introductions (proposal 327).
 *
 * @param seed 32 bytes, part of the challenge
 * @param suggestedEffort how much a client should do at first; 0 while there is no need
 * @param expiry when the seed is no longer accepted
 */
public record PowParams(byte[] seed, long suggestedEffort, Instant expiry) {}
