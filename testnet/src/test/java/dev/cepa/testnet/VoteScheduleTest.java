package dev.cepa.testnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

class VoteScheduleTest {
    private static final int DAY = 86_400;

    @Property
    void keepsVotesAwayWhileRelaysStart(@ForAll @LongRange(min = 0, max = 4_000_000_000L) long second) {
        Instant now = Instant.ofEpochSecond(second);

        VoteSchedule schedule = VoteSchedule.notYet(now, 60);

        assertThat(schedule.until(now)).isGreaterThanOrEqualTo(Duration.ofSeconds(60));
        assertIsWhatTorComputes(schedule);
        assertThat(schedule.offset()).isBetween(0, 60);
    }

    @Property
    void callsTheVoteAtOnceWhenAllIsReady(@ForAll @LongRange(min = 0, max = 4_000_000_000L) long second) {
        Instant now = Instant.ofEpochSecond(second).plusMillis(900);

        VoteSchedule schedule = VoteSchedule.soon(now, 60);

        assertThat(schedule.until(now)).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(5));
        assertIsWhatTorComputes(schedule);
        assertThat(schedule.offset()).isBetween(0, 59);
    }

    private static void assertIsWhatTorComputes(VoteSchedule schedule) {
        long sinceMidnight = schedule.validAfter().getEpochSecond() % DAY;
        assertThat((sinceMidnight - schedule.offset()) % schedule.initialInterval()).isZero();
    }
}
