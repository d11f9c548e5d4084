package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.DesiredUx;
import dev.cepa.cell.RsaId;
import dev.cepa.circuit.ConfluxSet;
import dev.cepa.circuit.PlayedCircuits;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.netdoc.TestDirectory;
import dev.cepa.path.BuildTimeouts;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.GuardManager;
import dev.cepa.path.GuardRestriction;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import dev.cepa.path.RelaySet;
import dev.cepa.path.StateFile;
import dev.cepa.pool.CircuitSource.Plan;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sets of circuits in the pool: their paths, how many there are, and which streams get them. */
class ConfluxPoolTest {
    private static final Duration DIRTY = Duration.ofMinutes(10);
    private static final IsolationKey A = IsolationKey.group(1);
    private static final IsolationKey B = IsolationKey.group(2);
    private static final String ABLE = "Conflux=1 FlowCtrl=1-2 Link=4-5 Relay=2-4";
    private static final String UNABLE = "FlowCtrl=1-2 Link=4-5 Relay=2-4";

    private final TorEvents events = new TorEvents();
    private final StateFile file = StateFile.inMemory("1", InstantSource.system());
    private final GuardManager guards = new GuardManager(file, InstantSource.system(), new Random(1), events);
    private final PathSelector selector = selector(network(3, 3));
    private final CircuitList circuits = new CircuitList();
    private long now = 7_000_000_000L;

    /** Eight guards, eight relays, and exits of which some can join circuits. */
    private static TestDirectory network(int exits, int able) {
        TestDirectory network = new TestDirectory().validAfter(Instant.now().minusSeconds(60));
        for (int i = 0; i < 8; i++) {
            network.relay("guard" + i).with(RelayFlags.GUARD).protocols(ABLE);
            network.relay("middle" + i).protocols(ABLE);
        }
        for (int i = 0; i < exits; i++) {
            network.relay("exit" + i).with(RelayFlags.EXIT).policy("accept 22,80,443").protocols(i < able ? ABLE : UNABLE);
        }
        return network;
    }

    private static PathSelector selector(TestDirectory network) {
        return new PathSelector(network.build(), PathSettings.DEFAULT, new Random(7));
    }

    private static ConfluxParams params(TestDirectory network) {
        return ConfluxParams.of(network.build(), ConfluxChoice.Mode.AUTO);
    }

    private LegPaths paths(PathSelector by, int legs) throws TorException {
        guards.update(by);
        return new LegPaths(by, guards, ExitRequest.ipv4(80, true), legs);
    }

    // ---- paths ----

    @Test
    void legsShareTheirExitAndNothingElse() throws Exception {
        Set<Integer> firstGuards = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            List<Plan> legs = paths(selector, 2).chooseAll();
            assertThat(legs).hasSize(2);
            List<Integer> relays = new ArrayList<>();
            for (Plan leg : legs) {
                assertThat(leg.exit()).isEqualTo(legs.getFirst().exit());
                assertThat(leg.attempt().relayIn(selector.dir())).isEqualTo(leg.guard());
                relays.add(leg.guard());
                relays.add(leg.middle());
                leg.attempt().closed();
            }
            relays.add(legs.getFirst().exit());
            assertThat(relays).doesNotHaveDuplicates();
            firstGuards.add(legs.getFirst().guard());
        }
        assertThat(firstGuards).as("one guard, as circuits have").hasSize(1);
    }

    @Test
    void legsKeepClearOfOneAnothersFamiliesAndSubnets() throws Exception {
        TestDirectory network = network(2, 2);
        // Three guards and three other relays in one subnet.
        for (int relay = 0; relay < 6; relay++) {
            network.relay(relay).ipv4("44.44.0." + (1 + relay), 9001);
        }
        PathSelector by = selector(network);
        for (int i = 0; i < 100; i++) {
            List<Plan> legs = paths(by, 2).chooseAll();
            int[] all = {legs.get(0).guard(), legs.get(0).middle(), legs.get(1).guard(), legs.get(1).middle()};
            for (int a = 0; a < all.length; a++) {
                for (int b = 0; b < a; b++) {
                    assertThat(by.canBeTogether(all[a], all[b])).isTrue();
                }
            }
            legs.forEach(leg -> leg.attempt().closed());
        }
    }

    @Test
    void exitsThatCannotJoinCircuitsAreNotChosen() throws Exception {
        PathSelector by = selector(network(5, 1));
        for (int i = 0; i < 50; i++) {
            List<Plan> legs = paths(by, 2).chooseAll();
            assertThat(by.dir().nickname(legs.getFirst().exit())).isEqualTo("exit0");
            legs.forEach(leg -> leg.attempt().closed());
        }
        assertThatThrownBy(() -> paths(selector(network(5, 0)), 2))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NO_EXIT));
    }

    @Test
    void aLegThatFailedGetsAnotherWayToTheSameExit() throws Exception {
        LegPaths paths = paths(selector, 2);
        List<Plan> legs = paths.chooseAll();
        while (guards.primaryGuards().contains(selector.dir().rsaId(legs.get(0).middle()))) {
            // The only guard that is left must not be the other leg's middle relay.
            legs.forEach(leg -> leg.attempt().closed());
            paths = paths(selector, 2);
            legs = paths.chooseAll();
        }
        legs.get(1).attempt().failed(false);
        Plan again = paths.chooseAgain(1);
        assertThat(again.exit()).isEqualTo(legs.get(0).exit());
        assertThat(again.guard()).as("its guard is down").isNotIn(legs.get(0).guard(), legs.get(1).guard());
        assertThat(again.middle()).isNotIn(legs.get(0).guard(), legs.get(0).middle(), again.guard());
    }

    @Test
    void aSetIsNoReasonToUseMoreGuardsThanWeHave() throws Exception {
        guards.update(selector);
        int primary = guards.primaryGuards().size();
        // As many legs as primary guards can be; one more would need another guard.
        paths(selector, primary).chooseAll().forEach(leg -> leg.attempt().closed());
        assertThatThrownBy(() -> paths(selector, primary + 1).chooseAll())
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NO_PATH));
        List<RsaId> before = guards.primaryGuards();
        for (Plan leg : paths(selector, 2).chooseAll()) {
            leg.attempt().succeeded();
        }
        GuardAttempt next = guards.select(GuardManager.Usage.TRAFFIC, GuardRestriction.NONE);
        assertThat(next.guard()).as("circuits stay with the first guard").isEqualTo(before.getFirst());
    }

    /** C tor: a malicious exit could have us build legs again and again, and blame our guards. */
    @Test
    void legsAreNotCountedForOrAgainstTheirGuards() throws Exception {
        for (Plan leg : paths(selector, 2).chooseAll()) {
            leg.attempt().goesOn();
            leg.attempt().complete();
            leg.attempt().used();
            leg.attempt().ended(false, true);
        }
        file.markDirty();
        file.save();
        assertThat(file.values("Guard")).isNotEmpty().noneMatch(line -> line.contains(" pb_"));
    }

    // ---- how many ----

    @ParameterizedTest
    @CsvSource({"10, 10, 3", "10, 6, 3", "10, 5, 1", "10, 1, 1", "10, 0, 0"})
    void asManyAreKeptReadyAsExitsMakeWorthwhile(int exits, int able, int prebuilt) {
        assertThat(params(network(exits, able)).prebuilt()).isEqualTo(prebuilt);
    }

    @Test
    void theConsensusAndTheUserDecideWhetherThereAreAny() {
        assertThat(params(network(2, 2)).wantsSets()).isTrue();
        assertThat(params(network(2, 2).param("cfx_enabled", 0)).wantsSets()).isFalse();
        assertThat(params(network(2, 2).param("cc_alg", 0)).wantsSets()).isFalse();
        assertThat(params(network(2, 2).param("cfx_num_legs_set", 1)).wantsSets()).isFalse();
        assertThat(params(network(2, 2).param("cfx_max_prebuilt_set", 0)).wantsSets()).isFalse();
        NetDir off = network(2, 2).param("cfx_enabled", 0).build();
        assertThat(ConfluxParams.of(off, ConfluxChoice.Mode.ON).wantsSets()).isTrue();
        assertThat(ConfluxParams.of(network(2, 2).build(), ConfluxChoice.Mode.OFF).wantsSets()).isFalse();
        NetDir fixed = network(2, 2).param("cc_alg", 0).build();
        assertThat(ConfluxParams.of(fixed, ConfluxChoice.Mode.ON).wantsSets()).as("without congestion control").isFalse();
    }

    @Test
    void theConsensusSetsTheNumbers() {
        ConfluxParams usual = params(network(2, 2));
        assertThat(usual).isEqualTo(new ConfluxParams(2, 10, 3, 3, Integer.MAX_VALUE));
        ConfluxParams other = params(network(2, 2)
                .param("cfx_num_legs_set", 9)
                .param("cfx_max_legs_set", 4)
                .param("cfx_max_linked_set", 5)
                .param("cfx_max_prebuilt_set", 2)
                .param("cfx_max_unlinked_leg_retry", 1)
                .param("cfx_max_oooq_bytes", 100_000));
        assertThat(other).isEqualTo(new ConfluxParams(4, 5, 2, 1, 100_000));
    }

    @Test
    void setsAreBuiltOnceACircuitIsThereAndUpToTheirNumber() throws Exception {
        BuildTimeouts timeouts =
                new BuildTimeouts(file, PathSettings.DEFAULT, InstantSource.system(), new Random(2), events);
        PoolState state = new PoolState(PoolSettings.DEFAULT, timeouts, new Random(3), now);
        ConfluxParams three = params(network(3, 3));
        state.predictor.used(443, now);
        assertThat(PoolKeeper.wantedSet(state, selector, three, now)).as("circuits come first").isNull();
        PooledCircuit circuit = new PooledCircuit(selector, true, 0, 1, 16);
        state.circuits.add(circuit);
        state.circuits.ready(circuit, DIRTY, now);
        for (int i = 0; i < 3; i++) {
            ExitRequest wanted = PoolKeeper.wantedSet(state, selector, three, now);
            assertThat(wanted).isNotNull();
            assertThat(wanted.port()).isEqualTo(443);
            PooledCircuit set = new PooledCircuit(paths(selector, 2).chooseAll());
            state.circuits.add(set);
            assertThat(PoolKeeper.wantedSet(state, selector, three, now)).as("one after the other").isNull();
            state.circuits.ready(set, DIRTY, now);
        }
        assertThat(PoolKeeper.wantedSet(state, selector, three, now)).isNull();
        // One is somebody's, so that another is built; but not beyond the most.
        PooledCircuit taken = state.circuits.all().get(1);
        CircuitList.own(taken, claim(A, true));
        assertThat(PoolKeeper.wantedSet(state, selector, three, now)).isNotNull();
        assertThat(PoolKeeper.wantedSet(state, selector, new ConfluxParams(2, 3, 3, 3, 1), now)).isNull();
        state.setRetryAt = now + 1;
        assertThat(PoolKeeper.wantedSet(state, selector, three, now)).as("one has just failed").isNull();
    }

    // ---- which streams get them ----

    private Claim claim(IsolationKey key, boolean sets) {
        return new Claim(key, circuits.epoch(), ExitRequest.ipv4(80, false), true, false, null, sets);
    }

    private PooledCircuit circuit() {
        PooledCircuit c = new PooledCircuit(selector, false, 0, 1, 16);
        circuits.add(c);
        circuits.ready(c, DIRTY, now);
        return c;
    }

    private PooledCircuit set() throws TorException {
        PooledCircuit c = new PooledCircuit(paths(selector, 2).chooseAll());
        circuits.add(c);
        assertThat(circuits.take(claim(A, true), selector, DIRTY, now)).as("while it is built").isNotSameAs(c);
        circuits.ready(c, DIRTY, now);
        return c;
    }

    private PooledCircuit take(Claim claim) {
        PooledCircuit taken = circuits.take(claim, selector, DIRTY, now);
        if (taken != null) {
            circuits.opened(taken);
        }
        return taken;
    }

    @Test
    void streamsGetASetRatherThanACircuitAndStayThere() throws Exception {
        PooledCircuit circuit = circuit();
        assertThat(take(claim(A, true))).isSameAs(circuit);
        PooledCircuit set = set();
        assertThat(take(claim(A, true))).as("as in C tor, even from a circuit of their own").isSameAs(set);
        PooledCircuit other = set();
        assertThat(take(claim(A, true))).isSameAs(set);
        assertThat(take(claim(B, true))).isSameAs(other);
        assertThat(take(claim(IsolationKey.group(3), true))).as("all taken, and the circuit is A's").isNull();
    }

    @Test
    void whoMustHaveOneCircuitGetsNoSet() throws Exception {
        set();
        assertThat(take(claim(A, false))).isNull();
        PooledCircuit circuit = circuit();
        assertThat(take(claim(A, false))).isSameAs(circuit);
    }

    @Test
    void nobodyWaitsForASetThatIsBeingBuilt() throws Exception {
        PooledCircuit set = new PooledCircuit(paths(selector, 2).chooseAll());
        circuits.add(set);
        assertThat(circuits.await(claim(A, true), selector, now)).isNull();
        assertThat(circuits.pending()).isZero();
    }

    @Test
    void aNewIdentityAndAgeLeaveSetsAsTheyLeaveCircuits() throws Exception {
        PooledCircuit set = set();
        take(claim(A, true));
        circuits.startEpoch();
        assertThat(take(claim(A, true))).isNull();
        assertThat(circuits.retire(selector, DIRTY, now)).containsExactly(set);
        PooledCircuit next = set();
        take(claim(A, true));
        now += DIRTY.plusSeconds(1).toNanos();
        assertThat(take(claim(A, true))).isNull();
        assertThat(circuits.retire(selector, DIRTY, now)).containsExactly(next);
        PooledCircuit unused = set();
        now += DIRTY.plusSeconds(1).toNanos();
        assertThat(circuits.retire(selector, DIRTY, now)).containsExactly(unused);
    }

    @Test
    void aSetThroughARelayThatIsSilentGetsNoNewStreamsWhicheverLegItIs() throws Exception {
        for (int i = 0; i < 6; i++) {
            List<Plan> legs = paths(selector, 2).chooseAll();
            PooledCircuit set = new PooledCircuit(legs);
            circuits.add(set);
            circuits.ready(set, DIRTY, now);
            Plan leg = legs.get(i % 2);
            int silent = i < 2 ? leg.guard() : i < 4 ? leg.middle() : leg.exit();
            circuits.doubtThrough(selector.dir().rsaId(silent));
            assertThat(take(claim(IsolationKey.group(10 + i), true))).isNull();
        }
    }

    @Test
    void settingsThatForbidAnyOfItsRelaysForbidTheSet() throws Exception {
        List<Plan> legs = paths(selector, 2).chooseAll();
        PooledCircuit set = new PooledCircuit(legs);
        assertThat(set.isAllowedBy(selector)).isTrue();
        String name = selector.dir().rsaId(legs.get(1).middle()).toString();
        PathSettings without = PathSettings.DEFAULT.withExcluded(RelaySet.parse(name), RelaySet.EMPTY);
        assertThat(set.isAllowedBy(new PathSelector(selector.dir(), without, new Random(1)))).isFalse();
    }

    @Test
    void aSetThatLacksALegGetsNoNewStreamsAndEndsWithItsLastOne() throws Exception {
        PooledCircuit pooled = set();
        ConfluxSet set = PlayedCircuits.openSet(5, events, request -> null);
        pooled.circuit = set;
        pooled.streams = set::streamCount;
        assertThat(take(claim(A, true))).isSameAs(pooled);
        set.openOptimistic("a.test", 80, 0);
        set.legs().get(1).close();
        if (set.isOpen()) {
            assertThat(set.isWhole()).isFalse();
            assertThat(take(claim(A, true))).isNull();
            assertThat(circuits.retire(selector, DIRTY, now)).isEmpty();
        }
        set.close();
        assertThat(circuits.retire(selector, DIRTY, now)).containsExactly(pooled);
    }

    @Test
    void whatTheUserWishesIsAskedOfExits() {
        ConfluxChoice choice = new ConfluxChoice(ConfluxChoice.Mode.ON, DesiredUx.MIN_LATENCY);
        PoolSettings settings = PoolSettings.DEFAULT.withConflux(choice).withPrediction(true).withMaxPendingCircuits(3)
                .withShortRelevance(true).withMaxCircuitDirtiness(DIRTY);
        assertThat(settings.conflux()).isEqualTo(choice);
        assertThat(PoolSettings.DEFAULT.conflux()).isEqualTo(ConfluxChoice.DEFAULT);
    }
}
