package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.PlayedCircuits;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.path.VanguardSettings.Mode;
import dev.cepa.path.Vanguards.Stem;
import dev.cepa.pool.StemList.Pending;
import dev.cepa.pool.StemList.Ready;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which onion-service circuits are begun, kept and let go, on a clock of its own. */
class StemListTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Predicate<Ready> ANY = stem -> true;

    private final StemList stems = new StemList();
    private long now = System.nanoTime();

    @BeforeEach
    void lock() {
        stems.lock.lock();
    }

    private Ready stem(Stem kind) throws TorException {
        Circuit circuit = PlayedCircuits.open(1, new TorEvents(), request -> null);
        return new Ready(circuit, kind, Mode.LITE, List.of(), null, now);
    }

    @Test
    void eachWhoWaitsHasOneBegunAndASlowOneIsJoinedByAnother() {
        assertThat(stems.reserve(Stem.OPEN, now)).as("nobody waits").isNull();
        stems.waiting(Stem.OPEN, 1);
        assertThat(stems.reserve(Stem.OPEN, now)).isNotNull();
        assertThat(stems.reserve(Stem.OPEN, now)).isNull();
        stems.waiting(Stem.OPEN, 1);
        assertThat(stems.reserve(Stem.OPEN, now)).isNotNull();
        assertThat(stems.reserve(Stem.GUARDED, now)).isNull();
        now += PooledCircuit.PATIENCE.toNanos();
        assertThat(stems.reserve(Stem.OPEN, now)).isNotNull();
    }

    @Test
    void noMoreThanEightAreBuiltAtOnce() {
        stems.waiting(Stem.OPEN, 20);
        int begun = 0;
        while (stems.reserve(Stem.OPEN, now) != null) {
            begun++;
        }
        assertThat(begun).isEqualTo(8);
    }

    @Test
    void oneThatWaitsForABetterGuardIsJoinedByAnotherAfterAMoment() {
        stems.waiting(Stem.OPEN, 1);
        Pending first = stems.reserve(Stem.OPEN, now);
        stems.held(first, now);
        assertThat(stems.reserve(Stem.OPEN, now)).isNull();
        now += SECOND / 2;
        assertThat(stems.reserve(Stem.OPEN, now)).isNotNull();
    }

    @Test
    void afterAFailureThereIsAPauseThatGrowsAndEndsWithSuccess() throws TorException {
        stems.waiting(Stem.OPEN, 1);
        TorException failure = new TorException(ErrorKind.CIRCUIT_FAILED, "played");
        for (int i = 0; i < 10; i++) {
            stems.settle(stems.reserve(Stem.OPEN, now), null, failure, now);
            assertThat(stems.reserve(Stem.OPEN, now)).isNull();
            now += 4 * SECOND;
        }
        assertThat(stems.failures()).isEqualTo(10);
        Pending next = stems.reserve(Stem.OPEN, now);
        assertThat(stems.settle(next, stem(Stem.OPEN), null, now)).as("kept").isNull();
        assertThat(stems.reserve(Stem.OPEN, now)).isNotNull();
    }

    @Test
    void aNetworkThatIsDownDoesNotMakeThoseWhoWaitFail() {
        stems.waiting(Stem.OPEN, 1);
        stems.settle(stems.reserve(Stem.OPEN, now), null, new TorException(ErrorKind.NETWORK_DOWN, "played"), now);
        assertThat(stems.failures()).isZero();
    }

    @Test
    void threeAreKeptOfAKindThatWasUsedWithinTheHour() throws TorException {
        assertThat(stems.wanted(now)).isNull();
        stems.used(Stem.GUARDED, now);
        for (int i = 0; i < StemList.READY; i++) {
            Pending next = stems.wanted(now);
            assertThat(next.kind).isEqualTo(Stem.GUARDED);
            if (i > 0) {
                stems.settle(next, stem(Stem.GUARDED), null, now);
            }
        }
        assertThat(stems.wanted(now)).as("two are there and one is coming").isNull();
        assertThat(stems.isIdle(now)).isFalse();
        stems.waiting(Stem.GUARDED, 1);
        assertThat(stems.take(Stem.OPEN, ANY)).isNull();
        assertThat(stems.take(Stem.GUARDED, ANY)).isNotNull();
        assertThat(stems.wanted(now)).isNotNull();
        now += Duration.ofHours(1).toNanos();
        assertThat(stems.wanted(now)).isNull();
        assertThat(stems.retire(ANY, now)).hasSize(1);
        assertThat(stems.isIdle(now)).isTrue();
    }

    @Test
    void nothingIsBuiltForOneWhoHasBeenServed() throws TorException {
        stems.used(Stem.OPEN, now);
        for (int i = 0; i < StemList.READY; i++) {
            stems.settle(stems.wanted(now), stem(Stem.OPEN), null, now);
        }
        stems.waiting(Stem.OPEN, 1);
        assertThat(stems.take(Stem.OPEN, ANY)).isNotNull();
        assertThat(stems.wanted(now)).as("in its place").isNotNull();
        assertThat(stems.wanted(now)).isNull();
        assertThat(stems.reserve(Stem.OPEN, now)).isNull();
    }

    @Test
    void whatIsUnfitOrOldIsRetired() throws TorException {
        stems.waiting(Stem.OPEN, 2);
        stems.settle(stems.reserve(Stem.OPEN, now), stem(Stem.OPEN), null, now);
        assertThat(stems.retire(ANY, now)).isEmpty();
        assertThat(stems.retire(s -> false, now)).hasSize(1);
        stems.settle(stems.reserve(Stem.OPEN, now), stem(Stem.OPEN), null, now);
        now += Duration.ofMinutes(46).toNanos();
        assertThat(stems.retire(ANY, now)).hasSize(1);
    }

    @Test
    void whatWasBegunBeforeANewIdentityIsNotUsedAfterIt() throws TorException {
        stems.waiting(Stem.OPEN, 1);
        Pending before = stems.reserve(Stem.OPEN, now);
        stems.used(Stem.OPEN, now);
        stems.removeAll(false);
        Ready late = stem(Stem.OPEN);
        assertThat(stems.settle(before, late, null, now)).as("too much").isSameAs(late);
        assertThat(stems.wanted(System.nanoTime())).as("others are wanted all the same").isNotNull();
        stems.removeAll(true);
        assertThat(stems.isIdle(now)).isTrue();
    }

    @Test
    void aClosedListGivesNothing() throws TorException {
        stems.close();
        stems.waiting(Stem.OPEN, 1);
        assertThat(stems.reserve(Stem.OPEN, now)).isNull();
        assertThatThrownBy(stems::checkOpen)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLOSED));
    }
}
