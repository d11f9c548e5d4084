package dev.cepa.onion;

import dev.cepa.cell.RsaId;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.crypto.Ed25519KeyPair;
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
import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.NetDir;
import dev.cepa.pool.InternalCircuits;
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
import java.util.concurrent.TimeUnit;
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
 * <p>One thread does that and owns the descriptors; what it is told is guarded by the lock.
 */
final class ServicePublisher implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(ServicePublisher.class);
    private static final Duration LIFETIME = Duration.ofHours(3);
    private static final Duration CERTIFICATE = Duration.ofHours(54);
    /** How long a descriptor stays as it is at least, and how much longer at most. */
    private static final Duration REFRESH = Duration.ofHours(1);

    private static final Duration FIRST_RETRY = Duration.ofSeconds(5);
    private static final Duration LAST_RETRY = Duration.ofMinutes(10);
    /** One directory's time to take it. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration LOOK_INTERVAL = Duration.ofMinutes(1);
    /** Directories that are given it at a time. */
    private static final int AT_ONCE = 8;

    private final InternalCircuits circuits;
    private final boolean testing;
    private final Ed25519KeyPair identity;
    private final String address;
    private final TorEvents events;
    private final InstantSource clock;
    private final SecureRandom random;
    private final DescriptorWriter writer;
    private final DirectoryClient client = DirectoryClient.anonymous();
    private final Semaphore uploads = new Semaphore(AT_ONCE);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Guarded by the lock, as all here. */
    private List<IntroPoint> points = List.of();

    private List<byte[]> clients = List.of();
    /** Counts the changes of both. */
    private int version;

    private boolean signalled;
    private boolean published;
    private boolean closed;
    private List<byte[]> subcredentials = List.of();

    /** The thread's own: the descriptors by time period. */
    private Map<TimePeriod, Descriptor> descriptors = new HashMap<>();

    ServicePublisher(
            InternalCircuits circuits, boolean testing, Ed25519KeyPair identity, TorEvents events, InstantSource clock,
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
        final PeriodKeys keys;
        final Ed25519KeyPair blinded;
        final Ed25519KeyPair signing;
        final RevisionCounter counter;
        final Set<RsaId> holders = new HashSet<>();
        final Map<RsaId, Retry> retries = new HashMap<>();
        byte[] document = new byte[0];
        int version = -1;
        long seconds;
        Instant refresh = Instant.MIN;

        Descriptor(Ed25519KeyPair identity, TimePeriod period, SecureRandom random) {
            blinded = PeriodKeys.blind(identity, period);
            keys = PeriodKeys.of(identity.publicKey(), blinded.publicKey(), period);
            signing = Ed25519KeyPair.generate(random);
            counter = RevisionCounter.of(blinded);
        }
    }

    /** When a directory that did not take it is tried again. */
    private record Retry(Instant at, Duration pause) {}

    /** A descriptor for a directory. */
    private record Upload(Descriptor descriptor, HopTarget directory, RsaId id) {}

    void start() {
        Thread.ofVirtual().name("cepa-onion-publisher").start(this::run);
    }

    /** Has these introduction points, and those clients, published from now on. */
    void publish(List<IntroPoint> newPoints, List<byte[]> newClients) {
        lock.lock();
        try {
            points = newPoints;
            clients = newClients;
            version++;
            signal();
        } finally {
            lock.unlock();
        }
    }

    /** There is a newer directory. */
    void directoryChanged() {
        lock.lock();
        try {
            signal();
        } finally {
            lock.unlock();
        }
    }

    private void signal() {
        signalled = true;
        changed.signalAll();
    }

    /** What clients may have encrypted introductions for: the subcredentials of both time periods. */
    List<byte[]> subcredentials() {
        lock.lock();
        try {
            return subcredentials;
        } finally {
            lock.unlock();
        }
    }

    /** Whether at least one directory of each time period has the descriptor. */
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
                if (closed) {
                    throw new TorException(ErrorKind.CLOSED, "the onion service is closed");
                }
                deadline.await(changed, "the onion service to be published");
            }
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        Duration pause = Duration.ZERO;
        while (awaitWork(pause)) {
            try {
                pause = work();
            } catch (TorException e) {
                LOG.debug("An onion service's descriptor could not be published: {}", e.getMessage());
                pause = FIRST_RETRY;
            }
        }
    }

    /** False once it is closed. */
    private boolean awaitWork(Duration atMost) {
        lock.lock();
        try {
            long nanos = atMost.toNanos();
            while (!closed && !signalled && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
            signalled = false;
            return !closed;
        } catch (InterruptedException e) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Does what is due, and says when the next is. */
    private Duration work() throws TorException {
        NetDir dir = circuits.directory(Deadline.in(LOOK_INTERVAL));
        List<IntroPoint> current;
        List<byte[]> readers;
        int number;
        lock.lock();
        try {
            current = points;
            readers = clients;
            number = version;
        } finally {
            lock.unlock();
        }
        Map<TimePeriod, Descriptor> kept = new HashMap<>();
        List<byte[]> credentials = new ArrayList<>();
        List<Upload> due = new ArrayList<>();
        Instant next = clock.instant().plus(LOOK_INTERVAL);
        for (boolean second : new boolean[] {false, true}) {
            HsDirRing ring = HsDirRing.forStoring(dir, second, testing);
            Descriptor descriptor = descriptors.get(ring.period());
            if (descriptor == null) {
                descriptor = new Descriptor(identity, ring.period(), random);
            }
            kept.put(ring.period(), descriptor);
            credentials.add(descriptor.keys.subcredential());
            if (number > 0) {
                if (descriptor.version != number || !clock.instant().isBefore(descriptor.refresh)) {
                    write(descriptor, dir.consensus(), second, current, readers);
                    descriptor.version = number;
                }
                next = earlier(next, collect(descriptor, ring, due));
            }
        }
        descriptors = kept;
        lock.lock();
        try {
            subcredentials = List.copyOf(credentials);
        } finally {
            lock.unlock();
        }
        upload(due);
        note(number);
        for (Descriptor descriptor : descriptors.values()) {
            for (Retry retry : descriptor.retries.values()) {
                next = earlier(next, retry.at);
            }
        }
        Duration left = Duration.between(clock.instant(), next);
        return left.isNegative() ? Duration.ZERO : left;
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    private void write(
            Descriptor descriptor, ConsensusInfo consensus, boolean second, List<IntroPoint> current, List<byte[]> readers)
            throws TorException {
        Instant now = clock.instant();
        Instant start = second ? HsDirRing.sharedRandomRun(consensus) : HsDirRing.lastSharedRandomRun(consensus);
        // Two in one second still have to differ.
        descriptor.seconds = Math.max(1 + Duration.between(start, now).toSeconds(), descriptor.seconds + 1);
        descriptor.document = writer.write(
                new HsDescriptor(
                        LIFETIME, descriptor.counter.at(descriptor.seconds), now.plus(CERTIFICATE), false, current, null, null),
                identity,
                descriptor.keys.period(),
                descriptor.signing,
                readers);
        descriptor.refresh = now.plus(REFRESH).plusSeconds(random.nextLong(REFRESH.toSeconds()));
        descriptor.holders.clear();
        descriptor.retries.clear();
    }

    /** Adds directories that should have a descriptor and have not; says when it is to be made anew. */
    private Instant collect(Descriptor descriptor, HsDirRing ring, List<Upload> due) throws TorException {
        Instant now = clock.instant();
        Set<RsaId> responsible = new HashSet<>();
        for (int relay : ring.storeAt(descriptor.keys.blindedKey())) {
            RsaId id = ring.dir().rsaId(relay);
            responsible.add(id);
            Retry retry = descriptor.retries.get(id);
            if (!descriptor.holders.contains(id) && (retry == null || !now.isBefore(retry.at))) {
                due.add(new Upload(descriptor, circuits.hop(ring.dir(), relay, Deadline.in(PATIENCE)), id));
            }
        }
        descriptor.holders.retainAll(responsible);
        descriptor.retries.keySet().retainAll(responsible);
        return descriptor.refresh;
    }

    private void upload(List<Upload> due) throws TorException {
        List<Thread> threads = new ArrayList<>();
        Map<Upload, Boolean> results = new java.util.concurrent.ConcurrentHashMap<>();
        for (Upload upload : due) {
            threads.add(Thread.ofVirtual().name("cepa-onion-upload").start(() -> results.put(upload, upload(upload))));
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TorException(ErrorKind.CLOSED, "interrupted while publishing", e);
        }
        for (Upload upload : due) {
            Descriptor descriptor = upload.descriptor;
            Retry before = descriptor.retries.remove(upload.id);
            if (results.getOrDefault(upload, false)) {
                descriptor.holders.add(upload.id);
            } else {
                Duration pause = before == null ? FIRST_RETRY : before.pause.multipliedBy(2);
                pause = pause.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : pause;
                descriptor.retries.put(upload.id, new Retry(clock.instant().plus(pause), pause));
            }
        }
    }

    private boolean upload(Upload upload) {
        uploads.acquireUninterruptibly(); // each holder has a deadline
        try {
            if (isClosed()) {
                return false;
            }
            emit(Action.UPLOADING, upload, null);
            Deadline deadline = Deadline.in(PATIENCE);
            DirectoryRequest request = DirectoryRequest.post("/tor/hs/3/publish", upload.descriptor.document);
            try (Circuit circuit = circuits.to(
                            upload.directory, InternalCircuits.Purpose.SERVICE_DIRECTORY, deadline);
                    DirectoryAnswer answer = client.ask(circuit.openDirectoryOptimistic(), request, deadline)) {
                answer.expectOk();
            }
            emit(Action.UPLOADED, upload, null);
            return true;
        } catch (IOException e) {
            LOG.debug("{} did not take our descriptor: {}", upload.directory, e.getMessage());
            emit(Action.FAILED, upload, e instanceof ProtocolException ? "UPLOAD_REJECTED" : "UNEXPECTED");
            return false;
        } finally {
            uploads.release();
        }
    }

    private void note(int number) {
        boolean all = number > 0;
        for (Descriptor descriptor : descriptors.values()) {
            all &= !descriptor.holders.isEmpty();
        }
        lock.lock();
        try {
            if (all && !published && LOG.isInfoEnabled()) {
                LOG.info("Onion service {} is published", OnionAddress.of(identity.publicKey()));
            }
            published = all;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void emit(Action action, Upload upload, @Nullable String reason) {
        if (events.hasListeners()) {
            String id = Base64.getEncoder().withoutPadding().encodeToString(upload.descriptor.keys.blindedKey());
            events.emit(new OnionDescriptor(action, address, upload.directory.toString(), id, reason));
        }
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Publishes no more; what is on directories stays there until it expires. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
