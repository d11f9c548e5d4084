package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.EndReason;
import dev.cepa.cell.RelayMessage;
import dev.cepa.channel.ChannelManager;
import dev.cepa.channel.ChannelSettings;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.circuit.ConfluxSet;
import dev.cepa.circuit.PlayedCircuits;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitChosen.Outcome;
import dev.cepa.event.TorEvents;
import dev.cepa.path.BuildTimeouts;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import dev.cepa.path.RelaySet;
import dev.cepa.path.StateFile;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The pool over circuits that are played: paths, guards and streams are real, the network is not. */
@Timeout(120)
class CircuitPoolTest {
    private static final IsolationKey A = IsolationKey.group(1);
    private static final IsolationKey B = IsolationKey.group(2);

    private final List<TorEvent> told = new CopyOnWriteArrayList<>();
    private final TorEvents events = new TorEvents();
    private final StateFile file = StateFile.inMemory("1", InstantSource.system());
    private final GuardManager guards = new GuardManager(file, InstantSource.system(), new Random(1), events);
    private final BuildTimeouts timeouts =
            new BuildTimeouts(file, PathSettings.DEFAULT, InstantSource.system(), new Random(2), events);
    private volatile PathSelector selector = PoolWorld.selector();
    private final Played played = new Played();
    private final CircuitPool pool = pool(PoolSettings.DEFAULT.withPrediction(false));

    /** Chooses paths in earnest, and plays the rest. */
    private final class Played implements CircuitSource {
        private final CircuitBuilder real = new CircuitBuilder(
                new ChannelManager(ChannelSettings.DEFAULT, new TorEvents()), guards, CircuitSettings.DEFAULT, events,
                new AtomicLong()::incrementAndGet);
        private final AtomicLong ids = new AtomicLong();
        /** One is taken for each circuit before it is begun. */
        private final Semaphore begins = new Semaphore(1000);
        /** One is taken for each circuit before it is complete. */
        private final Semaphore completes = new Semaphore(1000);

        private final List<ExitRequest> requests = Collections.synchronizedList(new ArrayList<>());
        private final List<Plan> plans = Collections.synchronizedList(new ArrayList<>());
        /** One is taken for each set before it is begun. */
        private final Semaphore setBegins = new Semaphore(1000);

        private final AtomicLong setsFailed = new AtomicLong();
        private volatile boolean setsFail;
        private final List<ConfluxSet> sets = Collections.synchronizedList(new ArrayList<>());
        private final List<Circuit> circuits = Collections.synchronizedList(new ArrayList<>());
        private volatile int failing;
        /** So many circuits wait for better guards, until one of these is taken for each. */
        private volatile int holding;

        private final Semaphore releases = new Semaphore(0);
        private final List<Progress> progress = Collections.synchronizedList(new ArrayList<>());
        private volatile Duration planning = Duration.ZERO;
        private volatile PlayedCircuits.Exit exit = request -> connected();

        @Override
        public Plan plan(PathSelector by, ExitRequest request) throws TorException {
            requests.add(request);
            try {
                Thread.sleep(planning);
            } catch (InterruptedException e) {
                throw new TorException(ErrorKind.CLOSED, "interrupted", e);
            }
            return real.plan(by, request);
        }

        @Override
        public SetPlan planSet(PathSelector by, ExitRequest request, int legs) throws TorException {
            return real.planSet(by, request, legs);
        }

        @Override
        public BuiltSet buildSet(SetPlan plan, SetOptions options) throws TorException {
            setBegins.acquireUninterruptibly();
            for (Plan leg : plan.legs()) {
                leg.attempt().complete();
            }
            if (setsFail) {
                setsFailed.incrementAndGet();
                plan.legs().forEach(leg -> leg.attempt().closed());
                throw new TorException(ErrorKind.CIRCUIT_FAILED, "played");
            }
            ConfluxSet set = PlayedCircuits.openSet(ids.incrementAndGet(), events, exit);
            sets.add(set);
            return new BuiltSet(set, plan.legs());
        }

        @Override
        public Circuit build(Plan plan, Progress progress) throws TorException {
            plans.add(plan);
            this.progress.add(progress);
            begins.acquireUninterruptibly();
            progress.begun();
            progress.firstHopDone();
            plan.attempt().goesOn();
            completes.acquireUninterruptibly();
            if (failing > 0) {
                failing--;
                throw new TorException(ErrorKind.CIRCUIT_FAILED, "played");
            }
            progress.complete();
            plan.attempt().complete();
            if (holding > 0) {
                holding--;
                progress.held();
                releases.acquireUninterruptibly();
            }
            Circuit circuit = PlayedCircuits.open(ids.incrementAndGet(), events, exit);
            circuits.add(circuit);
            return circuit;
        }
    }

    private static RelayMessage connected() {
        try {
            return new RelayMessage.Connected(InetAddress.getByAddress(new byte[] {1, 2, 3, 4}), 60);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private CircuitPool pool(PoolSettings settings) {
        events.add(told::add);
        guards.update(selector);
        return new CircuitPool(
                settings, played, () -> selector, new Liveness(() -> 0, timeouts, guards), timeouts, events);
    }

    @AfterEach
    void close() {
        pool.close();
    }

    private static StreamRequest to(int port, IsolationKey key) {
        return StreamRequest.to("a.test", port, key);
    }

    /** Far more than anything takes that is waited for. */
    private static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(60));
    }

    private void open(StreamRequest request) throws TorException {
        pool.openStream(request, soon());
    }

    private List<Outcome> outcomes() {
        List<Outcome> outcomes = new ArrayList<>();
        for (TorEvent event : told) {
            if (event instanceof TorEvent.CircuitChosen chosen) {
                outcomes.add(chosen.outcome());
            }
        }
        return outcomes;
    }

    private long lastCircuit() {
        long last = -1;
        for (TorEvent event : told) {
            if (event instanceof TorEvent.CircuitChosen chosen) {
                last = chosen.circuitId();
            }
        }
        return last;
    }

    private static void await(java.util.function.BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            Thread.sleep(2);
        }
    }

    /** How many circuits are open that nobody has claimed and that take streams to that port; 0 while any is being built. */
    private int readyFor(int port) {
        pool.state.lock.lock();
        try {
            return pool.state.circuits.pending() > 0
                    ? 0
                    : pool.state.circuits.countUnclaimed(ExitRequest.ipv4(port, true), selector);
        } finally {
            pool.state.lock.unlock();
        }
    }

    @Test
    void theFirstStreamBeginsACircuitAndTheNextFindsIt() throws Exception {
        open(to(80, A));
        open(to(443, A));
        open(to(80, B));
        assertThat(outcomes()).containsExactly(Outcome.MISS, Outcome.HIT, Outcome.MISS);
        PoolStatistics statistics = pool.statistics();
        assertThat(statistics.hits()).isEqualTo(1);
        assertThat(statistics.misses()).isEqualTo(2);
        assertThat(statistics.built()).isEqualTo(2);
        assertThat(statistics.open()).isEqualTo(2);
    }

    @Test
    void streamsOfOneKeyWaitForOneCircuit() throws Exception {
        played.planning = Duration.ofMillis(100); // so that all come while the path is being chosen
        played.completes.drainPermits();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            threads.add(Thread.startVirtualThread(() -> {
                try {
                    open(to(80, A));
                } catch (TorException e) {
                    throw new AssertionError(e);
                }
            }));
        }
        await(() -> played.plans.size() == 1);
        for (Thread thread : threads) {
            await(() -> thread.getState() == Thread.State.TIMED_WAITING);
        }
        assertThat(played.plans).hasSize(1);
        played.completes.release(10);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(outcomes()).hasSize(5).contains(Outcome.MISS, Outcome.WAIT);
        assertThat(pool.statistics().built()).isEqualTo(1);
    }

    @Test
    void aCircuitThatFailsIsTriedAnew() throws Exception {
        played.failing = 2;
        open(to(80, A));
        assertThat(played.plans).hasSize(3);
        assertThat(pool.statistics().failed()).isEqualTo(2);
    }

    @Test
    void aStreamDoesNotWaitForACircuitThatWaitsForABetterGuard() throws Exception {
        played.holding = 1;
        open(to(80, A));
        assertThat(played.plans).hasSize(2);
        assertThat(pool.statistics().pending()).isEqualTo(1);
        played.releases.release();
        await(() -> pool.statistics().open() == 2);
        open(to(80, B));
        assertThat(outcomes()).as("the other circuit is anybody's").containsExactly(Outcome.MISS, Outcome.HIT);
    }

    @Test
    void aStreamTakesTheCircuitThatWaitedWhenNoBetterGuardWorks() throws Exception {
        played.holding = 1;
        played.failing = 0;
        played.completes.drainPermits();
        played.completes.release(1);
        Thread opener = Thread.startVirtualThread(() -> {
            try {
                open(to(80, A));
            } catch (TorException e) {
                throw new AssertionError(e);
            }
        });
        await(() -> played.plans.size() == 2); // the first is held, and the second tries a better guard
        played.releases.release();
        opener.join();
        assertThat(lastCircuit()).isEqualTo(1);
        played.completes.release(10);
    }

    @Test
    void aStreamThatTakesNoOthersCircuitsTakesItsOwnSlowOneOnceThatIsReady() throws Exception {
        played.completes.drainPermits();
        played.completes.release(1);
        played.holding = 1;
        Thread opener = Thread.startVirtualThread(() -> {
            try {
                open(to(80, A).onDemand());
            } catch (TorException e) {
                throw new AssertionError(e);
            }
        });
        await(() -> played.plans.size() == 2);
        played.releases.release();
        opener.join();
        assertThat(lastCircuit()).isEqualTo(1);
        played.completes.release(10);
    }

    @Test
    void circuitsThroughAGuardThatIsSilentGetNoMoreStreams() throws Exception {
        open(to(80, A));
        played.progress.getFirst().silent();
        open(to(80, A));
        assertThat(outcomes()).containsExactly(Outcome.MISS, Outcome.MISS);
        assertThat(played.circuits.getFirst().isOpen()).as("its streams may go on").isTrue();
    }

    @Test
    void aStreamThatOneExitRefusesIsOpenedAtAnother() throws Exception {
        List<EndReason> reasons = List.of(EndReason.EXITPOLICY, EndReason.RESOURCELIMIT);
        AtomicLong asked = new AtomicLong();
        played.exit = request -> {
            long n = asked.getAndIncrement();
            return n < 2 ? new RelayMessage.End(reasons.get((int) n).code()) : connected();
        };
        open(to(80, A));
        List<Integer> exits = new ArrayList<>();
        played.plans.forEach(plan -> exits.add(plan.exit()));
        assertThat(exits).hasSize(3).doesNotHaveDuplicates();
    }

    @Test
    void aRefusedConnectionIsNotTriedElsewhereAndThreeExitsAreEnough() {
        AtomicLong asked = new AtomicLong();
        played.exit = request -> {
            asked.incrementAndGet();
            return new RelayMessage.End(EndReason.CONNECTREFUSED.code());
        };
        assertKind(ErrorKind.CONNECTION_REFUSED, to(80, A));
        assertThat(asked).hasValue(1);
        played.exit = request -> {
            asked.incrementAndGet();
            return new RelayMessage.End(EndReason.HIBERNATING.code());
        };
        assertKind(ErrorKind.CIRCUIT_FAILED, to(80, B));
        assertThat(asked).hasValue(4);
    }

    @Test
    void aSilentExitIsReplacedInTime() throws Exception {
        pool.setSettings(new PoolSettings(
                Duration.ofMinutes(2), Duration.ofSeconds(1), Duration.ofMinutes(10), null, Duration.ofSeconds(30), false, 32));
        AtomicLong asked = new AtomicLong();
        played.exit = request -> asked.getAndIncrement() == 0 ? null : connected();
        open(to(80, A));
        assertThat(played.plans).extracting(CircuitSource.Plan::exit).hasSizeGreaterThanOrEqualTo(2).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource(value = EndReason.class, names = {"HIBERNATING", "RESOURCELIMIT", "EXITPOLICY"})
    void aCircuitWhoseExitTakesNoStreamsGetsNoMore(EndReason reason) throws Exception {
        AtomicLong asked = new AtomicLong();
        played.exit = request -> asked.getAndIncrement() == 0 ? new RelayMessage.End(reason.code()) : connected();
        open(to(80, A));
        assertThat(played.circuits).hasSize(2);
        open(to(80, A));
        assertThat(lastCircuit()).isEqualTo(played.circuits.get(reason == EndReason.EXITPOLICY ? 0 : 1).id());
    }

    @Test
    void aCircuitWhoseExitIsSilentGetsNoMoreStreams() throws Exception {
        pool.setSettings(new PoolSettings(
                Duration.ofMinutes(2), Duration.ofSeconds(1), Duration.ofMinutes(10), null, Duration.ofSeconds(30), false, 32));
        AtomicLong asked = new AtomicLong();
        played.exit = request -> asked.getAndIncrement() == 0 ? null : connected();
        open(to(80, A));
        open(to(80, A));
        assertThat(lastCircuit()).isNotEqualTo(played.circuits.getFirst().id());
        assertThat(played.circuits.getFirst().isOpen()).as("its streams may go on").isTrue();
    }

    @Test
    void aStreamThatIsGivenUpBeforeItsExitHadItsTimeSaysNothingOfTheCircuit() throws Exception {
        AtomicLong asked = new AtomicLong();
        played.exit = request -> asked.getAndIncrement() == 0 ? null : connected();
        while (asked.get() == 0) { // once, but for a computer that has no second for it
            assertThatThrownBy(() -> pool.openStream(to(80, A), Deadline.in(Duration.ofSeconds(1))))
                    .isInstanceOf(TorException.class);
        }
        long before = lastCircuit();
        open(to(80, A));
        assertThat(lastCircuit()).isEqualTo(before);
    }

    @Test
    void aCircuitThatIsTooSlowIsNotWaitedForIfOthersAreFast() throws Exception {
        for (int i = 0; i < 100; i++) {
            timeouts.built(Duration.ofMillis(100), true);
        }
        pool.start();
        open(to(80, A));
        played.completes.drainPermits();
        Thread waiting = Thread.startVirtualThread(() -> {
            try {
                open(to(80, B));
            } catch (TorException e) {
                throw new AssertionError(e);
            }
        });
        await(() -> played.plans.size() >= 3);
        assertThat(pool.statistics().slow()).isPositive();
        played.completes.release(100);
        waiting.join();
        await(() -> pool.statistics().pending() == 0);
        assertThat(pool.statistics().open()).as("the slow one is closed when it is measured").isEqualTo(2);
    }

    @Test
    void noMoreCircuitsAreBegunAtOnceThanAllowed() throws Exception {
        pool.setSettings(PoolSettings.DEFAULT.withPrediction(false).withMaxPendingCircuits(3));
        played.completes.drainPermits();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            IsolationKey key = IsolationKey.group(10 + i);
            threads.add(Thread.startVirtualThread(() -> {
                try {
                    open(to(80, key));
                } catch (TorException e) {
                    throw new AssertionError(e);
                }
            }));
        }
        await(() -> pool.statistics().pending() == 3);
        Thread.sleep(50);
        assertThat(pool.statistics().pending()).isEqualTo(3);
        played.completes.release(100);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(pool.statistics().open()).isEqualTo(8);
    }

    @Test
    void circuitsAreBuiltAheadForPortsThatWereAskedForAndReplacedWhenTheyAreTaken() throws Exception {
        pool.setSettings(PoolSettings.DEFAULT);
        pool.start();
        await(() -> pool.statistics().unused() >= 2);
        open(to(443, A));
        open(to(443, B));
        assertThat(outcomes()).containsExactly(Outcome.HIT, Outcome.HIT);
        open(to(22, A));
        told.clear();
        for (int i = 0; i < 3; i++) {
            await(() -> readyFor(22) >= PortPredictor.CIRCUITS_PER_PORT);
            open(to(22, IsolationKey.group(20 + i)));
        }
        assertThat(outcomes()).containsOnly(Outcome.HIT);
    }

    @Test
    void aStreamThatFindsAnotherCircuitLeavesTheOneItWaitedForToOthers() throws Exception {
        played.completes.drainPermits();
        Thread waiting = Thread.startVirtualThread(() -> {
            try {
                open(to(80, A));
            } catch (TorException e) {
                throw new AssertionError(e);
            }
        });
        await(() -> played.plans.size() == 1);
        // Another is ready first.
        Thread preparing = Thread.startVirtualThread(() -> {
            try {
                pool.prepare(soon());
            } catch (TorException e) {
                throw new AssertionError(e);
            }
        });
        await(() -> played.plans.size() == 2);
        played.completes.release(1);
        waiting.join();
        played.completes.release(1);
        preparing.join();
        await(() -> pool.statistics().open() == 2);
        assertThat(pool.statistics().unused()).isEqualTo(1);
    }

    /** Of PoolSettings.DEFAULT, but for the ages of circuits. */
    private static PoolSettings aging(Duration dirtiness, Duration period) {
        return new PoolSettings(Duration.ofMinutes(2), null, dirtiness, null, period, false, 32);
    }

    @Test
    void oldCircuitsAreLookedForOnceInNewCircuitPeriod() throws Exception {
        // So long that the keeper has seen the stream go before, however busy the computer is.
        Duration dirtiness = Duration.ofSeconds(2);
        pool.setSettings(aging(dirtiness, Duration.ofHours(1)));
        pool.start();
        pool.openStream(to(80, A), soon()).close();
        Thread.sleep(dirtiness.plusMillis(500));
        assertThat(pool.statistics().open()).as("the hour is not over").isEqualTo(1);
        pool.setSettings(aging(Duration.ofMillis(50), Duration.ofMillis(100)));
        pool.openStream(to(80, B), soon()).close();
        await(() -> pool.statistics().open() == 0);
    }

    @Test
    void aPoolAtRestBuildsNothingAheadUntilAStreamIsAskedFor() throws Exception {
        pool.setSettings(PoolSettings.DEFAULT);
        assertThat(wantedAhead(System.nanoTime())).as("it begins with a port that is likely").isNotNull();
        open(to(22, A));
        pool.rest();
        assertThat(wantedAhead(System.nanoTime())).isNull();
        open(to(22, A));
        assertThat(wantedAhead(System.nanoTime())).isNotNull();
    }

    @Test
    void whenTheNetworkHasChangedNewStreamsGetOtherCircuits() throws Exception {
        open(to(80, A));
        PinnedStreams pinned = pool.pin(80, true, soon());
        pool.networkChanged();
        open(to(80, A));
        assertThat(played.plans).hasSize(3);
        assertThat(lastCircuit()).isEqualTo(played.circuits.getLast().id());
        assertThat(played.circuits).as("streams of before may go on").allMatch(Circuit::isOpen);
        pinned.openStream(to(80, A), soon());
    }

    private @Nullable ExitRequest wantedAhead(long time) {
        pool.state.lock.lock();
        try {
            return PoolKeeper.wanted(pool.state, selector, time);
        } finally {
            pool.state.lock.unlock();
        }
    }

    @Test
    void setsAreBuiltAheadTakenByStreamsAndClosedWithThePool() throws Exception {
        pool.setSettings(PoolSettings.DEFAULT);
        pool.start();
        open(to(443, A));
        await(() -> played.sets.size() == 3 && unclaimedSets() == 3);
        open(to(443, A));
        assertThat(played.sets).filteredOn(set -> set.streamCount() > 0).singleElement()
                .satisfies(set -> assertThat(lastCircuit()).isEqualTo(set.id()));
        await(() -> played.sets.size() == 4);
        pool.setNetworkEnabled(false);
        await(() -> played.sets.stream().noneMatch(ConfluxSet::isOpen));
    }

    /** An exit whose circuits have lost their channel once it is told so, and have not heard of it. */
    private static final class Cut implements PlayedCircuits.Exit {
        private volatile boolean connected = true;

        @Override
        public RelayMessage answer(RelayMessage request) {
            return connected();
        }

        @Override
        public boolean isConnected() {
            return connected;
        }
    }

    @Test
    void aCircuitWhoseChannelHasClosedGetsNoStreamThoughItHasNotHeardOfThatYet() throws Exception {
        Cut cut = new Cut();
        played.exit = cut;
        open(to(443, A));
        open(to(443, A));
        assertThat(played.circuits).hasSize(1);
        cut.connected = false;
        played.exit = request -> connected();
        open(to(443, A));
        assertThat(played.circuits).hasSize(2);
        assertThat(lastCircuit()).isEqualTo(played.circuits.getLast().id());
    }

    @Test
    void aSetThatHasLostAChannelGetsNoStreamAndIsClosedWhenItHasNone() throws Exception {
        Cut cut = new Cut();
        played.exit = cut;
        pool.setSettings(PoolSettings.DEFAULT);
        pool.start();
        open(to(443, A));
        await(() -> unclaimedSets() == 3);
        List<ConfluxSet> before = List.copyOf(played.sets);
        cut.connected = false;
        played.exit = request -> connected();
        open(to(443, A));
        assertThat(before).allSatisfy(set -> assertThat(set.streamCount()).isZero());
        await(() -> before.stream().noneMatch(ConfluxSet::isOpen));
    }

    @Test
    void aSetThatIsReadyTooLateIsClosed() throws Exception {
        played.setBegins.drainPermits();
        pool.setSettings(PoolSettings.DEFAULT);
        pool.start();
        open(to(443, A));
        await(() -> unclaimedSets() == 1);
        pool.setNetworkEnabled(false);
        played.setBegins.release(1);
        await(() -> played.sets.size() == 1 && played.sets.stream().noneMatch(ConfluxSet::isOpen));
        assertThat(unclaimedSets()).isZero();
    }

    @Test
    void whenSetsFailStreamsHaveCircuitsAllTheSameAndTheyAreTriedAgainMoreAndMoreRarely() throws Exception {
        played.setsFail = true;
        pool.setSettings(PoolSettings.DEFAULT);
        pool.start();
        open(to(443, A));
        await(() -> played.setsFailed.get() >= 3);
        open(to(443, B));
        pool.state.lock.lock();
        try {
            assertThat(pool.state.setFailures).isPositive();
            assertThat(pool.state.failures).isZero();
        } finally {
            pool.state.lock.unlock();
        }
        assertThat(played.setsFailed.get()).isLessThan(20);
    }

    private int unclaimedSets() {
        pool.state.lock.lock();
        try {
            return pool.state.circuits.sets(true);
        } finally {
            pool.state.lock.unlock();
        }
    }

    @Test
    void onlyStreamsToLongLivedPortsAskForStableRelays() throws Exception {
        open(to(22, A));
        open(to(80, B));
        assertThat(played.requests).extracting(ExitRequest::stable).containsExactly(true, false);
        selector = PoolWorld.selector(
                selector.dir(), PathSettings.DEFAULT.withLongLivedPorts(PathSettings.ports(80)));
        open(to(22, IsolationKey.group(3)));
        open(to(80, IsolationKey.group(4)));
        assertThat(played.requests).extracting(ExitRequest::stable).containsExactly(true, false, false, true);
    }

    @Test
    void aStreamThatGetsNoCircuitIsGivenUpInTime() {
        played.completes.drainPermits();
        assertThatThrownBy(() -> pool.openStream(to(80, A), Deadline.in(Duration.ofMillis(200))))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
        played.completes.release(100);
    }

    @Test
    void streamsOnDemandHaveCircuitsBuiltForThem() throws Exception {
        pool.setSettings(PoolSettings.DEFAULT);
        pool.start();
        await(() -> pool.statistics().unused() >= 2);
        open(to(80, A).onDemand());
        assertThat(outcomes()).containsExactly(Outcome.MISS);
    }

    @Test
    void itIsCountedForTheGuardHowItsCircuitsFare() throws Exception {
        open(to(80, A));
        played.failing = 1;
        open(to(80, B));
        file.markDirty();
        file.save();
        // Circuits that are open, and streams on them, count as successes.
        assertThat(String.join(" ", file.values("Guard")))
                .contains("pb_use_attempts=2.000000 pb_use_successes=2.000000 pb_circ_attempts=3.000000"
                        + " pb_circ_successes=2.000000 pb_successful_circuits_closed=2.000000");
    }

    @Test
    void aPinnedCircuitIsItsOwnersAlone() throws Exception {
        PinnedStreams pinned = pool.pin(22, true, soon());
        assertThat(pinned.path()).hasSize(3);
        pinned.openStream(to(22, A), soon());
        long others = pinned.circuitId();
        open(to(22, A));
        assertThat(lastCircuit()).isNotEqualTo(others);
        pool.retireAll();
        assertThat(pinned.isOpen()).isTrue();
        pinned.close();
        assertThatThrownBy(() -> pinned.openStream(to(22, A), soon()))
                .isInstanceOf(TorException.class);
        assertThat(pool.statistics().open()).isEqualTo(1);
    }

    @Test
    void afterANewIdentityStreamsGetOtherCircuits() throws Exception {
        open(to(80, A));
        long before = lastCircuit();
        pool.retireAll();
        open(to(80, A));
        assertThat(lastCircuit()).isNotEqualTo(before);
    }

    @Test
    void aCircuitThatEndedIsNotGivenOut() throws Exception {
        open(to(80, A));
        played.circuits.getFirst().close();
        open(to(80, A));
        assertThat(played.plans).hasSize(2);
        assertThat(pool.statistics().open()).isEqualTo(1);
    }

    @Test
    void newSettingsHoldForCircuitsThatAreOpen() throws Exception {
        open(to(80, A));
        String exit = selector.dir().nickname(played.plans.getFirst().exit());
        selector = PoolWorld.selector(
                selector.dir(), PathSettings.DEFAULT.withExcluded(RelaySet.parse(exit), RelaySet.EMPTY));
        guards.update(selector);
        open(to(80, A));
        assertThat(played.plans).hasSize(2);
        assertThat(selector.dir().nickname(played.plans.get(1).exit())).isNotEqualTo(exit);
    }

    @Test
    void withoutNetworkNothingIsOpened() {
        pool.setNetworkEnabled(false);
        assertKind(ErrorKind.CONFIG, to(80, A));
        pool.close();
        assertKind(ErrorKind.CLOSED, to(80, A));
    }

    @Test
    void portsThatNoExitTakesSaySo() {
        assertKind(ErrorKind.NO_EXIT, to(25, A));
    }

    private void assertKind(ErrorKind kind, StreamRequest request) {
        assertThatThrownBy(() -> open(request))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }
}
