package dev.cepa.onion;

import dev.cepa.crypto.Ed25519Certificate;
import dev.cepa.crypto.Ed25519KeyPair;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a service signs the descriptors of one time period with: a signing key, and a certificate of it by the blinded key,
 * or that key itself (rend-spec-v3 section 1.9). Thread-safe but for {@link #wipe}.
 */
public final class DescriptorKeys {
    private final PeriodKeys keys;
    private final Ed25519KeyPair signing;
    private final RevisionCounter counter;
    private final @Nullable Ed25519KeyPair blinded;
    private final byte[] certificate;

    private DescriptorKeys(
            PeriodKeys keys, Ed25519KeyPair signing, RevisionCounter counter, @Nullable Ed25519KeyPair blinded,
            byte[] certificate) {
        this.keys = keys;
        this.signing = signing;
        this.counter = counter;
        this.blinded = blinded;
        this.certificate = certificate;
    }

    /** Of a service that has its master key. */
    static DescriptorKeys of(Ed25519KeyPair identity, TimePeriod period, Ed25519KeyPair signing) {
        Ed25519KeyPair blinded = PeriodKeys.blind(identity, period);
        return new DescriptorKeys(
                PeriodKeys.of(identity.publicKey(), blinded.publicKey(), period), signing, RevisionCounter.of(blinded), blinded,
                new byte[0]);
    }

    /** Of a service that was given a certificate. */
    static DescriptorKeys delegated(
            PeriodKeys keys, Ed25519KeyPair signing, RevisionCounter counter, byte[] certificate) {
        return new DescriptorKeys(keys, signing, counter, null, certificate);
    }

    /** What clients and directories go by. */
    PeriodKeys keys() {
        return keys;
    }

    Ed25519KeyPair signing() {
        return signing;
    }

    RevisionCounter counter() {
        return counter;
    }

    /** The certificate of the signing key; one that was given has the expiry that it was given. */
    byte[] certificate(Instant expiry) {
        return blinded == null
                ? certificate
                : Ed25519Certificate.sign(Ed25519Certificate.HS_DESCRIPTOR_SIGNING, expiry, signing.publicKey(), blinded);
    }

    void wipe() {
        signing.wipe();
        counter.wipe();
        if (blinded != null) {
            blinded.wipe();
        }
    }
}
