package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.path.VanguardSettings.Mode;
import dev.cepa.path.Vanguards.Stem;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The sentences of vanguards-spec, and of proposal 333. */
class VanguardsTest {
    private static final int GUARD = 0;

    private Instant now = Instant.parse("2026-11-24T01:00:00Z");
    private final InstantSource clock = () -> now;
    private final Random random = new Random(1);
    private final SmallNet net = new SmallNet().realWeights();
    private final TorEvents events = new TorEvents();
    private final List<TorEvent> seen = new ArrayList<>();
    private PathSelector selector;

    @BeforeEach
    void network() {
        net.many(20, SmallNet.GUARD, 100).many(100, SmallNet.RUNNING, 100).many(20, SmallNet.EXIT, 100, 80);
        events.add(seen::add);
        update();
    }

    private void update() {
        selector = new PathSelector(net.dir(), PathSettings.DEFAULT, random);
    }

    private Vanguards vanguards(Mode mode, String layer2, String layer3) throws TorException {
        return new Vanguards(
                new VanguardSettings(mode, RelaySet.parse(layer2), RelaySet.parse(layer3)), clock, random, events);
    }

    private Vanguards vanguards(Mode mode) throws TorException {
        return vanguards(mode, "", "");
    }

    private static List<RsaId> ids(int... relays) {
        List<RsaId> ids = new ArrayList<>();
        for (int relay : relays) {
            ids.add(SmallNet.id(relay));
        }
        return ids;
    }

    /** The relays that come in some place of many stems. */
    private Set<Integer> seenAt(Vanguards vanguards, Stem stem, int place) throws TorException {
        Set<Integer> relays = new HashSet<>();
        for (int i = 0; i < 400; i++) {
            relays.add(vanguards.choose(selector, stem, GUARD)[place]);
        }
        return relays;
    }

    @Test
    void bySpecificationLiteIsTheDefaultAndTheConsensusMayTurnItOff() throws TorException {
        assertThat(vanguards(Mode.AUTO).mode(selector)).isEqualTo(Mode.LITE);
        net.params.put("vanguards-lite-enabled", 0);
        update();
        assertThat(vanguards(Mode.AUTO).mode(selector)).isEqualTo(Mode.OFF);
        assertThat(vanguards(Mode.LITE).mode(selector)).isEqualTo(Mode.LITE);
    }

    @Test
    void liteKeepsFourSecondHopsAndDrawsTheLastHopEachTime() throws TorException {
        Vanguards lite = vanguards(Mode.LITE);
        assertThat(lite.choose(selector, Stem.OPEN, GUARD)).hasSize(3).startsWith(GUARD);
        assertThat(seenAt(lite, Stem.OPEN, 1)).hasSize(4);
        assertThat(seenAt(lite, Stem.OPEN, 2).size()).isGreaterThan(80);
        assertThat(lite.choose(selector, Stem.GUARDED, GUARD)).as("there is no third layer").hasSize(3);
        assertThat(lite.secondLayer()).hasSize(4);
        assertThat(lite.thirdLayer()).isEmpty();
        assertThat(seen).filteredOn(e -> e instanceof TorEvent.GuardStatus g && g.status().equals("GOOD_L2")).hasSize(4);
    }

    @Test
    void fullKeepsEightThirdHopsBesideThoseFour() throws TorException {
        Vanguards full = vanguards(Mode.FULL);
        assertThat(full.choose(selector, Stem.OPEN, GUARD)).hasSize(4);
        assertThat(full.choose(selector, Stem.GUARDED, GUARD)).hasSize(3);
        assertThat(seenAt(full, Stem.OPEN, 1)).hasSize(4);
        assertThat(seenAt(full, Stem.OPEN, 2).size()).isBetween(5, 8);
        assertThat(seenAt(full, Stem.GUARDED, 2).size()).isBetween(5, 8);
        assertThat(seenAt(full, Stem.OPEN, 3).size()).isGreaterThan(80);
        assertThat(full.thirdLayer()).hasSize(8);
    }

    @Test
    void withoutVanguardsEveryHopIsDrawnAndFamiliesCount() throws TorException {
        net.relays.get(GUARD).family = 1;
        for (int relay = 20; relay < 120; relay++) {
            net.relays.get(relay).family = 1;
        }
        update();
        Vanguards off = vanguards(Mode.OFF);
        for (int i = 0; i < 200; i++) {
            int[] stem = off.choose(selector, Stem.OPEN, GUARD);
            assertThat(stem).hasSize(3);
            assertThat(selector.canBeTogether(stem[0], stem[1])).isTrue();
            assertThat(selector.canBeTogether(stem[0], stem[2])).isTrue();
            assertThat(selector.canBeTogether(stem[1], stem[2])).isTrue();
        }
        assertThat(seenAt(off, Stem.OPEN, 1).size()).as("of the 19 that are not kin").isGreaterThan(15);
        assertThat(off.mayEndAt(selector, ids(0, 1, 2), SmallNet.id(25))).as("the guard's family").isFalse();
    }

    @Test
    void tenThousandPathsHaveNoRelayWithinTwoHopsOfItself() throws TorException {
        Vanguards full = vanguards(Mode.FULL);
        boolean guardCameAgain = false;
        for (int i = 0; i < 10_000; i++) {
            int guard = random.nextInt(20);
            Stem kind = random.nextBoolean() ? Stem.OPEN : Stem.GUARDED;
            int[] stem = full.choose(selector, kind, guard);
            RsaId target = SmallNet.id(random.nextInt(140));
            List<Integer> path = new ArrayList<>();
            for (int relay : stem) {
                path.add(relay);
                assertThat(selector.dir().flags(relay) & RelayFlags.STABLE).isNotZero();
            }
            if (full.mayEndAt(selector, ids(stem), target)) {
                path.add(net.indexOf(target));
            } else {
                assertThat(ids(stem).subList(stem.length - 2, stem.length)).contains(target);
            }
            for (int at = 1; at < path.size(); at++) {
                assertThat(path.get(at)).isNotEqualTo(path.get(at - 1));
                assertThat(at < 2 ? -1 : path.get(at - 2)).isNotEqualTo(path.get(at));
            }
            guardCameAgain |= path.lastIndexOf(guard) >= 3;
        }
        assertThat(guardCameAgain).isTrue();
    }

    @Test
    void aStemThatIsMadeForARelayCanBeExtendedToIt() throws TorException {
        SmallNet few = new SmallNet().many(3, SmallNet.GUARD, 100).many(4, SmallNet.RUNNING & ~RelayFlags.STABLE, 100);
        PathSelector young = new PathSelector(few.dir(), PathSettings.DEFAULT, random);
        for (Mode mode : List.of(Mode.OFF, Mode.LITE, Mode.FULL)) {
            Vanguards vanguards = vanguards(mode);
            for (int i = 0; i < 200; i++) {
                int end = i % 7;
                // Without vanguards another guard is asked for then.
                int guard = mode == Mode.OFF && end == GUARD ? 1 : GUARD;
                Stem kind = i % 2 == 0 ? Stem.OPEN : Stem.GUARDED;
                int[] stem = vanguards.choose(young, kind, guard, end);
                assertThat(vanguards.mayEndAt(young, ids(stem), SmallNet.id(end))).as("%s %s", mode, stem).isTrue();
            }
        }
    }

    @Test
    void kindredRelaysMayFollowEachOther() throws TorException {
        for (int relay = 0; relay < 140; relay++) {
            net.relays.get(relay).family = 1;
        }
        update();
        Vanguards lite = vanguards(Mode.LITE);
        assertThat(lite.choose(selector, Stem.OPEN, GUARD)).hasSize(3);
        assertThat(lite.mayEndAt(selector, ids(0, 1, 2), SmallNet.id(3))).isTrue();
        assertThat(lite.mayEndAt(selector, ids(0, 1, 2), SmallNet.id(0))).as("the guard").isTrue();
        assertThat(lite.mayEndAt(selector, ids(0, 1, 2), SmallNet.id(1))).isFalse();
        assertThat(lite.mayEndAt(selector, ids(0, 1, 2), SmallNet.id(2))).isFalse();
    }

    @Test
    void aSecondHopIsKeptForOneToTwelveDaysAndMoreOftenLongThanShort() throws TorException {
        List<Long> kept = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            Vanguards lite = vanguards(Mode.LITE);
            lite.choose(selector, Stem.OPEN, GUARD);
            List<RsaId> first = lite.secondLayer();
            Instant begin = now;
            for (int day = 1; day <= 12; day++) {
                now = begin.plus(Duration.ofDays(day)).minusSeconds(1);
                lite.choose(selector, Stem.OPEN, GUARD);
                if (day == 1) {
                    assertThat(lite.secondLayer()).as("less than a day").isEqualTo(first);
                }
                if (!lite.secondLayer().contains(first.getFirst())) {
                    kept.add((long) day);
                    break;
                }
                if (day == 12) {
                    kept.add(13L);
                }
            }
            now = begin.plus(Duration.ofDays(12)).plusSeconds(1);
            lite.choose(selector, Stem.OPEN, GUARD);
            assertThat(lite.secondLayer()).hasSize(4);
            String gone = "$" + first.getFirst() + "~" + net.relays.get(net.indexOf(first.getFirst())).nickname;
            assertThat(seen).contains(new TorEvent.GuardStatus(gone, "BAD_L2"));
            seen.clear();
            now = begin;
        }
        // The greater of two uniform draws from 1 to 12 days is 8 1/3 days on average.
        double average = kept.stream().mapToLong(day -> day).average().orElseThrow();
        assertThat(average).isBetween(8.2, 9.5);
    }

    @Test
    void aThirdHopIsKeptForAnHourToTwoDays() throws TorException {
        Vanguards full = vanguards(Mode.FULL);
        full.choose(selector, Stem.OPEN, GUARD);
        List<RsaId> first = full.thirdLayer();
        now = now.plus(Duration.ofMinutes(59));
        full.choose(selector, Stem.OPEN, GUARD);
        assertThat(full.thirdLayer()).isEqualTo(first);
        now = now.plus(Duration.ofHours(48));
        full.choose(selector, Stem.OPEN, GUARD);
        assertThat(full.thirdLayer()).hasSize(8);
        assertThat(seen).filteredOn(e -> e instanceof TorEvent.GuardStatus g && g.status().equals("BAD_L3")).hasSize(8);
    }

    @Test
    void theConsensusSaysHowManyAndForHowLong() throws TorException {
        net.params.put("guard-hs-l2-number", 7);
        net.params.put("guard-hs-l2-lifetime-min", 10);
        net.params.put("guard-hs-l2-lifetime-max", 20);
        update();
        Vanguards lite = vanguards(Mode.LITE);
        lite.choose(selector, Stem.OPEN, GUARD);
        List<RsaId> first = lite.secondLayer();
        assertThat(first).hasSize(7);
        now = now.plusSeconds(9);
        lite.choose(selector, Stem.OPEN, GUARD);
        assertThat(lite.secondLayer()).isEqualTo(first);
        now = now.plusSeconds(11);
        lite.choose(selector, Stem.OPEN, GUARD);
        assertThat(seen).filteredOn(e -> e instanceof TorEvent.GuardStatus g && g.status().equals("BAD_L2")).hasSize(7);
    }

    @Test
    void aSecondHopThatIsUnlistedOrLosesItsFlagsIsReplaced() throws TorException {
        Vanguards lite = vanguards(Mode.LITE);
        lite.choose(selector, Stem.OPEN, GUARD);
        List<RsaId> first = lite.secondLayer();
        net.relays.get(net.indexOf(first.get(0))).flags &= ~RelayFlags.STABLE;
        net.relays.get(net.indexOf(first.get(1))).flags &= ~RelayFlags.RUNNING;
        net.relays.get(net.indexOf(first.get(2))).microdesc = false;
        update();
        for (int i = 0; i < 100; i++) {
            assertThat(lite.choose(selector, Stem.OPEN, GUARD)[1]).isNotEqualTo(net.indexOf(first.get(2)));
        }
        assertThat(lite.secondLayer()).hasSize(4)
                .contains(first.get(3))
                .as("its microdescriptor will come").contains(first.get(2))
                .doesNotContain(first.get(0), first.get(1));
    }

    @Test
    void aNewIdentityHasOtherRelays() throws TorException {
        Vanguards lite = vanguards(Mode.LITE);
        lite.choose(selector, Stem.OPEN, GUARD);
        List<RsaId> first = lite.secondLayer();
        lite.renew();
        lite.choose(selector, Stem.OPEN, GUARD);
        assertThat(lite.secondLayer()).hasSize(4).isNotEqualTo(first);
    }

    @Test
    void relaysThatTheUserNamesAreTakenAndAThirdLayerMakesItFull() throws TorException {
        Vanguards named = vanguards(Mode.AUTO, "relay30,relay31", "relay40,relay41,relay42");
        assertThat(named.mode(selector)).isEqualTo(Mode.FULL);
        assertThat(seenAt(named, Stem.OPEN, 1)).containsExactlyInAnyOrder(30, 31);
        assertThat(seenAt(named, Stem.OPEN, 2)).containsExactlyInAnyOrder(40, 41, 42);
        assertThat(vanguards(Mode.OFF, "relay30", "").choose(selector, Stem.OPEN, GUARD)[1]).isEqualTo(30);
    }

    @Test
    void namedRelaysOfWhichNoneIsThereLeaveNoPath() throws TorException {
        Vanguards named = vanguards(Mode.AUTO, "nowhere", "");
        assertThatThrownBy(() -> named.choose(selector, Stem.OPEN, GUARD))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NO_PATH))
                .hasMessageContaining("HSLayer2Nodes");
    }

    @Test
    void aNetworkOfFewRelaysStillHasPaths() throws TorException {
        SmallNet small = new SmallNet().many(3, SmallNet.GUARD, 10);
        PathSelector few = new PathSelector(small.dir(), PathSettings.DEFAULT, random);
        Vanguards lite = vanguards(Mode.LITE);
        for (int i = 0; i < 20; i++) {
            assertThat(lite.choose(few, Stem.OPEN, GUARD)).doesNotHaveDuplicates().hasSize(3);
        }
        assertThat(lite.secondLayer()).hasSize(3);
    }
}
