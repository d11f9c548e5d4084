package dev.cepa.onion;

import dev.cepa.cell.RsaId;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.OnionServiceException.Reason;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.NetDir;
import dev.cepa.pool.InternalCircuits;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The descriptors that this client knows, each for as long as it says and within its time period; fetches what is missing.
 * Thread-safe; the lock is not held while something is fetched. In memory alone: which services somebody visits does not
 * belong on a disk.
 */
final class DescriptorStore {
    /** Beyond, the one that was fetched first is forgotten; each takes some 12 KB. */
    private static final int MOST = 200;

    /** Between two looks for a newer descriptor because the service of the one at hand does not come. */
    static final Duration RECHECK = Duration.ofSeconds(4);

    private final DescriptorFetcher fetcher;
    private final InternalCircuits circuits;
    private final boolean testing;
    private volatile boolean fetching = true;
    private final InstantSource clock;
    private final SingleFlight<OnionAddress, Known> fetches = new SingleFlight<>();
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock, as all below. */
    private final Map<OnionAddress, Known> known = new LinkedHashMap<>();

    private @Nullable HsDirRing ring;
    private Map<OnionAddress, ClientAuthKey> clientKeys = Map.of();

    /** A descriptor as it came, and what was read of it. */
    private static final class Known {
        final PeriodKeys keys;
        final SealedDescriptor sealed;
        final Instant usableUntil;
        /** The client key that it was read with, or without. */
        @Nullable ClientAuthKey auth;

        @Nullable HsDescriptor read;
        /** When directories were last asked whether there is a newer one, because its service did not come. */
        @Nullable Instant rechecked;

        Known(PeriodKeys keys, SealedDescriptor sealed, Instant usableUntil) {
            this.keys = keys;
            this.sealed = sealed;
            this.usableUntil = usableUntil;
        }
    }

    /** A descriptor that can be used, with the keys of its period. */
    record Found(HsDescriptor descriptor, PeriodKeys keys) {}

    /** @param testing whether this is a test network, where time periods are short */
    DescriptorStore(DescriptorFetcher fetcher, InternalCircuits circuits, boolean testing, InstantSource clock) {
        this.fetcher = fetcher;
        this.circuits = circuits;
        this.testing = testing;
        this.clock = clock;
    }

    /** Whether descriptors that we have not may be fetched. */
    void setFetching(boolean fetched) {
        fetching = fetched;
    }

    void setClientKeys(Map<OnionAddress, ClientAuthKey> keys) {
        lock.lock();
        try {
            clientKeys = keys;
        } finally {
            lock.unlock();
        }
    }

    /**
     * A service's descriptor, the one at hand if there is one.
     *
     * @throws dev.cepa.error.OnionServiceException if there is none, or we can't read it
     */
    Found get(OnionAddress address, Deadline deadline) throws TorException {
        HsDirRing current = ring(deadline);
        Known at = known(address, current.period());
        if (at == null) {
            at = fetches.run(address, deadline, "an onion service's descriptor", () -> {
                Known meanwhile = known(address, current.period());
                return meanwhile != null ? meanwhile : fetch(address, current, null, deadline);
            });
        }
        Found found = open(address, at, current);
        PowParams pow = found.descriptor.pow();
        return pow != null && !clock.instant().isBefore(pow.expiry()) ? newer(address, found, deadline) : found;
    }

    /**
     * A newer descriptor than one that is of no use any more.
     *
     * @return the same if there is none
     */
    Found newer(OnionAddress address, Found than, Deadline deadline) throws TorException {
        HsDirRing current = ring(deadline);
        Known at = known(address, current.period());
        boolean replaced = at != null && isNewer(at.sealed, at.keys, than);
        if (!replaced && fetching) {
            try {
                at = fetches.run(address, deadline, "an onion service's descriptor",
                        () -> fetch(address, current, than, deadline));
            } catch (TorException e) {
                if (e.kind() == ErrorKind.ONION_SERVICE) {
                    return than;
                }
                throw e;
            }
        }
        return at == null ? than : open(address, at, current);
    }

    /**
     * A newer descriptor than one whose service may be somewhere else by now. The directories are not asked more than once in
     * {@link #RECHECK}, for however many connections to the service.
     *
     * @return the same if there is none, or it is too early to ask again
     */
    Found recheck(OnionAddress address, Found than, Deadline deadline) throws TorException {
        Instant now = clock.instant();
        lock.lock();
        try {
            Known at = known.get(address);
            if (at != null && !isNewer(at.sealed, at.keys, than)) {
                Instant before = at.rechecked;
                // One from the future is from before the clock was set.
                if (before != null && before.plus(RECHECK).isAfter(now) && !before.isAfter(now)) {
                    return than;
                }
                at.rechecked = now;
            }
        } finally {
            lock.unlock();
        }
        return newer(address, than, deadline);
    }

    /** Whether a newer descriptor than that is at hand. */
    boolean isReplaced(OnionAddress address, Found found) {
        lock.lock();
        try {
            Known at = known.get(address);
            return at != null && isNewer(at.sealed, at.keys, found);
        } finally {
            lock.unlock();
        }
    }

    private static boolean isNewer(SealedDescriptor sealed, PeriodKeys keys, Found than) {
        return keys.period().number() > than.keys.period().number()
                || Long.compareUnsigned(sealed.revision(), than.descriptor.revision()) > 0;
    }

    /** Decrypts and verifies it, once for each client key that it is tried with. */
    private Found open(OnionAddress address, Known at, HsDirRing current) throws TorException {
        ClientAuthKey auth;
        lock.lock();
        try {
            auth = clientKeys.get(address);
            if (at.read != null && Objects.equals(auth, at.auth)) {
                return new Found(at.read, at.keys);
            }
        } finally {
            lock.unlock();
        }
        int increment = current.dir().consensus().param("cc_sendme_inc", 31, 1, 254);
        HsDescriptor read;
        try {
            read = DescriptorReader.open(at.sealed, at.keys, auth, increment, clock.instant());
        } catch (ProtocolException e) {
            throw new OnionServiceException(
                    Reason.DESCRIPTOR_INVALID, "the onion service's descriptor can't be read: " + e.getMessage(), e);
        }
        lock.lock();
        try {
            at.auth = auth;
            at.read = read;
        } finally {
            lock.unlock();
        }
        return new Found(read, at.keys);
    }

    private Known fetch(OnionAddress address, HsDirRing current, @Nullable Found than, Deadline deadline)
            throws TorException {
        if (!fetching) {
            throw new TorException(
                    ErrorKind.CONFIG, "descriptors of onion services are not to be fetched (FetchHidServDescriptors 0)");
        }
        PeriodKeys keys = than != null && than.keys.period().equals(current.period())
                ? than.keys
                : PeriodKeys.of(address, current.period());
        SealedDescriptor sealed = fetcher.fetch(
                address, keys, current, descriptor -> than == null || isNewer(descriptor, keys, than), deadline);
        return keep(address, keys, sealed);
    }

    private Known keep(OnionAddress address, PeriodKeys keys, SealedDescriptor sealed) {
        Instant until = clock.instant().plus(sealed.lifetime());
        Known fetched = new Known(keys, sealed, until.isBefore(sealed.expiry()) ? until : sealed.expiry());
        lock.lock();
        try {
            known.remove(address);
            known.put(address, fetched);
            if (known.size() > MOST) {
                known.remove(known.keySet().iterator().next());
            }
        } finally {
            lock.unlock();
        }
        return fetched;
    }

    /**
     * Fetches a descriptor that somebody has asked for expressly, whatever is at hand.
     *
     * @param directory to be asked; null for those that should have it, none of them twice within a while
     * @throws TorException that says why there is none
     */
    void fetchAnew(OnionAddress address, @Nullable RsaId directory, Deadline deadline) throws TorException {
        HsDirRing current = ring(deadline);
        PeriodKeys keys = PeriodKeys.of(address, current.period());
        SealedDescriptor sealed;
        if (directory == null) {
            sealed = fetcher.fetch(address, keys, current, descriptor -> true, deadline);
        } else {
            int relay = current.dir().indexOf(directory);
            if (relay < 0) {
                throw new TorException(ErrorKind.BAD_REQUEST, "the directory is not listed");
            }
            sealed = fetcher.fetchFrom(address, keys, current, relay, deadline);
        }
        Known at = known(address, current.period());
        if (at == null || Long.compareUnsigned(sealed.revision(), at.sealed.revision()) > 0) {
            keep(address, keys, sealed);
        }
    }

    /** A descriptor at hand, as it came; null if there is none that may be used. */
    byte @Nullable [] document(OnionAddress address) {
        lock.lock();
        try {
            Known at = known.get(address);
            return at == null || !clock.instant().isBefore(at.usableUntil) ? null : at.sealed.document().clone();
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is a descriptor at hand that could not be read until now, and can be. */
    boolean opensNow(OnionAddress address) {
        Known at;
        HsDirRing current;
        lock.lock();
        try {
            at = known.get(address);
            current = ring;
            if (at == null || at.read != null || current == null) {
                return false;
            }
        } finally {
            lock.unlock();
        }
        try {
            open(address, at, current);
            return true;
        } catch (TorException e) {
            return false; // it is the wrong key, or another one too
        }
    }

    /** Forgets one service's. */
    void forget(OnionAddress address) {
        lock.lock();
        try {
            known.remove(address);
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Known known(OnionAddress address, TimePeriod period) {
        lock.lock();
        try {
            Known at = known.get(address);
            if (at != null && (!at.keys.period().equals(period) || !clock.instant().isBefore(at.usableUntil))) {
                known.remove(address);
                return null;
            }
            return at;
        } finally {
            lock.unlock();
        }
    }

    /** The ring of the current directory; one is kept, and made anew with each directory. */
    private HsDirRing ring(Deadline deadline) throws TorException {
        NetDir dir = circuits.directory(deadline);
        lock.lock();
        try {
            HsDirRing at = ring;
            if (at == null || at.dir() != dir) {
                at = HsDirRing.forFetching(dir, testing);
                ring = at;
            }
            return at;
        } finally {
            lock.unlock();
        }
    }

    /**
     * That descriptor has served its purpose, or is of no use: the directories may be asked for it again, for when the
     * service has new introduction points.
     */
    void used(Found found) {
        fetcher.forget(found.keys);
    }

    /** Forgets everything. */
    void clear() {
        fetcher.clear();
        lock.lock();
        try {
            known.clear();
        } finally {
            lock.unlock();
        }
    }
}
