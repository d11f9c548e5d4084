package dev.cepa.onion;

import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.Primitives;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * A service that has its master key. Thread-safe but for {@link #wipe}.
 *
 * @param pair its own, which it wipes
 */
public record MasterIdentity(Ed25519KeyPair pair) implements ServiceIdentity {
    @Override
    public byte[] publicKey() {
        return pair.publicKey();
    }

    @Override
    public DescriptorKeys keys(TimePeriod period, SecureRandom random) {
        return DescriptorKeys.of(pair, period, Ed25519KeyPair.generate(random));
    }

    @Override
    public @Nullable TimePeriod firstMissing(TimePeriod from) {
        return null;
    }

    @Override
    public MasterIdentity copy() {
        byte[] secret = pair.secretKey();
        try {
            return new MasterIdentity(Ed25519KeyPair.ofExpanded(secret));
        } finally {
            Primitives.wipe(secret);
        }
    }

    @Override
    public void wipe() {
        pair.wipe();
    }
}
