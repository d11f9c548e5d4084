package dev.cepa.onion;

import dev.cepa.cell.OnionMessage.Introduce2;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.circuit.StreamBytes;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent.ServiceStatus;
import dev.cepa.event.TorEvent.ServiceStatus.Action;
import dev.cepa.event.TorEvents;
import dev.cepa.onion.pow.PuzzleVerifier;
import dev.cepa.onion.pow.ReplaySet;
import dev.cepa.pool.ServiceCircuits;
import java.io.Closeable;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An onion service of ours (rend-spec-v3 sections 2 to 4): keeps its introduction points, has {@link ServicePublisher}
 * publish them, and reads introductions, whose clients {@link ServiceSessions} meets.
 *
 * <p>One thread looks after the introduction points, each of which is established on a thread of its own; one reads
 * introductions. Thread-safe.
 */
public final class OnionService implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(OnionService.class);
    /** So many more are tried at first, and those kept that are ready first. */
    private static final int EXTRA_POINTS = 2;
    /** Attempts to reach one relay, until another takes its place. */
    private static final int ATTEMPTS = 3;
    /** What a circuit to an introduction point may take. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** The descriptor is published with fewer points than wanted after that. */
    private static final Duration POINTS_TIME = Duration.ofSeconds(20);
    /** As long as descriptors may still name a point that was replaced. */
    private static final Duration LEAVING_TIME = Duration.ofHours(3);

    private static final Duration LOOK_INTERVAL = Duration.ofSeconds(30);
    private static final Duration SHORT_PAUSE = Duration.ofSeconds(5);
    /** So many circuits at most are built in {@link #COUNTED}. */
    private static final Duration COUNTED = Duration.ofMinutes(5);

    private static final int LAST_PAUSE_SECONDS = 60;
    /** Introduction points' time to let go of a service that stops. */
    private static final Duration LEAVE_TIME = Duration.ofSeconds(1);
    /** Between the ends of two circuits, and for the first {@link #FEW} clients. */
    private static final Duration CLOSING_PAUSE = Duration.ofMillis(10);

    private static final Duration LONG_CLOSING_PAUSE = Duration.ofMillis(50);
    private static final int FEW = 20;

    /** Introductions that wait to be read; what comes on top is lost. */
    private static final int QUEUE = 256;
    /** Clients' cookies that are remembered, for {@link #COOKIE_TIME} at least. */
    private static final int COOKIES = 65_536;

    private static final Duration COOKIE_TIME = Duration.ofMinutes(5);

    private final ServiceCircuits circuits;
    private final boolean testing;
    private final ServiceIdentity identity;
    private final InstantSource clock;
    private final SecureRandom random;
    private final Runnable alive;
    private final TorEvents events;
    private final ServicePublisher publisher;
    private final ServiceSessions sessions;
    private final BlockingQueue<Received> introductions = new ArrayBlockingQueue<>(QUEUE);

    private final ReentrantLock lock = new ReentrantLock();
    private final Turns turns = new Turns(lock);
    /** Guarded by the lock, as all below. */
    private final List<Slot> slots = new ArrayList<>();
    /** Replaced, but perhaps still named. */
    private final List<Leaving> leaving = new ArrayList<>();

    private final ArrayDeque<Instant> launches = new ArrayDeque<>();
    private List<ServicePoint> published = List.of();
    private ServiceSettings settings;
    private @Nullable Instant incompleteSince;
    private Instant notBefore = Instant.MIN;
    private int failures;
    private boolean everEstablished;
    private boolean contentChanged;
    private @Nullable PuzzleVerifier puzzles;
    private @Nullable ProofOfWorkDefence defence;
    private @Nullable PowParams publishedPow;
    private @Nullable Thread reader;
    private volatile boolean stopped;
    /** Counts the introduction points that have not let go of a service that was closed. */
    private volatile CountDownLatch leavers = new CountDownLatch(0);

    /** An introduction point, being established or established. */
    private static final class Slot {
        final ServicePoint point;
        int attempts;
        boolean busy;

        Slot(ServicePoint point) {
            this.point = point;
        }
    }

    private record Leaving(ServicePoint point, Instant until) {}

    private record Received(ServicePoint point, Introduce2 message) {}

    /**
     * Makes a service, which {@link #start} starts.
     *
     * @param testing whether this is a test network, where time periods are short
     * @param identity who it is; the service's own, which it wipes when it is closed
     * @param ports who serves which of its ports
     * @param alive runs now and then as long as the service does, so that the client does not rest
     */
    public OnionService(
            ServiceCircuits circuits,
            boolean testing,
            ServiceIdentity identity,
            Map<Integer, StreamHandler> ports,
            ServiceSettings settings,
            TorEvents events,
            InstantSource clock,
            SecureRandom random,
            Runnable alive) {
        this.circuits = circuits;
        this.testing = testing;
        this.identity = identity;
        this.settings = settings;
        this.clock = clock;
        this.random = random;
        this.alive = alive;
        this.events = events;
        publisher = new ServicePublisher(circuits, testing, identity, events, clock, random);
        sessions = new ServiceSessions(circuits, Map.copyOf(ports), settings, this::tell, random);
    }

    private void tell(Action action, @Nullable Duration time, @Nullable TorException failure) {
        // Circuits that end after it has stopped are no news of it.
        if (events.hasListeners() && (!stopped || action == Action.STOPPED)) {
            events.emit(new ServiceStatus(action, address().label(), time, failure));
        }
    }

    /** Starts it; returns at once. */
    public void start() {
        tell(Action.STARTED, null, null);
        lock.lock();
        try {
            publisher.setMasters(settings.masters());
            publisher.start();
            defend();
            reader = Thread.ofVirtual().name("cepa-onion-introductions").start(this::read);
        } finally {
            lock.unlock();
        }
        Thread.ofVirtual().name("cepa-onion-service").start(this::keep);
    }

    /** Prefers clients that work, or does so no longer, as the settings have it; with the lock held. */
    private void defend() {
        ServiceSettings.ProofOfWork wanted = settings.proofOfWork();
        if (defence != null && !defence.settings().equals(wanted)) {
            defence.close();
            defence = null;
        }
        if (wanted != null && defence == null && !turns.isClosed()) {
            // Seeds are kept: clients are at work for them.
            puzzles = puzzles == null ? new PuzzleVerifier(random, clock) : puzzles;
            defence = new ProofOfWorkDefence(wanted, puzzles, sessions, clock, testing);
            defence.start();
        }
    }

    /** Its address. */
    public OnionAddress address() {
        return OnionAddress.of(identity.publicKey());
    }

    /** Whether clients can find it: directories of both time periods have its descriptor. */
    public boolean isPublished() {
        return publisher.isPublished();
    }

    /**
     * Waits until clients can find it.
     *
     * @throws TorException of kind TIMEOUT, or CLOSED
     */
    public void awaitPublished(Deadline deadline) throws TorException {
        publisher.awaitPublished(deadline);
    }

    /** How many introduction points are established. */
    public int introPointCount() {
        lock.lock();
        try {
            return established().size();
        } finally {
            lock.unlock();
        }
    }

    /** How many clients have a circuit to it. */
    public int clientCount() {
        return sessions.size();
    }

    /** Whether its descriptors are given to directories; without that none but those who know it already can reach it. */
    public void setPublishing(boolean on) {
        publisher.setPublishing(on);
    }

    /** The descriptor that clients of this time have; null if there is none yet. */
    public byte @Nullable [] descriptor() {
        return publisher.document();
    }

    /** What went through each of its ports. */
    public Map<Integer, StreamBytes> bytes() {
        return Map.copyOf(sessions.bytes());
    }

    /** How much work its clients are asked for; 0 if for none. */
    public long suggestedEffort() {
        lock.lock();
        try {
            return defence == null ? 0 : defence.suggestedEffort();
        } finally {
            lock.unlock();
        }
    }

    /** How many clients wait for their turn; 0 where all have it at once. */
    public int waitingClients() {
        lock.lock();
        try {
            return defence == null ? 0 : defence.waiting();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Refuses settings with which no directory would take the service's descriptor.
     *
     * @throws TorException of kind CONFIG, which says what would fit
     */
    public void checkFits(ServiceSettings wanted) throws TorException {
        int limit = DescriptorSize.DEFAULT_LIMIT;
        try {
            limit = DescriptorSize.limit(circuits.directory(Deadline.in(Duration.ZERO)).consensus());
        } catch (TorException e) {
            LOG.debug("The usual bound of descriptors is taken: {}", e.getMessage());
        }
        DescriptorSize.check(wanted, limit);
    }

    /**
     * Takes over other settings.
     *
     * @throws TorException of kind CONFIG if a descriptor would become too long; all is as it was then
     */
    public void setSettings(ServiceSettings newSettings) throws TorException {
        checkFits(newSettings);
        sessions.setSettings(newSettings);
        lock.lock();
        try {
            settings = newSettings;
            contentChanged = true;
            publisher.setMasters(newSettings.masters());
            defend();
            turns.call();
        } finally {
            lock.unlock();
        }
    }

    /** There is a newer directory. */
    public void directoryChanged() {
        publisher.directoryChanged();
    }

    /** The network is another one now, or was away: circuits of before may be dead, and are built anew with their keys. */
    public void networkChanged() {
        List<ServicePoint> all = new ArrayList<>();
        lock.lock();
        try {
            for (Slot slot : slots) {
                all.add(slot.point);
            }
            failures = 0;
            notBefore = Instant.MIN;
            launches.clear();
            turns.call();
        } finally {
            lock.unlock();
        }
        for (ServicePoint point : all) {
            point.closeCircuit();
        }
        publisher.directoryChanged();
    }

    private void keep() {
        Duration pause = Duration.ZERO;
        while (turns.await(pause)) {
            alive.run();
            sessions.closeIdle();
            try {
                pause = maintain();
            } catch (TorException e) {
                LOG.debug("No introduction point could be chosen: {}", e.getMessage());
                pause = SHORT_PAUSE;
            } catch (RuntimeException e) {
                LOG.warn("An onion service could not be looked after; it is tried again", e);
                pause = LOOK_INTERVAL;
            }
        }
    }

    /** Does what is due, and says when to look again at the latest. */
    private Duration maintain() throws TorException {
        circuits.directory(Deadline.in(LOOK_INTERVAL));
        List<ServicePoint> toClose = new ArrayList<>();
        Duration pause;
        lock.lock();
        try {
            Instant now = clock.instant();
            removeSpent(now, toClose);
            pause = fill(now);
            publishIfDue(now);
            if (defence != null) {
                pause = earlier(pause, Duration.between(now, defence.due()));
            }
        } finally {
            lock.unlock();
        }
        for (ServicePoint point : toClose) {
            point.close();
        }
        return pause;
    }

    private void removeSpent(Instant now, List<ServicePoint> toClose) {
        for (Iterator<Slot> all = slots.iterator(); all.hasNext(); ) {
            Slot slot = all.next();
            if (slot.point.isSpent(now) && !slot.busy) {
                all.remove();
                leaving.add(new Leaving(slot.point, now.plus(LEAVING_TIME)));
            }
        }
        for (Iterator<Leaving> all = leaving.iterator(); all.hasNext(); ) {
            Leaving old = all.next();
            boolean tooMany = leaving.size() > ServiceSettings.MAX_INTRO_POINTS;
            if (now.isAfter(old.until) || !old.point.isEstablished() || tooMany) {
                all.remove();
                toClose.add(old.point);
            }
        }
        // Of too many those go that clients do not know yet.
        List<Slot> ready = established();
        ready.sort(Comparator.comparing(slot -> !published.contains(slot.point)));
        for (int i = settings.introPoints(); i < ready.size(); i++) {
            slots.remove(ready.get(i));
            toClose.add(ready.get(i).point);
        }
    }

    private List<Slot> established() {
        List<Slot> ready = new ArrayList<>();
        for (Slot slot : slots) {
            if (!slot.busy && slot.point.isEstablished()) {
                ready.add(slot);
            }
        }
        return ready;
    }

    /** Establishes points that are missing. */
    private Duration fill(Instant now) throws TorException {
        int wanted = settings.introPoints() + (everEstablished || settings.introPoints() == 0 ? 0 : EXTRA_POINTS);
        int most = 2 * (4 * settings.introPoints() + EXTRA_POINTS);
        while (!launches.isEmpty() && launches.peekFirst().isBefore(now.minus(COUNTED))) {
            launches.removeFirst();
        }
        if (now.isBefore(notBefore)) {
            return earlier(LOOK_INTERVAL, Duration.between(now, notBefore));
        }
        // Those that broke first: their keys are in the descriptor.
        for (Slot slot : slots) {
            if (!slot.busy && !slot.point.isEstablished() && launches.size() < most) {
                launch(slot, now);
            }
        }
        if (slots.size() < settings.introPoints() || !everEstablished) {
            while (slots.size() < wanted && launches.size() < most) {
                List<HopTarget> others = new ArrayList<>();
                for (Slot slot : slots) {
                    others.add(slot.point.relay());
                }
                HopTarget relay = circuits.pickIntroductionPoint(others, Deadline.in(Duration.ZERO));
                Slot slot = new Slot(new ServicePoint(relay, now, random));
                slots.add(slot);
                launch(slot, now);
            }
        }
        return LOOK_INTERVAL;
    }

    private static Duration earlier(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    private void launch(Slot slot, Instant now) {
        slot.busy = true;
        launches.add(now);
        Thread.ofVirtual().name("cepa-onion-point").start(() -> establish(slot));
    }

    private void establish(Slot slot) {
        TorException failure = null;
        long begun = System.nanoTime();
        ServiceSettings.IntroductionLimit limit;
        lock.lock();
        try {
            limit = settings.introductionLimit();
        } finally {
            lock.unlock();
        }
        try {
            slot.point.establish(circuits, limit, this::received, Deadline.in(PATIENCE));
        } catch (TorException e) {
            LOG.debug("Introduction point {} could not be established: {}", slot.point.relay(), e.getMessage());
            failure = e;
        } catch (RuntimeException e) {
            LOG.warn("An introduction point could not be established", e);
            failure = new TorException(ErrorKind.INTERNAL, "an introduction point could not be established: " + e, e);
        }
        tell(
                failure == null ? Action.POINT_ESTABLISHED : Action.POINT_FAILED,
                Duration.ofNanos(System.nanoTime() - begun),
                failure);
        boolean unwanted = false;
        lock.lock();
        try {
            slot.busy = false;
            if (failure == null) {
                slot.attempts = 0;
                failures = 0;
                everEstablished = true;
            } else {
                failures++;
                notBefore = clock.instant().plusSeconds(Math.min(LAST_PAUSE_SECONDS, 1L << Math.min(failures, 10)));
                if (++slot.attempts >= ATTEMPTS || !published.contains(slot.point)) {
                    slots.remove(slot);
                    unwanted = true;
                }
            }
            unwanted |= turns.isClosed();
            turns.call();
        } finally {
            lock.unlock();
        }
        if (failure == null) {
            slot.point.onClose(this::pointClosed);
        }
        if (unwanted) {
            slot.point.close();
        }
    }

    private void pointClosed() {
        tell(Action.POINT_CLOSED, null, null);
        lock.lock();
        try {
            turns.call();
        } finally {
            lock.unlock();
        }
    }

    /** Has the points published as soon as there are enough, or those there are after a while. */
    private void publishIfDue(Instant now) {
        List<Slot> ready = established();
        boolean complete = ready.size() >= settings.introPoints();
        if (complete) {
            incompleteSince = null;
        } else if (incompleteSince == null) {
            incompleteSince = now;
        }
        List<ServicePoint> points = new ArrayList<>();
        for (Slot slot : slots) {
            // One whose circuit has just broken is there again in a moment.
            if (ready.contains(slot) || published.contains(slot.point)) {
                points.add(slot.point);
            }
        }
        boolean same = points.size() == published.size() && published.containsAll(points);
        boolean patient = incompleteSince == null || now.isAfter(incompleteSince.plus(POINTS_TIME));
        PowParams pow = defence == null ? null : defence.params();
        contentChanged |= !Objects.equals(pow, publishedPow);
        if ((!same && !points.isEmpty() && patient) || contentChanged && !points.isEmpty()) {
            published = List.copyOf(points);
            contentChanged = false;
            publishedPow = pow;
            List<IntroPoint> described = new ArrayList<>();
            for (ServicePoint point : points) {
                described.add(point.described());
            }
            publisher.publish(described, settings.clients(), pow);
        }
    }

    /** On a channel's reader. */
    private void received(ServicePoint point, Introduce2 message) {
        if (!introductions.offer(new Received(point, message))) {
            LOG.debug("More than {} clients at once want to be introduced to our onion service", QUEUE);
        }
    }

    private void read() {
        ReplaySet cookies = new ReplaySet(COOKIES);
        ReplaySet older = new ReplaySet(COOKIES);
        Instant since = clock.instant();
        try {
            while (true) {
                Received received = introductions.take();
                try {
                    ServicePoint.Opened opened = received.point.open(received.message, publisher.keys());
                    if (cookies.isFull() || clock.instant().isAfter(since.plus(COOKIE_TIME))) {
                        older = cookies;
                        cookies = new ReplaySet(COOKIES);
                        since = clock.instant();
                    }
                    byte[] cookie = opened.introduction().cookie();
                    if (older.contains(cookie) || !cookies.add(cookie)) {
                        throw new TorException(ErrorKind.PROTOCOL, "a client's cookie that was used before");
                    }
                    tell(Action.INTRODUCED, null, null);
                    meet(received.point, opened);
                } catch (TorException e) {
                    tell(Action.REFUSED, null, e);
                    LOG.debug("An introduction to our onion service was refused: {}", e.getMessage());
                } catch (RuntimeException e) {
                    LOG.warn("An introduction to an onion service could not be read", e);
                }
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    /** Meets a client when it is its turn, which is at once if all have the same right. */
    private void meet(ServicePoint point, ServicePoint.Opened opened) throws TorException {
        ProofOfWorkDefence asked;
        lock.lock();
        try {
            asked = defence;
        } finally {
            lock.unlock();
        }
        if (asked == null) {
            sessions.meet(point, opened);
        } else {
            asked.add(point, opened);
        }
    }

    /**
     * Ends it, and has its introduction points send its clients away; then its circuits are closed, one after the other. That
     * is done on a thread of its own: see {@link #awaitLeft}.
     */
    @Override
    public void close() {
        List<ServicePoint> all = new ArrayList<>();
        lock.lock();
        try {
            turns.close();
            for (Slot slot : slots) {
                all.add(slot.point);
            }
            for (Leaving old : leaving) {
                all.add(old.point);
            }
            if (reader != null) {
                reader.interrupt();
            }
            if (defence != null) {
                defence.close();
            }
        } finally {
            lock.unlock();
        }
        publisher.close();
        List<Circuit> clients = sessions.close();
        stopped = true;
        tell(Action.STOPPED, null, null);
        CountDownLatch left = new CountDownLatch(all.size());
        leavers = left;
        Thread.ofVirtual().name("cepa-onion-closing").start(() -> closeOneByOne(all, clients, left));
    }

    /**
     * Waits until the introduction points of a service that was closed have let go of it: clients that still ask there go on
     * to those of its next run at once, instead of waiting for it.
     */
    public void awaitLeft(Deadline deadline) {
        try {
            if (!leavers.await(deadline.millisLeft(), TimeUnit.MILLISECONDS)) {
                LOG.debug("Introduction points of onion service {} are slow to let go of it", address());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Relays were seen to pass on the ends of circuits up to a minute late, all but the first of those that end at the same
     * moment: so everything is done one after the other, and what clients wait for first.
     */
    private static void closeOneByOne(List<ServicePoint> points, List<Circuit> clients, CountDownLatch left) {
        try {
            for (ServicePoint point : points) {
                Thread.ofVirtual().name("cepa-onion-leaving").start(() -> {
                    point.leave(Deadline.in(LEAVE_TIME));
                    left.countDown();
                });
                Thread.sleep(CLOSING_PAUSE);
            }
            if (!left.await(LEAVE_TIME.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.debug("Introduction points are slow to let go of an onion service");
            }
            int closed = 0;
            for (Circuit client : clients) {
                client.close();
                Thread.sleep(closed++ < FEW ? LONG_CLOSING_PAUSE : CLOSING_PAUSE);
            }
            for (ServicePoint point : points) {
                point.closeCircuit();
                Thread.sleep(CLOSING_PAUSE);
            }
        } catch (InterruptedException e) {
            // Nobody interrupts it.
            Thread.currentThread().interrupt();
        } finally {
            for (ServicePoint point : points) {
                point.close();
            }
        }
    }
}
