package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** The platform's own calendar is the oracle. */
class UtcTimeTest {
    private static final long YEAR_1 = -62_135_596_800L;
    private static final long YEAR_9999_ENDS = 253_402_300_799L;

    @Property
    void namesTheSameDayAndTimeAsThePlatform(@ForAll @LongRange(min = YEAR_1, max = YEAR_9999_ENDS) long second) {
        LocalDateTime expected = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
        UtcTime time = UtcTime.of(second);
        assertThat(time)
                .isEqualTo(new UtcTime(
                        expected.getYear(),
                        expected.getMonthValue(),
                        expected.getDayOfMonth(),
                        expected.toLocalTime().toSecondOfDay()));
        assertThat(time.dayOfWeek()).isEqualTo(expected.getDayOfWeek().getValue());
    }

    @Test
    void namesEveryDayOfFourHundredYears() {
        long first = Instant.parse("1800-01-01T00:00:00Z").getEpochSecond();
        for (int day = 0; day < 146_097; day++) {
            UtcTime time = UtcTime.of(first + 86_400L * day);
            assertThat(UtcTime.seconds(time.year(), time.month(), time.day(), 0, 0, 0)).isEqualTo(first + 86_400L * day);
        }
    }

    @Property
    void takesTheDaysAndTimesThatThereAre(
            @ForAll @IntRange(min = -1, max = 10_001) int year,
            @ForAll @IntRange(max = 13) int month,
            @ForAll @IntRange(max = 32) int day,
            @ForAll Random random) {
        int hour = random.nextInt(-1, 25);
        int minute = random.nextInt(-1, 61);
        int second = random.nextInt(-1, 60);
        assertThat(UtcTime.seconds(year, month, day, hour, minute, second))
                .isEqualTo(expected(year, month, day, hour, minute, second));
    }

    private static long expected(int year, int month, int day, int hour, int minute, int second) {
        try {
            return year < 1 || year > 9999
                    ? UtcTime.NONE
                    : LocalDateTime.of(year, month, day, hour, minute, second).toEpochSecond(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return UtcTime.NONE;
        }
    }

    @Test
    void aLeapSecondIsTheFirstOfTheNextMinute() {
        assertThat(UtcTime.seconds(2016, 12, 31, 23, 59, 60)).isEqualTo(UtcTime.seconds(2017, 1, 1, 0, 0, 0));
        assertThat(UtcTime.seconds(2016, 12, 31, 23, 59, 61)).isEqualTo(UtcTime.NONE);
    }

    @Test
    void appendsAsTorWrites() {
        StringBuilder out = new StringBuilder();
        UtcTime time = UtcTime.of(Instant.parse("2026-01-02T03:04:05Z").getEpochSecond());
        time.appendDate(out);
        time.appendTime(out.append(' '));
        assertThat(out).hasToString("2026-01-02 03:04:05");
    }
}
