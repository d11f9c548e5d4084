package dev.cepa.onion;

import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * Who a service is: its public key, and what it signs its descriptors with. That comes of its master key, or was made where
 * the master key is kept and the service is not.
 */
public sealed interface ServiceIdentity permits MasterIdentity, DelegatedIdentity {
    /** A copy of the 32-byte public key. */
    byte[] publicKey();

    /** What it signs with in a time period, which the caller wipes; null if it was given nothing for that one. */
    @Nullable DescriptorKeys keys(TimePeriod period, SecureRandom random);

    /** The first time period, not before that, for which there is nothing; null if there always is something. */
    @Nullable TimePeriod firstMissing(TimePeriod from);

    /** The same for somebody else who wipes it. */
    ServiceIdentity copy();

    /** Forgets what is secret. */
    void wipe();
}
