package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.path.GuardAttempt.Usability;
import dev.cepa.path.GuardManager.Usage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The sentences of guard-spec, as changed since, and what C tor's test_entrynodes.c checks. */
class GuardManagerTest {
    private static final class Clock implements InstantSource {
        private Instant now = Instant.parse("2026-11-24T01:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        void pass(Duration time) {
            now = now.plus(time);
        }
    }

    private final Clock clock = new Clock();
    private final Random random = new Random(1);
    private final SmallNet net = new SmallNet().realWeights();
    private final TorEvents events = new TorEvents();
    private final List<TorEvent> seen = new ArrayList<>();
    private final StateFile state = StateFile.inMemory("0.4.9.11", clock);
    private PathSettings settings = PathSettings.DEFAULT;
    private GuardManager guards;

    @BeforeEach
    void network() {
        net.many(200, SmallNet.GUARD, 100).many(50, SmallNet.EXIT, 100, 80);
        events.add(seen::add);
        guards = new GuardManager(state, clock, random, events);
        update();
    }

    private boolean update() {
        net.validAfter = clock.now.minusSeconds(1800);
        return guards.update(new PathSelector(net.dir(), settings, random));
    }

    private GuardAttempt select() throws TorException {
        return guards.select(Usage.TRAFFIC, GuardRestriction.NONE);
    }

    private RsaId primary(int i) {
        return guards.primaryGuards().get(i);
    }

    private GuardInfo info(RsaId id) {
        return guards.guards().stream().filter(g -> g.id().equals(id)).findFirst().orElseThrow();
    }

    private SmallNet.Relay relay(RsaId id) {
        return net.relays.get(net.indexOf(id));
    }

    /** Fails the guard that is selected, and again, until all primary guards are down. */
    private void failPrimaries() throws TorException {
        for (int i = 0; i < 3; i++) {
            select().failed(false);
        }
    }

    @Test
    void samplesTwentyGuardsOfWhichThreeArePrimary() {
        assertThat(guards.guards()).hasSize(20);
        assertThat(guards.primaryGuards()).hasSize(3)
                .containsExactlyElementsOf(guards.guards().stream().limit(3).map(GuardInfo::id).toList());
        assertThat(seen).filteredOn(TorEvent.GuardStatus.class::isInstance).hasSize(20)
                .allMatch(e -> ((TorEvent.GuardStatus) e).status().equals("NEW"));
    }

    @Test
    void samplesOnlyStableFastValidGuardsThatAreDirectories() {
        SmallNet other = new SmallNet();
        other.many(5, SmallNet.GUARD, 10).many(5, SmallNet.RUNNING, 10)
                .many(5, SmallNet.GUARD & ~RelayFlags.STABLE, 10)
                .many(5, SmallNet.GUARD & ~RelayFlags.V2_DIR, 10);
        GuardManager few = new GuardManager(StateFile.inMemory("1", clock), clock, random, events);
        few.update(new PathSelector(other.dir(), settings, random));

        assertThat(few.guards()).extracting(GuardInfo::id)
                .containsExactlyInAnyOrder(SmallNet.id(0), SmallNet.id(1), SmallNet.id(2), SmallNet.id(3), SmallNet.id(4));
    }

    @Test
    void aCircuitThroughAPrimaryGuardIsUsableAtOnceAndConfirmsIt() throws TorException {
        GuardAttempt attempt = select();

        assertThat(attempt.guard()).isEqualTo(primary(0));
        assertThat(attempt.relayIn(net.dir())).isEqualTo(net.indexOf(primary(0)));
        assertThat(info(primary(0)).status()).isEqualTo("never-connected");
        assertThat(attempt.succeeded()).isEqualTo(Usability.USABLE);
        assertThat(info(primary(0)).status()).isEqualTo("up");
        assertThat(seen).contains(new TorEvent.GuardStatus("$" + primary(0) + "~" + info(primary(0)).nickname(), "UP"));
    }

    @Test
    void trafficUsesOnePrimaryGuardAndDirectoryFetchesThree() throws TorException {
        Set<RsaId> traffic = new HashSet<>();
        Set<RsaId> directory = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            traffic.add(select().guard());
            directory.add(guards.select(Usage.DIRECTORY, GuardRestriction.NONE).guard());
        }
        assertThat(traffic).containsExactly(primary(0));
        assertThat(directory).containsExactlyInAnyOrderElementsOf(guards.primaryGuards());
    }

    @Test
    void numEntryGuardsOverridesTheConsensus() throws TorException {
        settings = settings.withGuards(true, 2);
        update();
        Set<RsaId> used = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            used.add(select().guard());
        }
        assertThat(used).containsExactlyInAnyOrder(primary(0), primary(1));
    }

    @Test
    void theUserSaysHowManyGuardsArePrimaryAndServeDirectoryFetches() throws TorException {
        settings = with(4, 5, null);
        update();
        assertThat(guards.primaryGuards()).hasSize(5);
        Set<RsaId> used = new HashSet<>();
        for (int i = 0; i < 300; i++) {
            used.add(guards.select(Usage.DIRECTORY, GuardRestriction.NONE).guard());
        }
        assertThat(used).containsExactlyInAnyOrderElementsOf(guards.primaryGuards().subList(0, 4));
    }

    /** The same settings with other numbers of guards, and a time for which each is kept. */
    private PathSettings with(int forDirectory, int primary, @Nullable Duration lifetime) {
        PathSettings s = settings;
        return new PathSettings(
                s.entryNodes(), s.exitNodes(), s.middleNodes(), s.excludeNodes(), s.excludeExitNodes(), s.strictNodes(),
                s.enforceDistinctSubnets(), s.useEntryGuards(), s.numEntryGuards(), forDirectory, primary,
                s.clientUseIpv4(), s.clientUseIpv6(), s.reachableAddresses(), lifetime, s.learnBuildTimeout(),
                s.buildTimeout(), s.longLivedPorts(), s.tuning());
    }

    @Test
    void guardsGoAfterTheLifetimeThatTheUserSaysConfirmedOrNot() throws TorException {
        settings = with(0, 0, Duration.ofDays(20));
        update();
        RsaId unconfirmed = guards.guards().get(5).id();
        RsaId confirmed = primary(0);
        assertThat(select().succeeded()).isEqualTo(Usability.USABLE);
        clock.pass(Duration.ofDays(17)); // the times are blurred by a tenth of the lifetime
        update();
        assertThat(guards.guards()).extracting(GuardInfo::id).contains(unconfirmed, confirmed);
        clock.pass(Duration.ofDays(4));
        update();
        assertThat(guards.guards()).extracting(GuardInfo::id).doesNotContain(unconfirmed, confirmed);
    }

    @Test
    void aLifetimeOfLessThanADayIsLeftToTheConsensus() {
        settings = with(0, 0, Duration.ofHours(23));
        update();
        RsaId first = primary(0);
        clock.pass(Duration.ofDays(50));
        update();
        assertThat(primary(0)).isEqualTo(first);
    }

    @Test
    void aGuardWithoutMicrodescriptorCarriesNoTrafficButServesDirectoryFetches() throws TorException {
        relay(primary(0)).microdesc = false;
        update();

        assertThat(guards.isMissingGuardMicrodesc()).isTrue();
        assertThat(select().guard()).isEqualTo(primary(1));
        Set<RsaId> directory = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            directory.add(guards.select(Usage.DIRECTORY, GuardRestriction.NONE).guard());
        }
        assertThat(directory).contains(primary(0));
    }

    @Test
    void aPathIsNotLedThroughItsExitsFamilyAndThatUsesTheNextGuard() throws TorException {
        int exit = 200;
        net.relays.get(exit).family = 3;
        relay(primary(0)).family = 3;
        update();

        GuardAttempt attempt = guards.select(Usage.TRAFFIC, GuardRestriction.exit(SmallNet.id(exit)));

        assertThat(attempt.guard()).isEqualTo(primary(1));
        assertThat(attempt.succeeded()).isEqualTo(Usability.USABLE);
    }

    @Test
    void theSecondLegOfAConfluxSetTakesAnotherPrimaryGuard() throws TorException {
        assertThat(guards.select(Usage.TRAFFIC, GuardRestriction.excluding(Set.of(primary(0)))).guard())
                .isEqualTo(primary(1));
    }

    @Test
    void aFailedPrimaryGuardIsLeftForTheNextAndRetriedAfterTenMinutes() throws TorException {
        select().failed(false);
        assertThat(info(primary(0)).status()).isEqualTo("never-connected");
        assertThat(select().guard()).isEqualTo(primary(1));

        clock.pass(Duration.ofSeconds(599));
        assertThat(select().guard()).isEqualTo(primary(1));
        clock.pass(Duration.ofSeconds(1));
        assertThat(select().guard()).isEqualTo(primary(0));
    }

    @Test
    void retriesBecomeRarerTheLongerAGuardIsDown() {
        long hour = 3600;
        long day = 86_400;
        assertThat(List.of(0L, 6 * hour, 6 * hour + 1, 4 * day, 4 * day + 1, 7 * day, 7 * day + 1))
                .extracting(down -> Guard.retryDelay(down, true))
                .containsExactly(600L, 600L, 5400L, 5400L, 4 * hour, 4 * hour, 9 * hour);
        assertThat(List.of(0L, 6 * hour, 6 * hour + 1, 4 * day, 4 * day + 1, 7 * day, 7 * day + 1))
                .extracting(down -> Guard.retryDelay(down, false))
                .containsExactly(hour, hour, 4 * hour, 4 * hour, 18 * hour, 18 * hour, 36 * hour);
    }

    @Test
    void aGuardThatAnswersAgainLosesItsHistoryOfFailure() throws TorException {
        select().failed(false);
        clock.pass(Duration.ofHours(7));
        select().failed(false);
        clock.pass(Duration.ofMinutes(10));
        assertThat(select().guard()).as("down for seven hours: 90 minutes from one try to the next").isEqualTo(primary(1));
        clock.pass(Duration.ofMinutes(80));
        assertThat(select().succeeded()).isEqualTo(Usability.USABLE);
        select().failed(false);
        clock.pass(Duration.ofMinutes(10));
        assertThat(select().guard()).isEqualTo(primary(0));
    }

    @Test
    void aCircuitThroughAnotherGuardIsUsableWhenAllPrimaryGuardsAreDown() throws TorException {
        guards.noteInternetConnectivity();
        failPrimaries();
        GuardAttempt attempt = select();

        assertThat(guards.primaryGuards()).doesNotContain(attempt.guard());
        assertThat(attempt.usability()).as("not built yet").isEqualTo(Usability.WAIT);
        assertThat(attempt.succeeded()).isEqualTo(Usability.USABLE);
    }

    @Test
    void aGuardThatIsBeingTriedIsNotTriedTwice() throws TorException {
        failPrimaries();
        RsaId first = select().guard();
        GuardAttempt second = select();
        assertThat(second.guard()).isNotEqualTo(first);
        second.closed();
        assertThat(select().guard()).as("given up, so free again").isEqualTo(second.guard());
    }

    /** Leaves all primary guards down, and a fourth one that is confirmed and up. */
    private RsaId confirmAFourth() throws TorException {
        for (int i = 0; i < 3; i++) {
            GuardAttempt attempt = select();
            assertThat(attempt.succeeded()).isEqualTo(Usability.USABLE);
            attempt.closed();
            select().failed(false);
        }
        GuardAttempt fourth = select();
        assertThat(guards.primaryGuards()).doesNotContain(fourth.guard());
        assertThat(fourth.succeeded()).isEqualTo(Usability.USABLE);
        fourth.closed();
        return fourth.guard();
    }

    @Test
    void aCircuitWaitsWhileABetterGuardIsBeingTriedButNotForMoreThanFifteenSeconds() throws TorException {
        guards.noteInternetConnectivity();
        RsaId fourth = confirmAFourth();
        GuardAttempt better = select();
        GuardAttempt other = select();
        assertThat(better.guard()).isEqualTo(fourth);
        assertThat(other.guard()).isNotEqualTo(fourth);

        assertThat(other.succeeded()).isEqualTo(Usability.WAIT);
        clock.pass(Duration.ofSeconds(14));
        assertThat(other.usability()).isEqualTo(Usability.WAIT);
        clock.pass(Duration.ofSeconds(1));
        assertThat(other.usability()).isEqualTo(Usability.USABLE);
    }

    @Test
    void aCircuitWaitsNoLongerOnceTheBetterGuardHasFailed() throws TorException {
        guards.noteInternetConnectivity();
        confirmAFourth();
        GuardAttempt better = select();
        GuardAttempt other = select();
        assertThat(other.succeeded()).isEqualTo(Usability.WAIT);
        better.failed(false);
        assertThat(other.usability()).isEqualTo(Usability.USABLE);
    }

    @Test
    void aCircuitWaitsAsLongAsThereIsOneThroughABetterGuard() throws TorException {
        guards.noteInternetConnectivity();
        confirmAFourth();
        GuardAttempt better = select();
        GuardAttempt other = select();
        assertThat(better.succeeded()).isEqualTo(Usability.USABLE);
        assertThat(other.succeeded()).isEqualTo(Usability.WAIT);
        clock.pass(Duration.ofSeconds(60));
        assertThat(other.usability()).isEqualTo(Usability.WAIT);
        better.closed();
        assertThat(other.usability()).isEqualTo(Usability.USABLE);
    }

    @Test
    void aBetterGuardThatThePathCouldNotHaveIsNotWaitedFor() throws TorException {
        guards.noteInternetConnectivity();
        RsaId fourth = confirmAFourth();
        GuardAttempt better = select();
        GuardAttempt other = guards.select(Usage.TRAFFIC, GuardRestriction.exit(fourth));
        assertThat(better.guard()).isEqualTo(fourth);
        assertThat(other.succeeded()).isEqualTo(Usability.USABLE);
    }

    @Test
    void aSlowPrimaryGuardIsNotPassedOver() throws TorException {
        guards.noteInternetConnectivity();
        for (int i = 0; i < 2; i++) {
            select().failed(false);
        }
        GuardAttempt slow = select();
        assertThat(slow.guard()).isEqualTo(primary(2));
        // The third primary guard hangs; the circuits asked for meanwhile still go to it.
        assertThat(select().guard()).isEqualTo(primary(2));
        assertThat(slow.succeeded()).isEqualTo(Usability.USABLE);
    }

    @Test
    void aCircuitThatWaitsForTenMinutesIsGivenUp() throws TorException {
        guards.noteInternetConnectivity();
        for (int i = 0; i < 3; i++) {
            GuardAttempt attempt = select();
            assertThat(attempt.succeeded()).isEqualTo(Usability.USABLE);
            attempt.closed();
            select().failed(false);
        }
        GuardAttempt attempt = select();
        assertThat(guards.primaryGuards()).doesNotContain(attempt.guard());
        // A network change lets the primary guards be tried again, so the circuit has to wait for them.
        guards.noteNetworkChange();
        assertThat(attempt.succeeded()).isEqualTo(Usability.WAIT);
        clock.pass(Duration.ofSeconds(600));
        assertThat(attempt.usability()).isEqualTo(Usability.WAIT);
        clock.pass(Duration.ofSeconds(1));
        assertThat(attempt.usability()).isEqualTo(Usability.NEVER);
    }

    @Test
    void anOpenCircuitThroughABetterGuardHoldsNoOtherUpOnceThatGuardIsFoundDown() throws TorException {
        guards.noteInternetConnectivity();
        assertThat(select().succeeded()).as("stays open").isEqualTo(Usability.USABLE);
        failPrimaries();

        assertThat(select().succeeded()).isEqualTo(Usability.USABLE);
    }

    /** All primary guards go down, in silence or not; then something comes. */
    private RsaId failPrimariesThenHear(boolean inSilence) throws TorException {
        for (int i = 0; i < 3; i++) {
            select().failed(inSilence);
        }
        clock.pass(Duration.ofSeconds(30));
        guards.noteInternetConnectivity();
        return select().guard();
    }

    @Test
    void primaryGuardsThatFailedWhileNothingCameFromTheNetworkAreTriedAgainWhenItIsBack() throws TorException {
        guards.noteInternetConnectivity();
        assertThat(failPrimariesThenHear(true)).isEqualTo(primary(0));
    }

    @Test
    void primaryGuardsThatFailedWhileTheNetworkWasUpAreLeftAlone() throws TorException {
        guards.noteInternetConnectivity();
        assertThat(failPrimariesThenHear(false)).isNotIn(guards.primaryGuards());
    }

    @Test
    void theNetworkIsBlamedOnceUntilAPrimaryGuardIsUp() throws TorException {
        assertThat(failPrimariesThenHear(true)).isEqualTo(primary(0));
        assertThat(failPrimariesThenHear(true)).as("they are down in earnest").isNotIn(guards.primaryGuards());
        clock.pass(Duration.ofMinutes(10));
        assertThat(select().succeeded()).isEqualTo(Usability.USABLE);
        assertThat(failPrimariesThenHear(true)).isEqualTo(primary(0));
    }

    @Test
    void aCircuitThroughAnotherGuardShowsThatTheNetworkIsBackAndWaitsForThePrimaryGuards() throws TorException {
        for (int i = 0; i < 3; i++) {
            GuardAttempt attempt = select();
            assertThat(attempt.succeeded()).isEqualTo(Usability.USABLE);
            attempt.closed();
            select().failed(true);
        }
        GuardAttempt other = select();
        assertThat(other.succeeded()).isEqualTo(Usability.WAIT);
        GuardAttempt first = select();
        assertThat(first.guard()).isEqualTo(primary(0));
        first.failed(false);
        select().failed(false);
        assertThat(other.usability()).isEqualTo(Usability.WAIT);
        select().failed(false);
        assertThat(other.usability()).isEqualTo(Usability.USABLE);
    }

    @Test
    void whileAPrimaryGuardIsUpTheNetworkIsNotToBlame() throws TorException {
        select().failed(true);
        select().failed(true);
        assertThat(select().succeeded()).isEqualTo(Usability.USABLE);
        guards.noteInternetConnectivity();
        assertThat(select().guard()).isEqualTo(primary(2));
    }

    @Test
    void afterTheInternetWasDownThePrimaryGuardsAreTriedAgain() throws TorException {
        for (int i = 0; i < 3; i++) {
            GuardAttempt attempt = select();
            assertThat(attempt.succeeded()).isEqualTo(Usability.USABLE);
            select().failed(false);
        }
        GuardAttempt attempt = select();
        clock.pass(Duration.ofSeconds(601));
        // Nothing worked for ten minutes; then this did. So the failures may not have been the guards'.
        assertThat(attempt.succeeded()).isEqualTo(Usability.WAIT);
        assertThat(select().guard()).isEqualTo(primary(0));
    }

    @Test
    void whenNoGuardIsLeftTheNetworkIsDownAndEverythingIsTriedAgainLater() throws TorException {
        NoGuardException down = null;
        int failures = 0;
        while (down == null) {
            try {
                select().failed(false);
                failures++;
            } catch (NoGuardException e) {
                down = e;
            }
        }
        assertThat(failures).as("the sample grows to a fifth of all guards").isEqualTo(40);
        assertThat(guards.guards()).hasSize(40);
        assertThat(down.kind()).isEqualTo(ErrorKind.NETWORK_DOWN);
        assertThat(down.retryAt()).isAfter(clock.now);
        assertThat(select().guard()).isEqualTo(primary(0));
    }

    @Test
    void theSampleIsNeverLargerThanSixtyGuards() throws TorException {
        net.many(1000, SmallNet.GUARD, 100);
        update();
        int failures = 0;
        try {
            while (failures < 1000) {
                select().failed(false);
                failures++;
            }
        } catch (NoGuardException e) {
            assertThat(failures).isEqualTo(60);
        }
        assertThat(guards.guards()).hasSize(60);
    }

    @Test
    void withoutConsensusThereIsNoGuard() {
        GuardManager fresh = new GuardManager(StateFile.inMemory("1", clock), clock, random, events);
        assertThatThrownBy(() -> fresh.select(Usage.TRAFFIC, GuardRestriction.NONE))
                .isInstanceOfSatisfying(NoGuardException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NO_DIRECTORY));
    }

    @Test
    void anUnlistedGuardIsNotUsedAndGoesAfterTwentyDays() throws TorException {
        RsaId lost = primary(0);
        int flags = relay(lost).flags;
        relay(lost).flags = SmallNet.RUNNING;
        update();

        assertThat(guards.primaryGuards()).hasSize(3).doesNotContain(lost);
        assertThat(guards.guards()).extracting(GuardInfo::id).contains(lost);

        relay(lost).flags = flags;
        clock.pass(Duration.ofDays(15));
        update();
        relay(lost).flags = SmallNet.RUNNING;
        update();
        clock.pass(Duration.ofDays(15));
        update();
        assertThat(guards.guards()).as("it was listed in between").extracting(GuardInfo::id).contains(lost);
        clock.pass(Duration.ofDays(6));
        update();
        assertThat(guards.guards()).extracting(GuardInfo::id).doesNotContain(lost);
        assertThat(seen).anyMatch(e -> e instanceof TorEvent.GuardStatus g && g.status().equals("DROPPED"));
    }

    @Test
    void anUnconfirmedGuardGoesAfterItsLifetimeOf120Days() {
        RsaId first = guards.guards().get(5).id();
        clock.pass(Duration.ofDays(107));
        update();
        assertThat(guards.guards()).extracting(GuardInfo::id).contains(first);
        clock.pass(Duration.ofDays(14));
        update();
        assertThat(guards.guards()).extracting(GuardInfo::id).doesNotContain(first);
    }

    @Test
    void aConfirmedGuardGoes60DaysAfterItsConfirmationWhateverTheDateOfSampling() throws TorException {
        RsaId first = primary(0);
        assertThat(select().succeeded()).isEqualTo(Usability.USABLE);
        clock.pass(Duration.ofDays(47));
        update();
        assertThat(primary(0)).isEqualTo(first);
        clock.pass(Duration.ofDays(14));
        update();
        assertThat(guards.guards()).extracting(GuardInfo::id).doesNotContain(first);
    }

    @Test
    void nothingIsRemovedByAConsensusOfLongAgo() {
        RsaId first = primary(0);
        clock.pass(Duration.ofDays(300));
        guards.update(new PathSelector(net.dir(), settings, random));
        assertThat(primary(0)).isEqualTo(first);
    }

    @Test
    void confirmedGuardsStayPrimaryInTheOrderOfSampling() throws TorException {
        List<RsaId> before = guards.primaryGuards();
        select().failed(false);
        select().succeeded();
        clock.pass(Duration.ofMinutes(10));
        update();

        assertThat(guards.primaryGuards()).isEqualTo(before);
        assertThat(select().guard()).isEqualTo(before.get(0));
    }

    @Test
    void fewEntryNodesMakeARestrictedSampleAndLeaveTheOtherAlone() throws TorException {
        List<GuardInfo> normal = guards.guards();
        settings = settings.withEntryNodes(RelaySet.parse("relay5,relay6"));

        assertThat(update()).as("other guards are in use").isTrue();
        assertThat(guards.guards()).extracting(GuardInfo::id)
                .containsExactlyInAnyOrder(SmallNet.id(5), SmallNet.id(6));
        assertThat(select().guard()).isIn(SmallNet.id(5), SmallNet.id(6));

        settings = PathSettings.DEFAULT;
        assertThat(update()).isTrue();
        assertThat(guards.guards()).isEqualTo(normal);
        guards.store();
        assertThat(state.values("Guard")).hasSize(22).filteredOn(l -> l.startsWith("in=restricted")).hasSize(2);
    }

    @Test
    void nearTheBoundTheSampleInUseIsKept() throws TorException {
        // 20 % of 200 guards are 40; the bounds are 38 and 42.
        assertThat(restrictTo(39)).as("from above").isFalse();
        assertThat(restrictTo(37)).isTrue();
        assertThat(restrictTo(41)).as("from below").isFalse();
        assertThat(restrictTo(42)).isTrue();
    }

    private boolean restrictTo(int relays) throws TorException {
        StringBuilder list = new StringBuilder();
        for (int i = 0; i < relays; i++) {
            list.append("relay").append(i).append(',');
        }
        settings = settings.withEntryNodes(RelaySet.parse(list.toString()));
        return update();
    }

    @Test
    void settingsThatExcludeAllGuardsLeaveNoPath() throws TorException {
        settings = settings.withExcluded(RelaySet.parse("*"), RelaySet.EMPTY);
        update();
        assertThatThrownBy(this::select)
                .isInstanceOfSatisfying(NoGuardException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NO_PATH));
        assertThat(seen).anyMatch(TorEvent.Warning.class::isInstance);
    }

    @Test
    void withoutEntryGuardsEveryCircuitHasAnother() throws TorException {
        settings = settings.withGuards(false, 0);
        update();
        Set<RsaId> used = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            GuardAttempt attempt = select();
            used.add(attempt.guard());
            if (i % 2 == 0) {
                attempt.failed(false);
            } else {
                assertThat(attempt.succeeded()).isEqualTo(Usability.USABLE);
            }
        }
        assertThat(used.size()).isGreaterThan(50);
    }

    @Test
    void outdatedCachesAreLeftOutOnlyIfEnoughGuardsAreLeft() throws TorException {
        Set<RsaId> outdated = Set.copyOf(guards.primaryGuards());
        assertThat(guards.select(Usage.DIRECTORY, GuardRestriction.excluding(outdated)).guard()).isNotIn(outdated);

        Set<RsaId> all = new HashSet<>();
        guards.guards().forEach(g -> all.add(g.id()));
        settings = settings.withEntryNodes(RelaySet.parse("relay5,relay6"));
        update();
        assertThat(guards.select(Usage.DIRECTORY, GuardRestriction.excluding(Set.of(SmallNet.id(5), SmallNet.id(6)))).guard())
                .isIn(SmallNet.id(5), SmallNet.id(6));
    }

    @Test
    void guardsSurviveInTheStateFile() throws TorException {
        select().failed(false);
        assertThat(select().succeeded()).isEqualTo(Usability.USABLE);
        assertThat(state.isDirty()).isTrue();
        guards.store();

        GuardManager again = new GuardManager(state, clock, random, events);
        again.update(new PathSelector(net.dir(), settings, random));

        assertThat(again.primaryGuards()).containsExactlyInAnyOrderElementsOf(guards.primaryGuards());
        assertThat(again.guards()).extracting(GuardInfo::id)
                .containsExactlyElementsOf(guards.guards().stream().map(GuardInfo::id).toList());
        again.store();
        assertThat(state.values("Guard")).hasSize(20)
                .filteredOn(l -> l.contains("confirmed_idx=0")).hasSize(1)
                .first().asString().contains(primary(1).toString());
    }

    @Test
    void unknownAndUnreadableGuardLinesAreKept() {
        List<String> lines = List.of(
                "in=bridges rsa_id=" + SmallNet.id(900) + " bridge_addr=192.0.2.1:443 sampled_on=2026-11-01T00:00:00 listed=1",
                "in=default rsa_id=nonsense", "", "rsa_id=" + SmallNet.id(901));
        state.replace("Guard", lines);
        GuardManager again = new GuardManager(state, clock, random, events);
        again.store();
        assertThat(state.values("Guard")).isEqualTo(lines);
    }

    @Test
    void aLineOfCTorIsReadAndWrittenWithItsPathBiasCounts() {
        String line = "in=default rsa_id=" + SmallNet.id(0) + " nickname=auth0 sampled_on=2026-11-17T10:20:13 sampled_idx=0"
                + " sampled_by=0.4.9.11 unlisted_since=2026-11-20T03:53:07 listed=0 confirmed_on=2026-11-17T17:32:36"
                + " confirmed_idx=0 pb_circ_attempts=60.000000 pb_circ_successes=56.000000";
        assertThat(Guard.parse(line, 1).format("default", 0)).isEqualTo(line);
    }

    @Test
    void aLineOfCTorForABridgeIsReadAndWrittenAsItIs() {
        String line = "in=bridges rsa_id=364E6660D937791D859E6B837BA4FFF2DC92A3E0 bridge_addr=127.0.0.1:31757"
                + " sampled_on=2026-11-18T05:19:24 sampled_idx=0 sampled_by=0.4.9.11 listed=1"
                + " confirmed_on=2026-11-27T06:23:56 confirmed_idx=0 pb_circ_attempts=7.000000";
        assertThat(Guard.parse(line, 1).format("bridges", 0)).isEqualTo(line);
        String ipv6 = line.replace("127.0.0.1", "[2001:db8::1]");
        assertThat(Guard.parse(ipv6, 1).format("bridges", 0)).isEqualTo(ipv6);
        assertThat(Guard.parse(line.replace("127.0.0.1", "localhost"), 1)).isNull();
    }

    @Test
    void droppingGuardsSamplesOthers() {
        List<RsaId> before = guards.primaryGuards();
        guards.dropGuards();
        assertThat(guards.primaryGuards()).hasSize(3).isNotEqualTo(before);
    }

    @Test
    void aGuardThatIsGivenUpForItsFailuresIsReplacedAtOnceIfTheUserWantsThat() throws TorException {
        RsaId first = primary(0);
        for (boolean wanted : new boolean[] {false, true}) {
            PathBiasSettings bias = new PathBiasSettings(5, -1, -1, -1, wanted ? 1 : 0, -1, -1, -1, -1, -1);
            settings = settings.withTuning(new PathTuning(false, List.of(), 0, bias));
            update();
            for (int i = 0; i < 8 && guards.primaryGuards().contains(first); i++) {
                GuardAttempt attempt = select();
                assertThat(attempt.guard()).isEqualTo(first);
                assertThat(attempt.succeeded()).isEqualTo(Usability.USABLE);
                attempt.goesOn();
                attempt.ended(false, true);
                attempt.closed();
            }
            assertThat(guards.primaryGuards().contains(first)).isEqualTo(!wanted);
        }
        assertThat(guards.primaryGuards()).hasSize(3);
        assertThat(select().guard()).isEqualTo(primary(0));
    }

    @Test
    void aCircuitThroughADroppedGuardIsNotUsed() throws TorException {
        GuardAttempt attempt = select();
        guards.dropGuards();
        assertThat(attempt.succeeded()).isEqualTo(Usability.NEVER);
    }

    @Test
    void anOutcomeCountsOnce() throws TorException {
        GuardAttempt attempt = select();
        attempt.succeeded();
        attempt.failed(false);
        assertThat(info(attempt.guard()).status()).isEqualTo("up");
        assertThat(attempt.succeeded()).isEqualTo(Usability.NEVER);
        attempt.closed();
        attempt.closed();
    }
}
