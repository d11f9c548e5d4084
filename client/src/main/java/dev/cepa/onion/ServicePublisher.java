package dev.cepa.onion;

import dev.cepa.cell.RsaId;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CongestionSettings;
import dev.cepa.circuit.HopTarget;
import dev.cepa.directory.DirectoryAnswer;
import dev.cepa.directory.DirectoryClient;
import dev.cepa.directory.DirectoryRequest;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.OnionDescriptor;
import dev.cepa.event.TorEvent.OnionDescriptor.Action;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.NetDir;
import dev.cepa.pool.CongestionParams;
import dev.cepa.pool.InternalCircuits;
import dev.cepa.pool.ServiceCircuits;
import java.io.Closeable;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a service's descriptors on the directories where clients look for them (rend-spec-v3 section 2.2.1): one for
 * clients of this time period and one for those of the next or the last. Anew when introduction points or clients change,
 * when the directories do, and every one to two hours.
 *
 * <p>One thread makes descriptors, and each upload has a thread of its own; a directory that is slow holds up nobody but
 * itself. All that they share is guarded by the lock.
 */
final class ServicePublisher implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(ServicePublisher.class);
    private static final Duration LIFETIME = Duration.ofHours(3);
    private static final Duration CERTIFICATE = Duration.ofHours(54);
    /** How long a descriptor stays as it is at least, and how much longer at most. */
    private static final Duration REFRESH = Duration.ofHours(1);

    private static final Duration FIRST_RENEWAL = Duration.ofSeconds(2);
    private static final Duration FIRST_RETRY = Duration.ofSeconds(5);
    private static final Duration LAST_RETRY = Duration.ofMinutes(10);
    /** One directory's time to take it. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** That the keys run out is said from so many time periods before on: a week, as a rule. */
    private static final int PERIODS_AHEAD = 7;

    private static final Duration LOOK_INTERVAL = Duration.ofMinutes(1);
    /** Directories that are given it at a time. */
    private static final int AT_ONCE = 8;

    private final ServiceCircuits circuits;
    private final boolean testing;
    private volatile boolean publishing = true;
    private final ServiceIdentity identity;
    private final String address;
    private final TorEvents events;
    private final InstantSource clock;
    private final SecureRandom random;
    private final DescriptorWriter writer;
    private final DirectoryClient client = DirectoryClient.anonymous();
    private final Semaphore uploads = new Semaphore(AT_ONCE);

    private final ReentrantLock lock = new ReentrantLock();
    private final Turns turns = new Turns(lock);
    /** Of whoever waits for it to be published. */
    private final Condition changed = lock.newCondition();
    /** Guarded by the lock, as all here. */
    private List<IntroPoint> points = List.of();

    private List<byte[]> clients = List.of();
    private @Nullable PowParams pow;
    /** Counts the changes of all three. */
    private int version;

    private boolean published;
    private List<PeriodKeys> keys = List.of();
    private List<OnionAddress> masters = List.of();

    private Map<TimePeriod, Descriptor> descriptors = new HashMap<>();

    private @Nullable NetDir placedBy;
    /** The thread's own: what the directory says, as long as it is the same. */
    private List<Place> places = List.of();
    /** The thread's own, too: the last version that was too long. */
    private int tooLong;
    /** The thread's own as well: in which time period what was told about the end of the keys. */
    private long toldOfEnd = -1;

    private boolean toldEnded;

    ServicePublisher(
            ServiceCircuits circuits, boolean testing, ServiceIdentity identity, TorEvents events, InstantSource clock,
            SecureRandom random) {
        this.circuits = circuits;
        this.testing = testing;
        this.identity = identity;
        this.address = OnionAddress.of(identity.publicKey()).label();
        this.events = events;
        this.clock = clock;
        this.random = random;
        this.writer = new DescriptorWriter(random);
    }

    /** One of the two descriptors, and which directories have it. */
    private static final class Descriptor {
        final DescriptorKeys own;
        final PeriodKeys keys;
        final Set<RsaId> holders = new HashSet<>();
        final Set<RsaId> receiving = new HashSet<>();
        final Map<RsaId, Retry> retries = new HashMap<>();
        byte[] document = new byte[0];
        int wanted;
        int version = -1;
        long seconds;
        Instant refresh = Instant.MIN;
        /** Whether it is made anew soon because a directory refused it, and how soon the next time. */
        boolean renewing;

        Duration renewal = FIRST_RENEWAL;

        Descriptor(DescriptorKeys own) {
            this.own = own;
            keys = own.keys();
        }
    }

    /**
     * Where a descriptor belongs.
     *
     * @param second whether it is that of the later of the two time periods
     * @param relays numbers in the directory
     * @param indexes where each of them stands on the ring
     */
    private record Place(Descriptor descriptor, boolean second, int[] relays, List<String> indexes) {}

    /** When a directory that did not take it is tried again. */
    private record Retry(Instant at, Duration pause) {}

    /** A descriptor, as it was when it was begun, for a directory. */
    private record Upload(Descriptor descriptor, byte[] document, HopTarget directory, RsaId id, String index) {}

    void start() {
        Thread.ofVirtual().name("cepa-onion-publisher").start(this::run);
    }

    /** Has these introduction points published from now on, for those clients, and with that work to be done, if any. */
    void publish(List<IntroPoint> newPoints, List<byte[]> newClients, @Nullable PowParams newPow) {
        lock.lock();
        try {
            points = newPoints;
            clients = newClients;
            pow = newPow;
            version++;
            turns.call();
        } finally {
            lock.unlock();
        }
    }

    /** There is a newer directory. */
    void directoryChanged() {
        lock.lock();
        try {
            turns.call();
        } finally {
            lock.unlock();
        }
    }

    /** Has clients of those services be sent here as well: their introductions can be read from then on. */
    void setMasters(List<OnionAddress> addresses) {
        lock.lock();
        try {
            masters = addresses;
            placedBy = null;
            turns.call();
        } finally {
            lock.unlock();
        }
    }

    /** Whether descriptors are given to directories; what they have stays there until it is too old. */
    void setPublishing(boolean on) {
        lock.lock();
        try {
            publishing = on;
            turns.call();
        } finally {
            lock.unlock();
        }
    }

    /** What clients may have encrypted introductions for: the keys of both time periods, and those of our masters. */
    List<PeriodKeys> keys() {
        lock.lock();
        try {
            return keys;
        } finally {
            lock.unlock();
        }
    }

    /** The descriptor of the earlier time period, or of the other one if that is missing; null if there is none yet. */
    byte @Nullable [] document() {
        lock.lock();
        try {
            Descriptor earliest = null;
            for (Descriptor one : descriptors.values()) {
                boolean earlier = earliest == null || one.keys.period().number() < earliest.keys.period().number();
                if (one.document.length > 0 && earlier) {
                    earliest = one;
                }
            }
            return earliest == null ? null : earliest.document.clone();
        } finally {
            lock.unlock();
        }
    }

    /** Whether at least half of the directories of each time period have taken a descriptor. */
    boolean isPublished() {
        lock.lock();
        try {
            return published;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until it is. */
    void awaitPublished(Deadline deadline) throws TorException {
        lock.lock();
        try {
            while (!published) {
                if (turns.isClosed()) {
                    throw new TorException(ErrorKind.CLOSED, "the onion service is closed");
                }
                deadline.await(changed, "the onion service to be published");
            }
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            publishUntilClosed();
        } finally {
            // Nobody else signs with them.
            for (Place place : places) {
                place.descriptor.own.wipe();
            }
            identity.wipe();
        }
    }

    private void publishUntilClosed() {
        Duration pause = Duration.ZERO;
        while (turns.await(pause)) {
            try {
                pause = work();
            } catch (TorException e) {
                LOG.debug("An onion service's descriptor could not be published: {}", e.getMessage());
                pause = FIRST_RETRY;
            } catch (RuntimeException e) {
                LOG.warn("An onion service's descriptor could not be published; it is tried again", e);
                pause = LOOK_INTERVAL;
            }
        }
    }

    /** Does what is due, and says when the next is. */
    private Duration work() throws TorException {
        if (!publishing) {
            return LOOK_INTERVAL;
        }
        NetDir dir = circuits.directory(Deadline.in(LOOK_INTERVAL));
        if (notePlacing(dir) || places.size() < 2) {
            List<Place> found = new ArrayList<>(2);
            place(dir, false, found);
            place(dir, true, found);
            places = List.copyOf(found);
            keepDescriptors(TimePeriod.of(dir.consensus(), testing));
            tellOfEnd(TimePeriod.of(dir.consensus(), testing));
        }
        Instant next = clock.instant().plus(LOOK_INTERVAL);
        List<Upload> due = new ArrayList<>();
        for (Place place : places) {
            next = earlier(next, refresh(place, dir.consensus()));
            next = earlier(next, collect(place, dir, due));
        }
        for (Upload upload : due) {
            Thread.ofVirtual().name("cepa-onion-upload").start(() -> upload(upload));
        }
        Duration left = Duration.between(clock.instant(), next);
        return left.isNegative() ? Duration.ZERO : left;
    }

    /** Whether it is another directory than the last time, or there are other masters. */
    private boolean notePlacing(NetDir dir) {
        lock.lock();
        try {
            boolean other = dir != placedBy;
            placedBy = dir;
            return other;
        } finally {
            lock.unlock();
        }
    }

    private void place(NetDir dir, boolean second, List<Place> found) {
        HsDirRing ring = HsDirRing.forStoring(dir, second, testing);
        Descriptor descriptor = descriptor(ring.period());
        if (descriptor == null) {
            DescriptorKeys own = identity.keys(ring.period(), random);
            if (own == null) {
                return;
            }
            descriptor = new Descriptor(own);
        }
        int[] relays = ring.storeAt(descriptor.keys.blindedKey());
        List<String> indexes = new ArrayList<>(relays.length);
        for (int relay : relays) {
            indexes.add(String.valueOf(ring.index(relay)));
        }
        found.add(new Place(descriptor, second, relays, indexes));
    }

    /** Says in good time that there will be no keys to sign with, and that there are none; each once in a time period. */
    private void tellOfEnd(TimePeriod now) {
        TimePeriod missing = identity.firstMissing(now);
        boolean ended = places.isEmpty();
        if (missing == null || !ended && missing.number() - now.number() > PERIODS_AHEAD) {
            return;
        }
        if (toldOfEnd == now.number() && toldEnded == ended) {
            return;
        }
        toldOfEnd = now.number();
        toldEnded = ended;
        String what = "Onion service " + OnionAddress.of(identity.publicKey())
                + (ended
                        ? " is not published: it has no delegated keys for this time period, which ends at " + now.end()
                        : " has delegated keys until " + missing.start() + " and can't be published then")
                + ". Make newer ones where its master key is (cepa onion-key), and put them into its folder.";
        if (ended) {
            LOG.error("{}", what);
        } else {
            LOG.warn("{}", what);
        }
        events.emit(new TorEvent.Warning(what, ended ? new TorException(ErrorKind.STORAGE, what) : null));
    }

    /** Has one for each of the two time periods, and none for others. */
    private void keepDescriptors(TimePeriod now) {
        Map<TimePeriod, Descriptor> kept = new HashMap<>();
        List<PeriodKeys> used = new ArrayList<>(masterKeys(now));
        for (Place place : places) {
            kept.put(place.descriptor.keys.period(), place.descriptor);
            used.add(place.descriptor.keys);
        }
        Map<TimePeriod, Descriptor> before;
        lock.lock();
        try {
            before = descriptors;
            descriptors = kept;
            keys = List.copyOf(used);
            published &= !kept.isEmpty();
        } finally {
            lock.unlock();
        }
        for (Descriptor old : before.values()) {
            if (!kept.containsValue(old)) {
                old.own.wipe();
            }
        }
    }

    /** Their clients may be in the period before or after ours, if their directory is another. */
    private List<PeriodKeys> masterKeys(TimePeriod now) {
        List<OnionAddress> all;
        lock.lock();
        try {
            all = masters;
        } finally {
            lock.unlock();
        }
        List<PeriodKeys> found = new ArrayList<>();
        for (TimePeriod period : List.of(now, now.previous(), now.next())) {
            for (OnionAddress master : all) {
                try {
                    found.add(PeriodKeys.of(master, period));
                } catch (ProtocolException e) {
                    LOG.warn("No onion service can have the address {}, in front of ours", master);
                }
            }
        }
        return found;
    }

    private @Nullable Descriptor descriptor(TimePeriod period) {
        lock.lock();
        try {
            return descriptors.get(period);
        } finally {
            lock.unlock();
        }
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    /** Makes a descriptor anew if it is time; says when it is the next time. */
    private Instant refresh(Place place, ConsensusInfo consensus) throws TorException {
        Descriptor descriptor = place.descriptor;
        List<IntroPoint> current;
        List<byte[]> readers;
        PowParams work;
        int number;
        Instant now = clock.instant();
        lock.lock();
        try {
            current = points;
            readers = clients;
            work = pow;
            number = version;
            if (number == 0 || descriptor.version == number && now.isBefore(descriptor.refresh)) {
                return number == 0 ? Instant.MAX : descriptor.refresh;
            }
            Instant start = place.second ? HsDirRing.sharedRandomRun(consensus) : HsDirRing.lastSharedRandomRun(consensus);
            // Two in one second still have to differ.
            descriptor.seconds = Math.max(1 + Duration.between(start, now).toSeconds(), descriptor.seconds + 1);
        } finally {
            lock.unlock();
        }
        HsDescriptor content = new HsDescriptor(
                LIFETIME, descriptor.own.counter().at(descriptor.seconds), now.plus(CERTIFICATE), circuits.areDirect(),
                current, flowControl(consensus), work);
        byte[] document = writer.write(content, descriptor.own, readers);
        int limit = DescriptorSize.limit(consensus);
        if (document.length >= limit) {
            tellTooLong(DescriptorSize.tooLong(current.size(), readers.size(), document.length, limit), number);
            return now.plus(REFRESH);
        }
        if (descriptor.document.length == 0) {
            emit(Action.CREATED, descriptor, null, null, null);
        }
        lock.lock();
        try {
            descriptor.document = document;
            descriptor.renewing = false;
            if (descriptor.version != number) {
                descriptor.version = number;
                descriptor.renewal = FIRST_RENEWAL;
            }
            descriptor.refresh = now.plus(REFRESH).plusSeconds(random.nextLong(REFRESH.toSeconds()));
            descriptor.holders.clear();
            descriptor.receiving.clear();
            descriptor.retries.clear();
            return descriptor.refresh;
        } finally {
            lock.unlock();
        }
    }

    /** The network takes less than when it was checked; what directories have is left as it is. Said once of each content. */
    private void tellTooLong(String what, int number) {
        if (tooLong != number) {
            tooLong = number;
            LOG.error("{} is not published anew: {}", OnionAddress.of(identity.publicKey()), what);
            events.emit(new TorEvent.Warning(what, new TorException(ErrorKind.CONFIG, what)));
        }
    }

    /** What clients may ask for: congestion control, as the network has it at this time. */
    private static HsDescriptor.@Nullable FlowControl flowControl(ConsensusInfo consensus) {
        CongestionSettings settings = CongestionParams.of(consensus, CongestionParams.Kind.ONION);
        return settings == null ? null : new HsDescriptor.FlowControl("1-2", settings.sendmeIncrement());
    }

    /** Adds directories that should have a descriptor and have not; says when one is to be tried again. */
    private Instant collect(Place place, NetDir dir, List<Upload> due) throws TorException {
        Descriptor descriptor = place.descriptor;
        Instant now = clock.instant();
        Instant next = Instant.MAX;
        Set<RsaId> responsible = new HashSet<>();
        for (int i = 0; i < place.relays.length; i++) {
            int relay = place.relays[i];
            RsaId id = dir.rsaId(relay);
            HopTarget directory = circuits.hop(dir, relay, Deadline.in(PATIENCE));
            responsible.add(id);
            lock.lock();
            try {
                Retry retry = descriptor.retries.get(id);
                if (descriptor.document.length == 0 || descriptor.holders.contains(id) || descriptor.receiving.contains(id)) {
                    continue;
                }
                if (retry != null && now.isBefore(retry.at)) {
                    next = earlier(next, retry.at);
                } else {
                    descriptor.receiving.add(id);
                    due.add(new Upload(descriptor, descriptor.document, directory, id, place.indexes.get(i)));
                }
            } finally {
                lock.unlock();
            }
        }
        lock.lock();
        try {
            descriptor.wanted = responsible.size();
            descriptor.holders.retainAll(responsible);
            descriptor.retries.keySet().retainAll(responsible);
        } finally {
            lock.unlock();
        }
        return next;
    }

    private void upload(Upload upload) {
        Outcome outcome = give(upload);
        Descriptor descriptor = upload.descriptor;
        lock.lock();
        try {
            // Meanwhile there may be a newer one, for which other rules hold.
            if (descriptor.document == upload.document) {
                descriptor.receiving.remove(upload.id);
                Retry before = descriptor.retries.remove(upload.id);
                if (outcome == Outcome.TAKEN) {
                    descriptor.holders.add(upload.id);
                } else {
                    Duration pause = before == null ? FIRST_RETRY : twice(before.pause);
                    descriptor.retries.put(upload.id, new Retry(clock.instant().plus(pause), pause));
                    turns.call();
                }
                if (outcome == Outcome.REFUSED && !descriptor.renewing) {
                    // It may know a newer one, if the service has just been started anew.
                    descriptor.renewing = true;
                    descriptor.refresh = earlier(descriptor.refresh, clock.instant().plus(descriptor.renewal));
                    descriptor.renewal = twice(descriptor.renewal);
                }
                note();
            }
        } finally {
            lock.unlock();
        }
    }

    private static Duration twice(Duration pause) {
        Duration longer = pause.multipliedBy(2);
        return longer.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : longer;
    }

    /** What became of an upload. */
    private enum Outcome {
        TAKEN,
        REFUSED,
        FAILED
    }

    private Outcome give(Upload upload) {
        uploads.acquireUninterruptibly(); // each holder has a deadline
        try {
            if (isClosed()) {
                return Outcome.FAILED;
            }
            emit(Action.UPLOADING, upload, null, upload.index);
            Deadline deadline = Deadline.in(PATIENCE);
            DirectoryRequest request = DirectoryRequest.post("/tor/hs/3/publish", upload.document);
            try (Circuit circuit = circuits.to(
                            upload.directory, InternalCircuits.Purpose.SERVICE_DIRECTORY, deadline);
                    DirectoryAnswer answer = client.ask(circuit.openDirectoryOptimistic(), request, deadline)) {
                answer.expectOk();
            }
            emit(Action.UPLOADED, upload, null, null);
            return Outcome.TAKEN;
        } catch (IOException e) {
            LOG.debug("{} did not take our descriptor: {}", upload.directory, e.getMessage());
            boolean refused = e instanceof ProtocolException;
            emit(Action.FAILED, upload, refused ? "UPLOAD_REJECTED" : "UNEXPECTED", upload.index);
            return refused ? Outcome.REFUSED : Outcome.FAILED;
        } catch (RuntimeException e) {
            LOG.warn("An onion service's descriptor could not be uploaded", e);
            return Outcome.FAILED;
        } finally {
            uploads.release();
        }
    }

    /** The lock is held. */
    private void note() {
        boolean all = !descriptors.isEmpty();
        for (Descriptor descriptor : descriptors.values()) {
            all &= descriptor.wanted > 0 && 2 * descriptor.holders.size() >= descriptor.wanted;
        }
        if (all && !published) {
            LOG.info("Onion service {} is published", OnionAddress.of(identity.publicKey()));
        }
        published |= all;
        changed.signalAll();
    }

    private void emit(Action action, Upload upload, @Nullable String reason, @Nullable String index) {
        emit(action, upload.descriptor, upload.directory.toString(), reason, index);
    }

    private void emit(
            Action action, Descriptor descriptor, @Nullable String directory, @Nullable String reason,
            @Nullable String index) {
        if (events.hasListeners()) {
            String id = Base64.getEncoder().withoutPadding().encodeToString(descriptor.keys.blindedKey());
            events.emit(new OnionDescriptor(action, address, directory, id, reason, index));
        }
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return turns.isClosed();
        } finally {
            lock.unlock();
        }
    }

    /** Publishes no more; what is on directories stays there until it expires. */
    @Override
    public void close() {
        lock.lock();
        try {
            turns.close();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
