package dev.cepa.onion;

import dev.cepa.cell.RsaId;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.directory.DirectoryAnswer;
import dev.cepa.directory.DirectoryClient;
import dev.cepa.directory.DirectoryRequest;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.OnionServiceException.Reason;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent.OnionDescriptor;
import dev.cepa.event.TorEvent.OnionDescriptor.Action;
import dev.cepa.event.TorEvent.OnionDescriptorContent;
import dev.cepa.event.TorEvents;
import dev.cepa.pool.InternalCircuits;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the directories that should have a service's descriptor, in random order, none twice within {@link #REQUERY}
 * (rend-spec-v3 section 2.2.6). Thread-safe. It owns the memory of who was asked.
 */
final class DescriptorFetcher {
    /** A directory is not asked for the same descriptor again before. */
    static final Duration REQUERY = Duration.ofMinutes(15);

    private static final Logger LOG = LoggerFactory.getLogger(DescriptorFetcher.class);
    /** Beyond, the oldest question is forgotten. */
    private static final int MOST_REMEMBERED = 5000;
    /** So many directories may say that a descriptor is the latest until it is believed. */
    private static final int MOST_UNWANTED = 2;
    private static final int BAD_REQUEST = 400;
    private static final int BUSY = 503;

    private final InternalCircuits circuits;
    private final TorEvents events;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Patience patience;
    private final DirectoryClient client = DirectoryClient.anonymous();
    private final ReentrantLock lock = new ReentrantLock();
    /** When which directory was asked for which blinded key, the oldest first; guarded by the lock. */
    private final Map<Asked, Instant> asked = new LinkedHashMap<>();

    private record Asked(RsaId directory, String descriptorId) {}

    DescriptorFetcher(InternalCircuits circuits, TorEvents events, InstantSource clock, RandomGenerator random) {
        this(circuits, events, clock, random, Patience.DEFAULT);
    }

    DescriptorFetcher(
            InternalCircuits circuits,
            TorEvents events,
            InstantSource clock,
            RandomGenerator random,
            Patience patience) {
        this.circuits = circuits;
        this.events = events;
        this.clock = clock;
        this.random = random;
        this.patience = patience;
    }

    /** Says whether a descriptor, which is authentic, is new enough to be of use. */
    @FunctionalInterface
    interface Wanted {
        boolean test(SealedDescriptor descriptor);
    }

    /**
     * Fetches a descriptor.
     *
     * @param wanted whether a descriptor is; a few that are not, and the service is taken to have published no other
     * @throws OnionServiceException with reason DESCRIPTOR_NOT_FOUND or DESCRIPTOR_INVALID
     * @throws TorException if no circuit could be built, or the time is up
     */
    SealedDescriptor fetch(OnionAddress address, PeriodKeys keys, HsDirRing ring, Wanted wanted, Deadline deadline)
            throws TorException {
        byte[] blinded = keys.blindedKey();
        String id = Base64.getEncoder().withoutPadding().encodeToString(blinded);
        int[] directories = ring.fetchFrom(blinded);
        shuffle(directories);
        TorException failure = null;
        boolean invalid = false;
        int tried = 0;
        int unwanted = 0;
        for (int relay : directories) {
            Asked question = new Asked(ring.dir().rsaId(relay), id);
            if (!mayAsk(question)) {
                continue;
            }
            tried++;
            try {
                SealedDescriptor descriptor = fetchFrom(address, keys, ring, relay, deadline);
                if (wanted.test(descriptor)) {
                    return descriptor;
                }
                if (++unwanted == MOST_UNWANTED) {
                    break;
                }
            } catch (TorException e) {
                invalid |= e.kind() == ErrorKind.PROTOCOL;
                failure = e;
                if (e.kind() == ErrorKind.CLOSED || deadline.passed()) {
                    throw e;
                }
            }
        }
        if (unwanted > 0) {
            throw new OnionServiceException(
                    Reason.DESCRIPTOR_NOT_FOUND, "no directory has a newer descriptor of the onion service");
        }
        if (failure != null && failure.kind() != ErrorKind.ONION_SERVICE && !invalid) {
            throw failure;
        }
        if (invalid) {
            throw new OnionServiceException(
                    Reason.DESCRIPTOR_INVALID, "no directory has a good descriptor of the onion service", failure);
        }
        if (tried == 0) {
            emit(Action.FAILED, address, null, id, "QUERY_NO_HSDIR", null);
            content(address, null, id, new byte[0]);
            throw new OnionServiceException(
                    Reason.DESCRIPTOR_NOT_FOUND,
                    "all " + directories.length + " directories were asked for the onion service's descriptor lately");
        }
        throw new OnionServiceException(
                Reason.DESCRIPTOR_NOT_FOUND, "no directory has a descriptor of the onion service", failure);
    }

    /**
     * Asks one directory, whether it was asked before or not.
     *
     * @param relay its number in the ring's snapshot
     * @throws TorException that says why there is no descriptor from it
     */
    SealedDescriptor fetchFrom(OnionAddress address, PeriodKeys keys, HsDirRing ring, int relay, Deadline deadline)
            throws TorException {
        String id = Base64.getEncoder().withoutPadding().encodeToString(keys.blindedKey());
        HopTarget directory = circuits.hop(ring.dir(), relay, deadline);
        try {
            emit(Action.REQUESTED, address, directory, id, null, ring.index(relay));
            SealedDescriptor descriptor =
                    ask(directory, keys, new Asked(ring.dir().rsaId(relay), id), deadline.atMost(patience.directory()));
            emit(Action.RECEIVED, address, directory, id, null, null);
            content(address, directory, id, descriptor.document());
            return descriptor;
        } catch (TorException e) {
            LOG.debug("No descriptor of an onion service from {}: {}", directory, e.getMessage());
            emit(Action.FAILED, address, directory, id, word(e), null);
            content(address, directory, id, new byte[0]);
            throw e;
        }
    }

    private SealedDescriptor ask(HopTarget directory, PeriodKeys keys, Asked question, Deadline deadline)
            throws TorException {
        int most = DescriptorSize.limit(circuits.directory(deadline).consensus());
        Circuit circuit;
        try {
            circuit = circuits.to(directory, InternalCircuits.Purpose.DIRECTORY, deadline);
        } catch (TorException e) {
            unasked(question);
            throw e;
        }
        // Path and nothing else: the directory must not learn what kind of client asks.
        DirectoryRequest request =
                DirectoryRequest.get("/tor/hs/3/" + question.descriptorId, most, true);
        try (circuit;
                DirectoryAnswer answer = client.ask(circuit.openDirectoryOptimistic(), request, deadline)) {
            if (answer.status() == 404) {
                throw new OnionServiceException(Reason.DESCRIPTOR_NOT_FOUND, "the directory has no such descriptor");
            }
            if (answer.status() != 200 && answer.status() != BUSY) {
                throw new RefusedException(answer.status());
            }
            answer.expectOk();
            return SealedDescriptor.parse(answer.readAll(), keys.blindedKey(), clock.instant());
        } catch (TorException e) {
            throw e;
        } catch (IOException e) {
            throw new TorException(ErrorKind.RELAY_UNREACHABLE, "the directory's answer broke off", e);
        }
    }

    /** A directory does not answer as directories do. */
    private static final class RefusedException extends TorException {
        private static final long serialVersionUID = 1;

        private final boolean rejected;

        RefusedException(int status) {
            super(ErrorKind.PROTOCOL, "the directory refused: " + status);
            rejected = status == BAD_REQUEST;
        }
    }

    private static String word(TorException e) {
        if (e instanceof RefusedException refused) {
            return refused.rejected ? "QUERY_REJECTED" : "UNEXPECTED";
        }
        if (e instanceof OnionServiceException) {
            return "NOT_FOUND";
        }
        return e instanceof ProtocolException ? "BAD_DESC" : "UNEXPECTED";
    }

    private void emit(
            Action action, OnionAddress address, @Nullable HopTarget directory, String id, @Nullable String reason,
            @Nullable String index) {
        if (events.hasListeners()) {
            events.emit(new OnionDescriptor(
                    action, address.label(), directory == null ? null : directory.toString(), id, reason, index));
        }
    }

    private void content(OnionAddress address, @Nullable HopTarget directory, String id, byte[] document) {
        if (events.hasListeners()) {
            events.emit(new OnionDescriptorContent(
                    address.label(), directory == null ? null : directory.toString(), id, document));
        }
    }

    private boolean mayAsk(Asked question) {
        Instant now = clock.instant();
        lock.lock();
        try {
            Iterator<Instant> oldest = asked.values().iterator();
            while (oldest.hasNext()) {
                Instant time = oldest.next();
                // One from the future is from before the clock was set.
                if (time.plus(REQUERY).isAfter(now) && !time.isAfter(now) && asked.size() < MOST_REMEMBERED) {
                    break;
                }
                oldest.remove();
            }
            return asked.putIfAbsent(question, now) == null;
        } finally {
            lock.unlock();
        }
    }

    /** The directory has not heard of it: our own network may be down. */
    private void unasked(Asked question) {
        lock.lock();
        try {
            asked.remove(question);
        } finally {
            lock.unlock();
        }
    }

    /** Its directories may be asked again for it. */
    void forget(PeriodKeys keys) {
        String id = Base64.getEncoder().withoutPadding().encodeToString(keys.blindedKey());
        lock.lock();
        try {
            asked.keySet().removeIf(question -> question.descriptorId.equals(id));
        } finally {
            lock.unlock();
        }
    }

    /** Forgets who was asked for what. */
    void clear() {
        lock.lock();
        try {
            asked.clear();
        } finally {
            lock.unlock();
        }
    }

    private void shuffle(int[] relays) {
        for (int i = relays.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = relays[i];
            relays[i] = relays[j];
            relays[j] = swapped;
        }
    }
}
