package dev.cepa.netdoc;

/**
 * A date and time of day in UTC, by the Gregorian calendar, from year 1 on; a leap second is the first of the next minute.
 * Instead of {@code java.time}'s dates, whose year brings a formatter and some fifty classes along.
 *
 * @param year 1 to 9999
 * @param month 1 to 12
 * @param day 1 to 31
 * @param secondOfDay 0 to 86,399
 */
public record UtcTime(int year, int month, int day, int secondOfDay) {
    private static final long SECONDS_PER_DAY = 86_400;
    /** From 0000-03-01 to 1970-01-01. */
    private static final long DAYS_BEFORE_1970 = 719_468;
    private static final int DAYS_IN_400_YEARS = 146_097;
    /** What {@link #seconds} answers to what is no time. */
    public static final long NONE = Long.MIN_VALUE;

    /** The time that many seconds after 1970. */
    public static UtcTime of(long epochSecond) {
        long sinceMarch = Math.floorDiv(epochSecond, SECONDS_PER_DAY) + DAYS_BEFORE_1970;
        // Years that begin in March, with the leap day as their last.
        long cycle = Math.floorDiv(sinceMarch, DAYS_IN_400_YEARS);
        int inCycle = (int) Math.floorMod(sinceMarch, (long) DAYS_IN_400_YEARS);
        int year = (inCycle - inCycle / 1460 + inCycle / 36_524 - inCycle / 146_096) / 365;
        int inYear = inCycle - (365 * year + year / 4 - year / 100);
        int month = (5 * inYear + 2) / 153;
        int day = inYear - (153 * month + 2) / 5 + 1;
        return new UtcTime(
                (int) (cycle * 400) + year + (month >= 10 ? 1 : 0),
                month < 10 ? month + 3 : month - 9,
                day,
                (int) Math.floorMod(epochSecond, SECONDS_PER_DAY));
    }

    /**
     * Seconds from 1970 to that time, or {@link #NONE} if there is no such day or time of day.
     *
     * @param second 0 to 60
     */
    public static long seconds(int year, int month, int day, int hour, int minute, int second) {
        if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)
                || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
            return NONE;
        }
        int fromMarch = (month + 9) % 12;
        long y = month < 3 ? year - 1L : year;
        long days = 365 * y + y / 4 - y / 100 + y / 400 + (153L * fromMarch + 2) / 5 + day - 1 - DAYS_BEFORE_1970;
        return days * SECONDS_PER_DAY + hour * 3600L + minute * 60L + second;
    }

    /** 1 for Monday to 7 for Sunday. */
    public int dayOfWeek() {
        long days = Math.floorDiv(seconds(year, month, day, 0, 0, 0), SECONDS_PER_DAY);
        return (int) Math.floorMod(days + 3, 7L) + 1;
    }

    /** Appends the date, {@code 2026-11-24}. */
    public void appendDate(StringBuilder out) {
        out.append(year);
        two(out.append('-'), month);
        two(out.append('-'), day);
    }

    /** Appends the time of day, {@code 03:42:00}. */
    public void appendTime(StringBuilder out) {
        two(out, secondOfDay / 3600);
        two(out.append(':'), secondOfDay / 60 % 60);
        two(out.append(':'), secondOfDay % 60);
    }

    private static int daysIn(int year, int month) {
        if (month == 2) {
            return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
        }
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }

    private static void two(StringBuilder out, int value) {
        out.append((char) ('0' + value / 10)).append((char) ('0' + value % 10));
    }
}
