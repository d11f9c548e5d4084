package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LifetimeTest {
    private static final Instant VALID_AFTER = Instant.parse("2026-11-24T04:00:00Z");
    private static final Lifetime HOURLY = lifetime(Duration.ofHours(1), Duration.ofHours(3));
    private static final Lifetime MINUTELY = lifetime(Duration.ofMinutes(1), Duration.ofMinutes(3));

    private static final Duration DIST = Duration.ofMinutes(5);

    private final Random random = new Random(1);

    @Test
    void fetchesTheNextConsensusOnceTheCachesHaveItAndWellBeforeOursExpires() {
        Instant earliest = VALID_AFTER.plus(Duration.ofMinutes(105));
        // Seven eighths of the 75 minutes that are left.
        Instant latest = earliest.plusSeconds(75 * 60 * 7 / 8);
        Instant least = Instant.MAX;
        Instant most = Instant.MIN;
        for (int i = 0; i < 2000; i++) {
            Instant at = HOURLY.nextFetch(VALID_AFTER.plusSeconds(60), random);
            assertThat(at).isBetween(earliest, latest);
            least = at.isBefore(least) ? at : least;
            most = at.isAfter(most) ? at : most;
        }
        assertThat(least).isBefore(earliest.plusSeconds(60));
        assertThat(most).isAfter(latest.minusSeconds(60));
    }

    @Test
    void fetchesWithinTheLifetimeHoweverFastANetworkVotes() {
        for (int seconds = 1; seconds < 400; seconds++) {
            for (int factor = 1; factor <= 3; factor++) {
                Lifetime fast = lifetime(Duration.ofSeconds(seconds), Duration.ofSeconds((long) seconds * factor + 1));
                assertThat(fast.nextFetch(VALID_AFTER, random)).isBefore(fast.validUntil());
            }
        }
    }

    @Test
    void replacesAnExpiredConsensusAtOnce() {
        Instant late = VALID_AFTER.plus(Duration.ofHours(4));
        assertThat(HOURLY.nextFetch(late, random)).isEqualTo(late);
    }

    @Test
    void aConsensusIsReasonablyLiveADayBeforeAndAfter() {
        Duration day = Duration.ofDays(1);
        assertThat(HOURLY.isReasonablyLive(VALID_AFTER.minus(day), day)).isTrue();
        assertThat(HOURLY.isReasonablyLive(VALID_AFTER.minus(day).minusSeconds(1), day)).isFalse();
        assertThat(HOURLY.isReasonablyLive(HOURLY.validUntil().plus(day), day)).isTrue();
        assertThat(HOURLY.isReasonablyLive(HOURLY.validUntil().plus(day).plusSeconds(1), day)).isFalse();
    }

    @Test
    void aConsensusFromTheFutureShowsThatTheClockIsSlow() {
        assertThat(HOURLY.clockBehind(VALID_AFTER, DIST)).isZero();
        assertThat(HOURLY.clockBehind(VALID_AFTER.minusSeconds(360), DIST)).isZero();
        assertThat(HOURLY.clockBehind(VALID_AFTER.minusSeconds(361), DIST)).isEqualTo(Duration.ofSeconds(361));
        assertThat(HOURLY.clockBehind(VALID_AFTER.plus(Duration.ofDays(9)), DIST)).isZero();
    }

    @Test
    void asksForWhatIsNewerThanThreeMinutesOrHalfAnInterval() {
        assertThat(HOURLY.ifModifiedSince()).isEqualTo(VALID_AFTER.plusSeconds(180));
        assertThat(MINUTELY.ifModifiedSince()).isEqualTo(VALID_AFTER.plusSeconds(30));
    }

    @Test
    void asksForDifferencesFromTheLastThreeDays() {
        assertThat(HOURLY.mayAskForDiff(VALID_AFTER.plus(Duration.ofHours(72)), 72)).isTrue();
        assertThat(HOURLY.mayAskForDiff(VALID_AFTER.plus(Duration.ofHours(72)).plusSeconds(1), 72)).isFalse();
    }

    @Test
    void waitsBetweenTheBaseAndThreeTimesTheWaitBefore() {
        Backoff backoff = new Backoff(random, Duration.ofSeconds(1), Duration.ofSeconds(60));
        long before = 0;
        boolean reachedTheMost = false;
        for (int i = 0; i < 200; i++) {
            long wait = backoff.next().toMillis();
            assertThat(wait).isBetween(1000L, Math.clamp(3 * before, 1001L, 60_000L));
            reachedTheMost |= wait == 60_000;
            before = wait;
        }
        assertThat(reachedTheMost).isTrue();
        backoff.reset();
        assertThat(backoff.next()).isEqualTo(Duration.ofSeconds(1));
    }

    private static Lifetime lifetime(Duration interval, Duration whole) {
        return new Lifetime(VALID_AFTER, VALID_AFTER.plus(interval), VALID_AFTER.plus(whole));
    }
}
