package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.BridgeRelay;
import dev.cepa.netdoc.BridgedNetDir;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.netdoc.TestDescriptors;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PathSelectorTest {
    private final SmallNet net = new SmallNet();
    private final Random random = new Random(7);

    private PathSelector selector(PathSettings settings) {
        return new PathSelector(net.dir(), settings, random);
    }

    private PathSelector selector() {
        return selector(PathSettings.DEFAULT);
    }

    @Test
    void theRestOfAPathKeepsAwayFromItsBridge() throws TorException {
        net.many(4, SmallNet.EXIT, 100, 80);
        net.relays.get(1).family = 7;
        RsaId id = SmallNet.id(900);
        BridgeRelay known = TestDescriptors.bridge(
                id, "bridge", "", "family7", SmallNet.address(10, 0, 77, 77, 443), SmallNet.address(172, 16, 1, 1, 443));
        NetDir dir = BridgedNetDir.of(net.dir(), List.of(known));
        PathSettings settings = PathSettings.DEFAULT.withTuning(PathTuning.DEFAULT.withBridges(List.of(
                BridgeLine.parse("10.0.77.77:443"), BridgeLine.parse("172.16.1.1:443"))));
        PathSelector selector = new PathSelector(dir, settings, random);
        int bridge = dir.indexOf(id);
        // Relay 0 is in its network, relay 1 of its family.
        for (int i = 0; i < 200; i++) {
            int exit = selector.pickExit(ExitRequest.ipv4(80, false), bridge);
            assertThat(exit).isIn(2, 3);
            assertThat(selector.pickMiddle(bridge, exit)).isIn(2, 3).isNotEqualTo(exit);
            assertThat(selector.pickMiddle()).as("and is itself nowhere else").isLessThan(4);
        }
        assertThat(selector.allowsPath(bridge, 2, 3)).isTrue();
        assertThat(selector.allowsPath(bridge, 0, 3)).isFalse();
        assertThat(selector.allowsPath(1, 2, 3)).as("no relay is first that is not a bridge").isFalse();
        assertThat(selector.addresses(known)).hasSize(2);
        PathSelector walled = new PathSelector(
                dir, settings.withReach(true, true, AddressPolicy.parseReachable("accept 172.16.0.0/16:443")), random);
        assertThat(walled.addresses(known)).hasSize(1);
        assertThat(walled.isReachable(bridge)).isTrue();
        PathTuning together = new PathTuning(
                false, List.of(RelaySet.parse("$" + id + ",relay2")), 0, PathBiasSettings.DEFAULT, settings.tuning().bridges());
        assertThat(new PathSelector(dir, settings.withTuning(together), random).canBeTogether(bridge, 2)).isFalse();
    }

    @Test
    void picksFollowTheWeightsOfEachPosition() throws TorException {
        net.weights("Wgg=6000", "Wgm=6000", "Wgd=1000", "Wmg=4000", "Wmm=10000", "Wme=2000", "Wmd=500", "Weg=10000",
                "Wem=10000", "Wee=8000", "Wed=9000", "Wgb=10000", "Wmb=5000", "Web=10000", "Wdb=10000");
        net.add(SmallNet.GUARD, 100);
        net.add(SmallNet.EXIT, 100, 80);
        net.add(SmallNet.GUARD | RelayFlags.EXIT, 200, 80);
        net.add(SmallNet.RUNNING, 300);
        net.add(SmallNet.RUNNING & ~RelayFlags.V2_DIR, 300);

        assertShares(selector -> selector.pickMiddle(), 100 * 0.4, 100 * 0.2, 200 * 0.05, 300 * 0.5, 300);
        assertShares(selector -> selector.pickExit(ExitRequest.ipv4(80, false)), 0, 100 * 0.8, 200 * 0.9, 0, 0);
        assertShares(selector -> selector.pickGuardCandidate(false), 100 * 0.6, 0, 200 * 0.1, 0, 0);
    }

    @Test
    void withoutBandwidthWeightsBandwidthAloneCounts() throws TorException {
        net.add(SmallNet.GUARD, 100);
        net.add(SmallNet.EXIT, 300, 80);

        assertShares(selector -> selector.pickMiddle(), 100, 300);
    }

    @Test
    void relaysWithoutWeightAreChosenEvenlyIfThereAreNoOthers() throws TorException {
        net.realWeights();
        net.many(4, SmallNet.EXIT, 100, 80);

        assertShares(selector -> selector.pickMiddle(), 1, 1, 1, 1);
    }

    @Test
    void choicesAmongTheFewThatFitFollowTheWeightsToo() throws TorException {
        // 2 of 1002 relays take the port, so that almost every draw is turned down.
        net.many(1000, SmallNet.EXIT, 1000, 80);
        int small = net.add(SmallNet.EXIT, 1, 25);
        int large = net.add(SmallNet.EXIT, 3, 25);
        PathSelector selector = selector();
        int larges = 0;
        for (int i = 0; i < 4000; i++) {
            int exit = selector.pickExit(ExitRequest.ipv4(25, false));
            assertThat(exit).isIn(small, large);
            larges += exit == large ? 1 : 0;
        }
        assertThat(larges / 4000.0).isCloseTo(0.75, within(0.03));
    }

    private interface Pick {
        int pick(PathSelector selector) throws TorException;
    }

    /** Pearson's chi-square against the shares that are expected, at a level that a right selector misses once in 10^5. */
    private void assertShares(Pick pick, double... expected) throws TorException {
        PathSelector selector = selector();
        int draws = 20_000;
        int[] seen = new int[expected.length];
        for (int i = 0; i < draws; i++) {
            seen[pick.pick(selector)]++;
        }
        double total = 0;
        for (double e : expected) {
            total += e;
        }
        double chiSquare = 0;
        for (int i = 0; i < expected.length; i++) {
            double e = draws * expected[i] / total;
            if (e == 0) {
                assertThat(seen[i]).as("picks of relay %d", i).isZero();
            } else {
                chiSquare += (seen[i] - e) * (seen[i] - e) / e;
            }
        }
        assertThat(chiSquare).isLessThan(28.5);
    }

    @Test
    void anExitMustTakeThePortOfItsFamily() throws TorException {
        int four = net.add(SmallNet.EXIT, 10, 80);
        int six = net.add(SmallNet.EXIT, 10);
        net.relays.get(six).ports6 = new int[] {80};

        for (int i = 0; i < 100; i++) {
            assertThat(selector().pickExit(ExitRequest.ipv4(80, false))).isEqualTo(four);
            assertThat(selector().pickExit(ExitRequest.ipv6(80, false))).isEqualTo(six);
            assertThat(selector().pickExit(ExitRequest.name(80, false, true))).isEqualTo(four);
            assertThat(selector().pickExit(ExitRequest.name(80, false, false))).isEqualTo(six);
        }
        assertThatThrownBy(() -> selector().pickExit(ExitRequest.ipv4(25, false)))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NO_EXIT))
                .hasMessageContaining("25");
    }

    @Test
    void badExitsMiddleOnlyDownAndInvalidRelaysAndThoseWithoutMicrodescAreNoExits() throws TorException {
        int good = net.add(SmallNet.EXIT, 1, 80);
        net.add(SmallNet.EXIT | RelayFlags.BAD_EXIT, 1000, 80);
        net.add(SmallNet.EXIT | RelayFlags.MIDDLE_ONLY, 1000, 80);
        net.add(SmallNet.EXIT & ~RelayFlags.RUNNING, 1000, 80);
        net.add(SmallNet.EXIT & ~RelayFlags.VALID, 1000, 80);
        net.relays.get(net.add(SmallNet.EXIT, 1000, 80)).microdesc = false;

        for (int i = 0; i < 200; i++) {
            assertThat(selector().pickExit(ExitRequest.ipv4(80, false))).isEqualTo(good);
        }
    }

    @Test
    void longLivedPortsTakeStableRelaysIfThereAreAny() throws TorException {
        net.add(SmallNet.EXIT & ~RelayFlags.STABLE, 1000, 22, 443);
        int stable = net.add(SmallNet.EXIT, 1, 22);

        assertThat(PathSettings.DEFAULT.isLongLived(22)).isTrue();
        assertThat(PathSettings.DEFAULT.isLongLived(80)).isFalse();
        for (int i = 0; i < 50; i++) {
            assertThat(selector().pickExit(ExitRequest.ipv4(22, true))).isEqualTo(stable);
            assertThat(selector().pickMiddle(true)).isEqualTo(stable);
        }
        assertThat(selector().pickExit(ExitRequest.ipv4(443, true))).as("none is stable").isZero();
    }

    @Test
    void exitsThatFailedForAStreamAreAvoided() throws TorException {
        net.add(SmallNet.EXIT, 1000, 80);
        int other = net.add(SmallNet.EXIT, 1, 80);
        ExitRequest request = ExitRequest.ipv4(80, false).avoiding(Set.of(SmallNet.id(0)));

        assertThat(selector().pickExit(request)).isEqualTo(other);
        assertThat(selector().exitSupports(0, request)).isFalse();
    }

    @Test
    void exitNodesAndExcludeExitNodesRestrictExitsOnly() throws TorException {
        net.many(3, SmallNet.EXIT, 10, 80);
        PathSettings only = PathSettings.DEFAULT.withExitNodes(RelaySet.parse("relay1,relay2"))
                .withExcluded(RelaySet.EMPTY, RelaySet.parse("relay2"));

        for (int i = 0; i < 50; i++) {
            assertThat(selector(only).pickExit(ExitRequest.any())).isEqualTo(1);
            assertThat(selector(only).pickMiddle(0, 1)).isEqualTo(2);
        }
        assertThatThrownBy(() -> selector(only).pickExit(ExitRequest.ipv4(81, false)))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NO_PATH));
    }

    @Test
    void middleNodesRestrictTheMiddleOnly() throws TorException {
        net.many(3, SmallNet.EXIT, 10, 80);
        PathSettings settings = PathSettings.DEFAULT.withMiddleNodes(RelaySet.parse("relay2"));

        for (int i = 0; i < 50; i++) {
            assertThat(selector(settings).pickMiddle()).isEqualTo(2);
        }
        assertThatThrownBy(() -> selector(settings).pickMiddle(2)).isInstanceOf(TorException.class);
    }

    @Test
    void relaysOfOneFamilyOrSubnetAreNotTogether() {
        net.many(4, SmallNet.RUNNING, 10);
        net.relays.get(0).family = 1;
        net.relays.get(1).family = 1;
        net.relays.get(2).ipv4 = SmallNet.address(50, 60, 1, 1, 9001);
        net.relays.get(3).ipv4 = SmallNet.address(50, 60, 9, 1, 9001);

        assertThat(selector().canBeTogether(0, 0)).isFalse();
        assertThat(selector().canBeTogether(0, 1)).isFalse();
        assertThat(selector().canBeTogether(0, 2)).isTrue();
        assertThat(selector().canBeTogether(2, 3)).isFalse();
        assertThat(selector(PathSettings.DEFAULT.withDistinctSubnets(false)).canBeTogether(2, 3)).isTrue();
        assertThat(selector(PathSettings.DEFAULT.withDistinctSubnets(false)).canBeTogether(0, 1)).isFalse();
    }

    @Test
    void aPathIsHeldAgainstTheSettingsOfEachPosition() throws TorException {
        net.many(3, SmallNet.GUARD, 10);
        net.relays.get(2).ports4 = new int[] {80};
        net.relays.get(2).ipv4 = SmallNet.address(10, 1, 9, 9, 9001);
        net.relays.get(1).ipv4 = SmallNet.address(10, 7, 9, 9, 9001);
        PathSettings all = PathSettings.DEFAULT;

        assertThat(selector(all).allowsPath(0, 1, 2)).isTrue();
        assertThat(selector(all).allowsPath(0, -1, 2)).as("not listed").isFalse();
        assertThat(selector(all).allowsPath(0, 1, 0)).isFalse();
        for (String relay : new String[] {"relay0", "relay1", "relay2"}) {
            RelaySet excluded = RelaySet.parse(relay);
            assertThat(selector(all.withExcluded(excluded, RelaySet.EMPTY)).allowsPath(0, 1, 2)).as(relay).isFalse();
            assertThat(selector(all.withExcluded(RelaySet.EMPTY, excluded)).allowsPath(0, 1, 2))
                    .isEqualTo(!relay.equals("relay2"));
            assertThat(selector(all.withEntryNodes(excluded)).allowsPath(0, 1, 2)).isEqualTo(relay.equals("relay0"));
            assertThat(selector(all.withMiddleNodes(excluded)).allowsPath(0, 1, 2)).isEqualTo(relay.equals("relay1"));
            assertThat(selector(all.withExitNodes(excluded)).allowsPath(0, 1, 2)).isEqualTo(relay.equals("relay2"));
        }
        AddressPolicy firewall = AddressPolicy.parseReachable("accept *:443");
        assertThat(selector(all.withReach(true, true, firewall)).allowsPath(0, 1, 2)).isFalse();
        net.relays.get(1).ipv4 = SmallNet.address(10, 1, 1, 1, 9001);
        assertThat(selector(all).allowsPath(0, 1, 2)).isFalse();
        assertThat(selector(all.withDistinctSubnets(false)).allowsPath(0, 1, 2)).isTrue();
    }

    @Test
    void directoryCachesAreV2DirRelaysThatTheFirewallLetsThrough() throws TorException {
        net.add(SmallNet.RUNNING & ~RelayFlags.V2_DIR, 1000);
        net.add(SmallNet.RUNNING, 1000);
        int cache = net.add(SmallNet.RUNNING, 1);
        net.relays.get(cache).microdesc = false;
        net.relays.get(cache).ipv4 = SmallNet.address(9, 9, 9, 9, 443);
        PathSettings firewalled = PathSettings.DEFAULT.withReach(true, false, AddressPolicy.parseReachable("*:443"));

        for (int i = 0; i < 50; i++) {
            assertThat(selector(firewalled).pickDirectoryCache()).isEqualTo(cache);
        }
        assertThatThrownBy(() -> selector(firewalled).pickDirectoryCache(cache)).isInstanceOf(TorException.class);
    }

    @Test
    void anExcludedCacheIsBetterThanNoneUnlessStrictNodesIsSet() throws TorException {
        net.many(3, SmallNet.RUNNING, 10);
        PathSettings some = PathSettings.DEFAULT.withExcluded(RelaySet.parse("relay0,relay1"), RelaySet.EMPTY);
        assertThat(selector(some).pickDirectoryCache()).isEqualTo(2);
        assertThat(selector(some).pickDirectoryCache(0, 2)).isEqualTo(1);
        PathSettings strict = some.withStrictNodes(true);
        assertThat(selector(strict).pickDirectoryCache()).isEqualTo(2);
        assertThatThrownBy(() -> selector(strict).pickDirectoryCache(2))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NO_PATH));
        assertThatThrownBy(() -> selector(some).pickMiddle(2)).as("paths are always strict").isInstanceOf(TorException.class);
    }

    @Test
    void theFractionOfPathsIsTheProductOfThreeShares() {
        net.weights("Wgg=10000", "Wgm=10000", "Wgd=10000", "Wmg=0", "Wmm=10000", "Wme=0", "Wmd=0", "Weg=0", "Wem=0",
                "Wee=10000", "Wed=10000", "Wgb=10000", "Wmb=10000", "Web=10000", "Wdb=10000");
        net.many(2, SmallNet.GUARD, 100).many(4, SmallNet.EXIT, 100, 80).many(5, SmallNet.RUNNING, 100);
        assertThat(selector().fractionOfUsablePaths()).isCloseTo(1, within(1e-9));

        net.relays.get(0).microdesc = false;
        net.relays.get(2).microdesc = false;
        net.relays.get(6).microdesc = false;
        assertThat(selector().fractionOfUsablePaths()).isCloseTo(0.5 * 0.75 * 0.8, within(1e-9));
    }

    @Test
    void aNetworkWithoutExitsCountsItsMiddlesAsEnds() {
        net.many(2, SmallNet.GUARD, 100).many(2, SmallNet.RUNNING, 100);
        assertThat(selector().fractionOfUsablePaths()).isCloseTo(1, within(1e-9));
    }

    @Test
    void relaysThatTheUserSaysBelongTogetherAreInDifferentPaths() throws Exception {
        net.many(4, SmallNet.EXIT, 100, 80);
        RelaySet pair = RelaySet.parse("relay0,$" + SmallNet.id(1));
        PathSelector selector = selector(
                PathSettings.DEFAULT.withTuning(new PathTuning(false, List.of(pair), 0, PathBiasSettings.DEFAULT)));
        assertThat(selector().canBeTogether(0, 1)).isTrue();
        assertThat(selector.canBeTogether(0, 1)).isFalse();
        assertThat(selector.canBeTogether(1, 2)).isTrue();
        for (int i = 0; i < 200; i++) {
            assertThat(selector.pickMiddle(0)).isIn(2, 3);
        }
    }

    @Test
    void ipv6AddressesComeFirstIfPreferred() throws Exception {
        net.many(2, SmallNet.GUARD, 100);
        net.relays.get(1).ipv6 = new InetSocketAddress(InetAddress.getByName("2001:db8::1"), 443);
        PathTuning ipv6First = new PathTuning(true, List.of(), 0, PathBiasSettings.DEFAULT);
        SmallNet.Relay both = net.relays.get(1);
        assertThat(selector().addresses(1)).containsExactly(both.ipv4, both.ipv6);
        PathSelector preferring = selector(PathSettings.DEFAULT.withTuning(ipv6First));
        assertThat(preferring.addresses(1)).containsExactly(both.ipv6, both.ipv4);
        assertThat(preferring.addresses(0)).containsExactly(net.relays.get(0).ipv4);
        assertThat(selector(PathSettings.DEFAULT.withReach(false, true, AddressPolicy.ACCEPT_ALL)).addresses(1))
                .containsExactly(both.ipv6);
        assertThat(selector(PathSettings.DEFAULT.withTuning(ipv6First).withReach(true, false, AddressPolicy.ACCEPT_ALL))
                .addresses(1)).containsExactly(both.ipv4);
    }

    @Test
    void exitsThatAreNotKnownYetAreExitsAllTheSame() {
        net.many(6, SmallNet.GUARD, 100);
        net.many(2, SmallNet.EXIT, 100, 80);
        net.relays.get(6).microdesc = false;
        net.relays.get(7).microdesc = false;
        assertThat(selector().fractionOfUsablePaths()).isZero();
        net.relays.get(7).microdesc = true;
        assertThat(selector().fractionOfUsablePaths()).isPositive();
    }
}
