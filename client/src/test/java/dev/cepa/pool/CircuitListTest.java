package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.circuit.PlayedCircuits;
import dev.cepa.event.TorEvents;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import dev.cepa.path.RelaySet;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CircuitListTest {
    private static final Duration DIRTY = Duration.ofMinutes(10);
    private static final Duration IDLE = Duration.ofMinutes(30);
    private static final IsolationKey A = IsolationKey.group(1);
    private static final IsolationKey B = IsolationKey.group(2);

    private final PathSelector selector = PoolWorld.selector();
    private final CircuitList circuits = new CircuitList();
    private long now = 7_000_000_000L;

    private PooledCircuit ready(int exit) {
        PooledCircuit c = building(exit);
        circuits.ready(c, IDLE, now);
        return c;
    }

    private PooledCircuit building(int exit) {
        PooledCircuit c = PoolWorld.circuit(selector, exit);
        circuits.add(c);
        return c;
    }

    private Claim claim(IsolationKey key, int port) {
        return claim(key, port, true);
    }

    private Claim claim(IsolationKey key, int port, boolean prebuilt) {
        return new Claim(key, circuits.epoch(), ExitRequest.ipv4(port, false), prebuilt, false);
    }

    private PooledCircuit take(Claim claim) {
        PooledCircuit taken = circuits.take(claim, selector, DIRTY, now);
        if (taken != null) {
            circuits.opened(taken);
        }
        return taken;
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }

    @Test
    void streamsOfOneKeyShareACircuitAndOthersGetTheirOwn() {
        PooledCircuit first = ready(0);
        PooledCircuit second = ready(0);
        assertThat(take(claim(A, 80))).isSameAs(first);
        assertThat(take(claim(A, 443))).isSameAs(first);
        assertThat(take(claim(B, 80))).isSameAs(second);
        assertThat(take(claim(IsolationKey.group(3), 80))).isNull();
    }

    @Test
    void theExitMustTakeThePortAndMustNotHaveFailedForTheStream() {
        PooledCircuit web = ready(0);
        PooledCircuit all = ready(2);
        assertThat(take(claim(A, 22))).isSameAs(all);
        assertThat(take(claim(A, 80))).as("it is theirs already").isSameAs(all);
        ExitRequest avoiding = ExitRequest.ipv4(80, false).avoiding(Set.of(all.exit));
        assertThat(take(new Claim(A, 0, avoiding, true, false))).isSameAs(web);
        assertThat(take(claim(B, 25))).isNull();
    }

    @Test
    void circuitsWithoutStableRelaysAreNotForStreamsThatLast() {
        PooledCircuit brief = new PooledCircuit(selector, false, PoolWorld.GUARD, PoolWorld.MIDDLE, PoolWorld.EXIT + 2);
        circuits.add(brief);
        circuits.ready(brief, IDLE, now);
        PooledCircuit lasting = ready(2);
        assertThat(take(new Claim(A, 0, ExitRequest.ipv4(22, true), true, false))).isSameAs(lasting);
        assertThat(take(claim(B, 80))).isSameAs(brief);
    }

    @Test
    void aUsedCircuitTakesNoNewStreamsAfterMaxCircuitDirtiness() {
        PooledCircuit first = ready(0);
        take(claim(A, 80));
        pass(DIRTY);
        assertThat(take(claim(A, 80))).isSameAs(first);
        now++;
        assertThat(take(claim(A, 80))).isNull();
        first.streams = () -> 1;
        assertThat(circuits.retire(selector, DIRTY, now)).as("it still carries a stream").isEmpty();
        first.streams = () -> 0;
        assertThat(circuits.retire(selector, DIRTY, now)).containsExactly(first);
        assertThat(circuits.all()).isEmpty();
    }

    @Test
    void aCircuitThatIsKeptAliveAgesFromItsLastUse() {
        PooledCircuit first = ready(0);
        Claim alive = new Claim(A, 0, ExitRequest.ipv4(80, false), true, true);
        for (int i = 0; i < 5; i++) {
            assertThat(take(alive)).isSameAs(first);
            pass(DIRTY);
        }
        now++;
        assertThat(take(alive)).isNull();
    }

    @Test
    void aCircuitThatIsKeptAliveAgesFromWhenAStreamOnItLastBeganOrEnded() throws Exception {
        for (boolean keptAlive : new boolean[] {true, false}) {
            PooledCircuit c = ready(0);
            Claim claim = new Claim(A, 0, ExitRequest.ipv4(80, false), true, keptAlive);
            now = System.nanoTime();
            assertThat(take(claim)).isSameAs(c);
            // The circuit has carried a stream since it was taken, by a clock that is not ours.
            c.circuit = PlayedCircuits.open(1, new TorEvents(), request -> null);
            long lastUsed = c.circuit.lastUsedNanos();
            assertThat(lastUsed - now).isPositive();
            now = lastUsed + DIRTY.toNanos();
            assertThat(circuits.retire(selector, DIRTY, now)).hasSize(keptAlive ? 0 : 1);
            now++;
            assertThat(take(claim)).isNull();
            assertThat(circuits.retire(selector, DIRTY, now)).hasSize(keptAlive ? 1 : 0);
        }
    }

    @Test
    void aCleanCircuitIsKeptUntilItsIdleTimeIsOver() {
        PooledCircuit clean = ready(0);
        pass(IDLE);
        assertThat(circuits.retire(selector, DIRTY, now)).isEmpty();
        now++;
        assertThat(circuits.retire(selector, DIRTY, now)).containsExactly(clean);
        assertThat(clean.state).isEqualTo(PooledCircuit.State.GONE);
    }

    @Test
    void aCircuitIsNotRetiredWhileAStreamIsBeingOpenedOnIt() {
        PooledCircuit taken = ready(0);
        circuits.take(claim(A, 80), selector, DIRTY, now);
        circuits.startEpoch();
        assertThat(circuits.retire(selector, DIRTY, now)).isEmpty();
        circuits.opened(taken);
        assertThat(circuits.retire(selector, DIRTY, now)).containsExactly(taken);
    }

    @Test
    void pinnedCircuitsGrowOldWithTheirOwner() {
        PooledCircuit pinned = ready(0);
        take(claim(A, 80));
        pinned.pinned = true;
        pass(Duration.ofDays(3));
        assertThat(circuits.retire(selector, DIRTY, now)).isEmpty();
        assertThat(take(claim(B, 80))).isNull();
    }

    @Test
    void aStreamWaitsForNoCircuitThatIsSlowOrWaitsItself() {
        PooledCircuit slow = PoolWorld.circuit(selector, 0);
        circuits.add(slow);
        long later = System.nanoTime() + PooledCircuit.PATIENCE.toNanos();
        assertThat(circuits.await(claim(A, 80), selector, later)).isNull();
        slow.held = true;
        assertThat(circuits.await(claim(A, 80), selector, System.nanoTime())).isNull();
        slow.held = false;
        assertThat(circuits.await(claim(A, 80), selector, System.nanoTime())).isSameAs(slow);
    }

    @Test
    void streamsWaitForCircuitsUnderConstructionOfTheirOwnFirst() {
        PooledCircuit clean = building(0);
        PooledCircuit theirs = building(0);
        CircuitList.own(theirs, claim(A, 80));
        assertThat(circuits.await(claim(A, 80), selector, System.nanoTime())).isSameAs(theirs);
        assertThat(circuits.await(claim(B, 80, false), selector, System.nanoTime())).as("on demand").isNull();
        assertThat(circuits.await(claim(B, 80), selector, System.nanoTime())).isSameAs(clean);
        assertThat(circuits.await(claim(IsolationKey.group(3), 80), selector, System.nanoTime())).isNull();
        clean.state = PooledCircuit.State.MEASURING;
        assertThat(circuits.await(claim(B, 80), selector, System.nanoTime())).as("too slow").isNull();
    }

    @Test
    void aCircuitThatNobodyWaitsForAnyMoreIsAnybodys() {
        PooledCircuit c = building(0);
        circuits.await(claim(A, 80), selector, System.nanoTime());
        circuits.await(claim(A, 80), selector, System.nanoTime());
        circuits.letGo(c);
        assertThat(circuits.await(claim(B, 80), selector, System.nanoTime())).isNull();
        circuits.letGo(c);
        assertThat(circuits.await(claim(B, 80), selector, System.nanoTime())).isSameAs(c);
        circuits.ready(c, IDLE, now);
        circuits.letGo(c);
        assertThat(c.key).as("it is there for those who asked").isEqualTo(B);
    }

    @Test
    void onDemandStreamsTakeNoCircuitThatWasThereBefore() {
        ready(0);
        assertThat(take(claim(A, 80, false))).isNull();
        PooledCircuit made = building(1);
        CircuitList.own(made, claim(A, 80, false));
        circuits.ready(made, IDLE, now);
        assertThat(take(claim(A, 80, false))).isSameAs(made);
    }

    @Test
    void aNewIdentityLeavesCleanCircuitsAndEndsUsedOnes() {
        PooledCircuit used = ready(0);
        Claim before = claim(A, 80);
        assertThat(take(before)).isSameAs(used);
        PooledCircuit underway = building(0);
        assertThat(circuits.await(claim(B, 80), selector, System.nanoTime())).isSameAs(underway);
        PooledCircuit clean = ready(0);

        circuits.startEpoch();
        circuits.ready(underway, IDLE, now);
        assertThat(circuits.retire(selector, DIRTY, now)).containsExactlyInAnyOrder(used, underway);
        assertThat(take(claim(A, 80))).isSameAs(clean);
        assertThat(take(before)).as("what was asked for before does not follow").isNull();
    }

    @Test
    void circuitsThatNewSettingsForbidAreNotUsedAndClosedWhenTheyAreEmpty() throws Exception {
        PooledCircuit clean = ready(0);
        PooledCircuit used = ready(2);
        assertThat(take(claim(A, 22))).isSameAs(used);
        used.streams = () -> 1;
        PathSelector without = PoolWorld.selector(
                selector.dir(), PathSettings.DEFAULT.withExcluded(RelaySet.parse("middle0"), RelaySet.EMPTY));
        assertThat(circuits.take(claim(A, 22), without, DIRTY, now)).isNull();
        assertThat(circuits.take(claim(B, 80), without, DIRTY, now)).isNull();
        assertThat(circuits.retire(without, DIRTY, now)).containsExactly(clean);
        used.streams = () -> 0;
        assertThat(circuits.retire(without, DIRTY, now)).containsExactly(used);
    }

    @Test
    void circuitsInDoubtGetNoNewStreamsAndNobodyWaitsForThem() {
        PooledCircuit clean = ready(0);
        PooledCircuit used = ready(0);
        used.key = A;
        used.dirtyAt = now;
        used.streams = () -> 1;
        PooledCircuit pinned = ready(0);
        pinned.key = IsolationKey.group(9);
        pinned.pinned = true;
        PooledCircuit underway = building(0);
        circuits.doubtAll();
        assertThat(take(claim(A, 80))).isNull();
        assertThat(take(claim(B, 80))).isNull();
        assertThat(underway.state).isEqualTo(PooledCircuit.State.MEASURING);
        assertThat(circuits.retire(selector, DIRTY, now)).containsExactly(clean);
        used.streams = () -> 0;
        assertThat(circuits.retire(selector, DIRTY, now)).containsExactly(used);
        assertThat(circuits.all()).containsExactly(pinned, underway);
    }

    @Test
    void countsWhatIsLeftForOthers() {
        ready(0);
        ready(2);
        building(1);
        take(claim(A, 22));
        assertThat(circuits.open()).isEqualTo(2);
        assertThat(circuits.unused()).isEqualTo(1);
        assertThat(circuits.unclaimed()).isEqualTo(2);
        assertThat(circuits.pending()).isEqualTo(1);
        assertThat(circuits.countUnclaimed(ExitRequest.ipv4(80, false), selector)).isEqualTo(2);
        assertThat(circuits.countUnclaimed(ExitRequest.ipv4(22, false), selector)).isZero();
    }
}
