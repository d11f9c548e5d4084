package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.directory.BootstrapProgress.Phase;
import dev.cepa.directory.ConsensusIntake.Candidate;
import dev.cepa.directory.DirectoryFetcher.Server;
import dev.cepa.directory.DirectoryFetcher.Source;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.Consensus;
import dev.cepa.netdoc.ConsensusDiff;
import dev.cepa.path.PathSelector;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the directory's own thread does: loads from disk, then fetches what is due, one thing at a time, and sleeps in
 * between. All state belongs to that thread but for what {@link #lock} guards.
 */
final class DirectoryUpdater implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryUpdater.class);
    /** The clock is looked at so often, because a computer may have been asleep. */
    private static final Duration NAP = Duration.ofSeconds(30);
    /** How long a consensus is kept whose signers' certificates can't be had. */
    private static final Duration PATIENCE_FOR_CERTIFICATES = Duration.ofMinutes(20);

    private final DirectoryManager manager;
    private final DirectorySettings settings;
    private final DirectoryFetcher fetcher;
    private final DirectoryServers servers;
    private final DirectoryLink link;
    private final BootstrapProgress progress;
    private final TorEvents events;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final DirectoryStore store;
    private final CertificatePool certificates;
    private final ConsensusIntake intake;
    private final KnownDirectory known;
    private final MicrodescUpdater microdescs;
    private final Backoff consensusBackoff;
    private final Backoff certificateBackoff;

    /** Of the consensus in use; null before there is one. */
    private @Nullable Lifetime lifetime;
    /** A consensus that waits for certificates, since when, and whom it came from (null: from disk). */
    private @Nullable Candidate pending;

    private Instant pendingSince = Instant.MIN;
    private @Nullable Server pendingFrom;
    private Instant nextConsensus = Instant.MIN;
    private boolean consensusFailing;
    private boolean microdescsLoaded;
    private boolean diffsWelcome = true;
    /** Servers that were of no use for the question that is due. */
    private final Set<RsaId> useless = new HashSet<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition woken = lock.newCondition();
    private boolean hurry;
    private boolean networkEnabled = true;
    private boolean switched;
    private @Nullable ConsensusRace race;

    DirectoryUpdater(
            DirectoryManager manager, DirectorySettings settings, DirectoryFetcher fetcher, DirectoryServers servers,
            DirectoryLink link, DirectoryStore store, CertificatePool certificates, ConsensusIntake intake,
            KnownDirectory known, MicrodescUpdater microdescs, BootstrapProgress progress, TorEvents events, InstantSource clock,
            RandomGenerator random) {
        this.manager = manager;
        this.settings = settings;
        this.fetcher = fetcher;
        this.servers = servers;
        this.link = link;
        this.store = store;
        this.certificates = certificates;
        this.intake = intake;
        this.known = known;
        this.microdescs = microdescs;
        this.progress = progress;
        this.events = events;
        this.clock = clock;
        this.random = random;
        boolean testing = settings.testingNetwork();
        Duration slowest = testing ? Duration.ofSeconds(5) : Duration.ofMinutes(10);
        this.consensusBackoff = new Backoff(random, Duration.ofSeconds(testing ? 1 : 10), slowest);
        this.certificateBackoff = new Backoff(random, Duration.ofSeconds(1), testing ? slowest : Duration.ofMinutes(1));
    }

    @Override
    public void run() {
        try {
            manager.prepareBridges();
            load();
            while (true) {
                step();
            }
        } catch (InterruptedException e) {
            // The client is closed.
        } catch (TorException e) {
            progress.stuck(e.getMessage() + " " + e.remedy());
            manager.giveUp(e);
        } catch (RuntimeException | Error e) {
            LOG.error("The directory stops because of a mistake in it", e);
            manager.giveUp(new TorException(ErrorKind.INTERNAL, "a mistake in keeping the directory: " + e, e));
        }
    }

    /** What is on disk saves fetching it. */
    private void load() throws TorException {
        certificates.load();
        byte[] document = store.readConsensus();
        if (document == null) {
            return;
        }
        try {
            Candidate candidate = ConsensusIntake.parse(document, true);
            if (!candidate.lifetime().isReasonablyLive(clock.instant(), settings.tolerance())) {
                LOG.info("The cached consensus is too old; a new one is fetched");
                intake.rememberForDiff(candidate);
                return;
            }
            hold(candidate, null);
        } catch (TorException e) {
            failIfOutdated(e);
            store.reportUnusable("consensus", String.valueOf(e.getMessage()));
        }
    }

    private void step() throws InterruptedException, TorException {
        Instant now = clock.instant();
        if (!isNetworkEnabled() || !manager.mayAsk()) {
            pause(NAP); // a bridge that is found ends it
        } else if (pending != null) {
            fetchCertificates();
        } else if (lifetime == null || !now.isBefore(nextConsensus)) {
            fetchConsensus(now);
        } else {
            PathSelector selector = manager.latestSelector();
            Instant next = microdescs.next();
            if (selector != null && !now.isBefore(next)) {
                microdescs.fetch(selector);
            } else {
                link.closeIdle();
                Duration wait = Duration.between(now, next.isBefore(nextConsensus) ? next : nextConsensus);
                pause(wait.compareTo(NAP) < 0 ? wait : NAP);
            }
        }
    }

    private void fetchConsensus(Instant now) throws InterruptedException, TorException {
        Lifetime ours = lifetime;
        boolean live = ours != null && ours.isReasonablyLive(now, settings.tolerance());
        DirectoryRequest request = DirectoryRequest.consensus(
                certificates.authorities(), ours != null && live ? ours.ifModifiedSince() : null,
                diffsWelcome ? intake.diffFrom(now) : null);
        Server from = null;
        try {
            // Several bridges are not asked at once: each question tells one more who we are.
            ConsensusRace.Winner winner =
                    live || fetcher.asksBridgesOnly() ? askGuard(request, live) : race(request);
            from = winner.server();
            hold(ConsensusIntake.parse(undiffed(winner.document()), false), from);
        } catch (TorException e) {
            failIfOutdated(e);
            if (e.kind() == ErrorKind.CLOSED && Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (from != null) {
                fetcher.failed(from);
                useless.add(from.id());
            }
            consensusFailing = true;
            // A difference that does not fit costs another question, but no wait.
            Backoff backoff = !live && fetcher.asksBridgesOnly() ? certificateBackoff : consensusBackoff;
            Duration wait = diffsWelcome ? backoff.next() : Duration.ZERO;
            nextConsensus = clock.instant().plus(wait);
            LOG.debug("No new consensus: {}", e.getMessage());
            if (!live && wait.isPositive()) {
                progress.stuck(e.getMessage() + "; trying again in " + Math.max(1, wait.toSeconds()) + " s");
                pause(wait);
            }
        }
    }

    /**
     * Asks one directory guard, as a client does that has a consensus already.
     *
     * @param live whether it has a recent one
     */
    private ConsensusRace.Winner askGuard(DirectoryRequest request, boolean live) throws TorException {
        Server server;
        try {
            server = fetcher.choose(Source.GUARD, manager.latestSelector(), useless);
        } finally {
            useless.clear();
        }
        useless.add(server.id());
        try (DirectoryAnswer answer = fetcher.ask(server, request, Deadline.in(settings.requestTimeout()))) {
            answer.expectOk();
            if (!live) {
                progress.reach(Phase.LOADING_CONSENSUS);
            }
            return new ConsensusRace.Winner(server, answer.readAll());
        } catch (TorException e) {
            throw e;
        } catch (IOException e) {
            throw new TorException(ErrorKind.RELAY_UNREACHABLE, String.valueOf(e.getMessage()), e);
        }
    }

    private ConsensusRace.Winner race(DirectoryRequest request) throws InterruptedException {
        ConsensusRace running = new ConsensusRace(fetcher, settings, progress, request, random);
        lock.lock();
        try {
            race = running;
        } finally {
            lock.unlock();
        }
        try {
            return running.run();
        } finally {
            lock.lock();
            try {
                race = null;
            } finally {
                lock.unlock();
            }
        }
    }

    /** The document itself if it is a difference: one that does not fit ours costs another question, without it. */
    private byte[] undiffed(byte[] document) throws TorException {
        boolean diff = ConsensusDiff.isDiff(document);
        diffsWelcome = !diff;
        byte[] whole = diff ? intake.apply(document) : document;
        diffsWelcome = true;
        LOG.debug("A consensus of {} bytes came in {} bytes", whole.length, document.length);
        return whole;
    }

    /** A consensus that is not verified yet: uses it if that can be done now, or keeps it until the certificates are here. */
    private void hold(Candidate candidate, @Nullable Server from) throws TorException {
        intake.checkTimes(candidate, lifetime, clock.instant());
        pending = candidate;
        pendingFrom = from;
        pendingSince = clock.instant();
        verifyPending();
    }

    /** Uses the consensus that is kept if it can be verified now. */
    private void verifyPending() throws TorException {
        Candidate candidate = pending;
        if (candidate == null) {
            return;
        }
        try {
            if (certificates.verifies(candidate.consensus(), clock.instant())) {
                pending = null;
                use(candidate);
            }
        } catch (TorException e) {
            pending = null;
            throw e;
        }
    }

    private void use(Candidate candidate) throws TorException {
        Instant now = clock.instant();
        intake.checkProtocols(candidate);
        known.replace(candidate.consensus());
        if (!microdescsLoaded) {
            microdescsLoaded = true;
            known.loadMicrodescs();
        }
        lifetime = candidate.lifetime();
        nextConsensus = candidate.lifetime().nextFetch(now, random);
        if (candidate.fromDisk() && !nextConsensus.isAfter(now)) {
            // Valid no more but usable: the new one is fetched beside building circuits, not before.
            nextConsensus = now;
        }
        intake.rememberForDiff(candidate);
        if (!candidate.fromDisk()) {
            store.writeConsensus(candidate.document());
        }
        consensusBackoff.reset();
        consensusFailing = false;
        useless.clear();
        Consensus consensus = candidate.consensus();
        events.emit(new TorEvent.ConsensusArrived(
                consensus.size(), candidate.lifetime().validAfter(), candidate.lifetime().validUntil()));
        boolean enough = manager.publish();
        microdescs.consensusReplaced(enough);
        known.tidy();
        if (enough) {
            servers.forget();
        }
        LOG.info(
                "Consensus of {} with {} relays; the next is fetched at {}", candidate.lifetime().validAfter(),
                consensus.size(), nextConsensus);
    }

    /** Fetches the certificates that the pending consensus needs: from where it came, then from others. */
    private void fetchCertificates() throws InterruptedException, TorException {
        progress.reach(Phase.LOADING_CERTIFICATES);
        TorException failure = null;
        Set<RsaId> asked = new HashSet<>();
        for (int i = 0; i < 3 && pending != null; i++) {
            Server server = null;
            try {
                server = i == 0 && pendingFrom != null ? pendingFrom : fetcher.choose(Source.FALLBACK, null, asked);
                asked.add(server.id());
                askForCertificates(server);
                verifyPending();
            } catch (TorException e) {
                failIfOutdated(e);
                if (e.kind() == ErrorKind.CLOSED && Thread.interrupted()) {
                    throw new InterruptedException();
                }
                failure = e;
                if (server != null) {
                    fetcher.failed(server);
                }
            }
        }
        if (pending == null) {
            certificateBackoff.reset();
            if (failure != null && lifetime == null) {
                progress.stuck(String.valueOf(failure.getMessage()));
                pause(consensusBackoff.next());
            }
        } else if (clock.instant().isAfter(pendingSince.plus(PATIENCE_FOR_CERTIFICATES))) {
            pending = null;
        } else {
            Duration wait = certificateBackoff.next();
            progress.stuck("the certificates of the directory authorities can't be had"
                    + (failure == null ? "" : ": " + failure.getMessage()) + "; trying again in "
                    + Math.max(1, wait.toSeconds()) + " s");
            pause(wait);
        }
    }

    private void askForCertificates(Server server) throws TorException {
        DirectoryRequest request = certificates.missing();
        if (request == null) {
            return;
        }
        try (DirectoryAnswer answer = fetcher.ask(server, request, Deadline.in(settings.requestTimeout()))) {
            answer.expectOk();
            certificates.add(answer.readAll());
        } catch (TorException e) {
            throw e;
        } catch (IOException e) {
            throw new TorException(ErrorKind.RELAY_UNREACHABLE, String.valueOf(e.getMessage()), e);
        }
    }

    private static void failIfOutdated(TorException e) throws TorException {
        if (e.kind() == ErrorKind.OUTDATED) {
            throw e;
        }
    }

    /** What waits for another try is tried now. */
    void hurry() {
        lock.lock();
        try {
            hurry = true;
            if (race != null) {
                race.hurry();
            }
            woken.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void setNetworkEnabled(boolean enabled) {
        lock.lock();
        try {
            switched = networkEnabled != enabled;
            networkEnabled = enabled;
            woken.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean isNetworkEnabled() {
        lock.lock();
        try {
            return networkEnabled;
        } finally {
            lock.unlock();
        }
    }

    private void pause(Duration wait) throws InterruptedException {
        lock.lock();
        try {
            long left = wait.toNanos();
            while (!hurry && !switched && left > 0) {
                left = woken.awaitNanos(left);
            }
            switched = false;
            if (hurry) {
                hurry = false;
                microdescs.hurry();
                if (consensusFailing) {
                    nextConsensus = Instant.MIN;
                    consensusBackoff.reset();
                }
            }
        } finally {
            lock.unlock();
        }
    }
}
