package dev.cepa.onion;

import dev.cepa.cell.RsaId;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.directory.DirectoryAnswer;
import dev.cepa.directory.DirectoryClient;
import dev.cepa.directory.DirectoryRequest;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent.OnionDescriptor;
import dev.cepa.event.TorEvent.OnionDescriptor.Action;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.NetDir;
import dev.cepa.pool.InternalCircuits;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What controllers have directories asked for, and given: descriptors of onion services (control-spec, HSFETCH and HSPOST).
 * Each errand has a thread of its own, and what becomes of it is told as {@link OnionDescriptor} and
 * {@link dev.cepa.event.TorEvent.OnionDescriptorContent}. Thread-safe; so many errands at once and no more.
 */
public final class DescriptorErrands {
    private static final Logger LOG = LoggerFactory.getLogger(DescriptorErrands.class);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int MOST = 256;
    /** Those that are on their way at a time; the others wait. */
    private static final int AT_ONCE = 8;

    private final InternalCircuits circuits;
    private final DescriptorStore store;
    private final boolean testing;
    private final TorEvents events;
    private final InstantSource clock;
    private final DirectoryClient client = DirectoryClient.anonymous();
    private final Semaphore places = new Semaphore(MOST);
    private final Semaphore turns = new Semaphore(AT_ONCE);

    DescriptorErrands(
            InternalCircuits circuits, DescriptorStore store, boolean testing, TorEvents events, InstantSource clock) {
        this.circuits = circuits;
        this.store = store;
        this.testing = testing;
        this.events = events;
        this.clock = clock;
    }

    private interface Errand {
        void run(Deadline deadline) throws TorException;
    }

    /**
     * Fetches a service's descriptor, whatever is at hand. Returns at once.
     *
     * @param directories to be asked, each of them; none: those that should have it, one after the other
     * @throws TorException of kind RESOURCE_LIMIT if too much is under way
     */
    public void fetch(OnionAddress address, List<RsaId> directories) throws TorException {
        List<Errand> errands = new ArrayList<>();
        for (RsaId directory : directories) {
            errands.add(deadline -> store.fetchAnew(address, directory, deadline));
        }
        if (directories.isEmpty()) {
            errands.add(deadline -> store.fetchAnew(address, null, deadline));
        }
        start(errands);
    }

    /**
     * Gives a descriptor to directories. Returns at once.
     *
     * @param address whose it is, for events alone: who has signed it says more
     * @param document the descriptor, as directories get it
     * @param directories to be given it; none: those where clients of this time period look for it
     * @throws ProtocolException if no directory would take it
     * @throws TorException of kind RESOURCE_LIMIT if too much is under way, or NO_DIRECTORY as long as there is none
     */
    public void post(OnionAddress address, byte[] document, List<RsaId> directories) throws TorException {
        SealedDescriptor sealed = SealedDescriptor.parseOfAnybody(document, clock.instant());
        NetDir dir = circuits.directory(Deadline.in(Duration.ZERO));
        HsDirRing ring = ring(dir, address, sealed);
        List<Integer> relays = new ArrayList<>();
        for (RsaId directory : directories) {
            int relay = dir.indexOf(directory);
            if (relay >= 0) {
                relays.add(relay);
            }
        }
        if (directories.isEmpty()) {
            for (int relay : ring.storeAt(sealed.blindedKey())) {
                relays.add(relay);
            }
        }
        List<Errand> errands = new ArrayList<>();
        for (int relay : relays) {
            errands.add(deadline -> give(address, sealed, ring, relay, deadline));
        }
        start(errands);
    }

    /** That of the time period that the descriptor is for; the earlier of those that services publish for if of none. */
    private HsDirRing ring(NetDir dir, OnionAddress address, SealedDescriptor sealed) throws TorException {
        HsDirRing first = HsDirRing.forStoring(dir, false, testing);
        HsDirRing second = HsDirRing.forStoring(dir, true, testing);
        byte[] later = PeriodKeys.of(address, second.period()).blindedKey();
        return Arrays.equals(later, sealed.blindedKey()) ? second : first;
    }

    private void start(List<Errand> errands) throws TorException {
        if (!places.tryAcquire(errands.size())) {
            throw new TorException(
                    ErrorKind.RESOURCE_LIMIT, "more than " + MOST + " descriptors are being fetched and given to directories");
        }
        for (Errand errand : errands) {
            Thread.ofVirtual().name("cepa-onion-errand").start(() -> run(errand));
        }
    }

    private void run(Errand errand) {
        try {
            turns.acquireUninterruptibly(); // each holder has a deadline
            try {
                errand.run(Deadline.in(PATIENCE));
            } finally {
                turns.release();
            }
        } catch (TorException e) {
            LOG.debug("A descriptor could not be fetched, or given to a directory: {}", e.getMessage());
        } finally {
            places.release();
        }
    }

    private void give(OnionAddress address, SealedDescriptor sealed, HsDirRing ring, int relay, Deadline deadline)
            throws TorException {
        HopTarget directory = circuits.hop(ring.dir(), relay, deadline);
        String index = String.valueOf(ring.index(relay));
        emit(Action.UPLOADING, address, sealed, directory, null, index);
        DirectoryRequest request = DirectoryRequest.post("/tor/hs/3/publish", sealed.document());
        try (Circuit circuit = circuits.to(directory, InternalCircuits.Purpose.SERVICE_DIRECTORY, deadline);
                DirectoryAnswer answer = client.ask(circuit.openDirectoryOptimistic(), request, deadline)) {
            answer.expectOk();
        } catch (IOException e) {
            LOG.debug("{} did not take a controller's descriptor: {}", directory, e.getMessage());
            String reason = e instanceof ProtocolException ? "UPLOAD_REJECTED" : "UNEXPECTED";
            emit(Action.FAILED, address, sealed, directory, reason, index);
            return;
        }
        emit(Action.UPLOADED, address, sealed, directory, null, null);
    }

    private void emit(
            Action action, OnionAddress address, SealedDescriptor sealed, HopTarget directory, @Nullable String reason,
            @Nullable String index) {
        if (events.hasListeners()) {
            String id = Base64.getEncoder().withoutPadding().encodeToString(sealed.blindedKey());
            events.emit(new OnionDescriptor(action, address.label(), directory.toString(), id, reason, index));
        }
    }
}
