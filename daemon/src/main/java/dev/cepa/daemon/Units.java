package dev.cepa.daemon;

import org.jspecify.annotations.Nullable;

/** Numbers with units, as torrc writes sizes and times. Each table is name, factor, name, factor, and so on. */
final class Units {
    /** In bytes. */
    static final Object[] MEMORY = {
        "", 1L, "b", 1L, "byte", 1L, "bytes", 1L,
        "kb", 1L << 10, "kbyte", 1L << 10, "kbytes", 1L << 10, "kilobyte", 1L << 10, "kilobytes", 1L << 10,
        "kilobits", 1L << 7, "kilobit", 1L << 7, "kbits", 1L << 7, "kbit", 1L << 7,
        "m", 1L << 20, "mb", 1L << 20, "mbyte", 1L << 20, "mbytes", 1L << 20, "megabyte", 1L << 20,
        "megabytes", 1L << 20, "megabits", 1L << 17, "megabit", 1L << 17, "mbits", 1L << 17, "mbit", 1L << 17,
        "gb", 1L << 30, "gbyte", 1L << 30, "gbytes", 1L << 30, "gigabyte", 1L << 30, "gigabytes", 1L << 30,
        "gigabits", 1L << 27, "gigabit", 1L << 27, "gbits", 1L << 27, "gbit", 1L << 27,
        "tb", 1L << 40, "tbyte", 1L << 40, "tbytes", 1L << 40, "terabyte", 1L << 40, "terabytes", 1L << 40,
        "terabits", 1L << 37, "terabit", 1L << 37, "tbits", 1L << 37, "tbit", 1L << 37
    };

    /** In seconds; a month is a twelfth of a year. */
    static final Object[] SECONDS = {
        "", 1L, "second", 1L, "seconds", 1L, "minute", 60L, "minutes", 60L, "hour", 3600L, "hours", 3600L,
        "day", 86_400L, "days", 86_400L, "week", 604_800L, "weeks", 604_800L, "month", 2_629_728L, "months", 2_629_728L
    };

    /** In milliseconds. */
    static final Object[] MILLISECONDS = {
        "", 1L, "msec", 1L, "millisecond", 1L, "milliseconds", 1L, "second", 1000L, "seconds", 1000L,
        "minute", 60_000L, "minutes", 60_000L, "hour", 3_600_000L, "hours", 3_600_000L,
        "day", 86_400_000L, "days", 86_400_000L, "week", 604_800_000L, "weeks", 604_800_000L
    };

    private static final long MALFORMED = -1;
    private static final long UNKNOWN_UNIT = -2;
    private static final long OVERFLOW = -3;

    private Units() {}

    /** The number of the table's smallest unit; negative if the text is not one. */
    static long parse(String given, Object[] table) {
        String text = given.stripLeading();
        if (text.startsWith("+")) {
            text = text.substring(1);
        }
        int end = 0;
        boolean fraction = false;
        while (end < text.length() && (isDigit(text.charAt(end)) || text.charAt(end) == '.' && !fraction)) {
            fraction |= text.charAt(end++) == '.';
        }
        if (end == 0 || end == 1 && fraction) {
            return MALFORMED;
        }
        String unit = text.substring(end).strip();
        for (int i = 0; i < table.length; i += 2) {
            if (unit.equalsIgnoreCase((String) table[i])) {
                return scale(text.substring(0, end), fraction, (Long) table[i + 1]);
            }
        }
        return UNKNOWN_UNIT;
    }

    private static long scale(String number, boolean fraction, long factor) {
        try {
            if (!fraction) {
                return Math.multiplyExact(Long.parseLong(number), factor);
            }
            double value = Double.parseDouble(number) * factor;
            return value < Long.MAX_VALUE ? (long) value : OVERFLOW;
        } catch (ArithmeticException | NumberFormatException e) {
            return OVERFLOW;
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** What is wrong with a text, null if nothing is. */
    static @Nullable String problem(String text, Object[] table, long max) {
        long value = parse(text, table);
        if (value == MALFORMED) {
            return "Provided value is malformed or out of bounds: Unable to parse " + text + " as a number";
        }
        if (value == UNKNOWN_UNIT) {
            return "Provided value is malformed or out of bounds: Unknown unit in " + text;
        }
        if (value == OVERFLOW) {
            return "Provided value is malformed or out of bounds: Overflow while parsing " + text;
        }
        return value > max ? "Provided value " + text + " is too large" : null;
    }
}
