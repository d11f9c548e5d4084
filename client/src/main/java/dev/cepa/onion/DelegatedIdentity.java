package dev.cepa.onion;

import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service whose master key is elsewhere, and which was given keys for some time periods. If they come from a file it is
 * read again when they don't suffice, for somebody may have brought newer ones. Thread-safe.
 */
public final class DelegatedIdentity implements ServiceIdentity {
    private static final Logger LOG = LoggerFactory.getLogger(DelegatedIdentity.class);

    private final byte[] publicKey;
    private final @Nullable Source source;
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock, as all below. */
    private DelegatedKeys keys;

    private boolean wiped;

    /** Where newer ones would be. */
    @FunctionalInterface
    interface Source {
        /** All that there is at this moment, for the caller alone. */
        byte[] read() throws TorException;
    }

    private DelegatedIdentity(DelegatedKeys keys, @Nullable Source source) {
        this.publicKey = keys.publicKey();
        this.keys = keys;
        this.source = source;
    }

    /**
     * Of bytes that {@link DelegatedKeys#make} made.
     *
     * @param bytes copied
     * @throws ProtocolException if they are no such keys
     */
    public static DelegatedIdentity of(byte[] bytes) throws ProtocolException {
        return new DelegatedIdentity(DelegatedKeys.parse(bytes.clone()), null);
    }

    /** Of a file. */
    static DelegatedIdentity of(Source source) throws TorException {
        return new DelegatedIdentity(DelegatedKeys.parse(source.read()), source);
    }

    @Override
    public byte[] publicKey() {
        return publicKey.clone();
    }

    @Override
    public @Nullable DescriptorKeys keys(TimePeriod period, SecureRandom random) {
        lock.lock();
        try {
            DescriptorKeys found = known(period);
            if (found == null && readAgain()) {
                found = known(period);
            }
            return found;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable DescriptorKeys known(TimePeriod period) {
        try {
            return wiped ? null : keys.of(period);
        } catch (ProtocolException e) {
            LOG.error("The keys for time period {} can't be used: {}", period.number(), e.getMessage());
            return null;
        }
    }

    /** Whether the keys are those of the file now. */
    private boolean readAgain() {
        if (source == null || wiped) {
            return false;
        }
        try {
            DelegatedKeys newer = DelegatedKeys.parse(source.read());
            if (!MessageDigest.isEqual(newer.publicKey(), publicKey)) {
                newer.wipe();
                throw new ProtocolException("delegated keys of another onion service");
            }
            keys.wipe();
            keys = newer;
            return true;
        } catch (TorException e) {
            LOG.warn("The delegated keys of {} can't be read again: {}", OnionAddress.of(publicKey), e.getMessage());
            return false;
        }
    }

    /** The file is looked at once more: somebody may have brought newer keys in time. */
    @Override
    public TimePeriod firstMissing(TimePeriod from) {
        lock.lock();
        try {
            readAgain();
            return keys.covers(from) ? keys.end() : from;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public DelegatedIdentity copy() {
        lock.lock();
        try {
            return new DelegatedIdentity(keys.copy(), source);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void wipe() {
        lock.lock();
        try {
            wiped = true;
            keys.wipe();
        } finally {
            lock.unlock();
        }
    }
}
