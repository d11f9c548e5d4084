package dev.cepa.benchmark;

/** Amounts of memory and data in words. */
public final class Bytes {
    private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Bytes() {}

    /**
     * An amount with its unit: {@code 512 B}, {@code 1.0 KiB}, {@code 47.3 MiB}. Units are powers of 1024, one digit after
     * the point, rounded to the nearest; an amount that would be shown as 1024.0 is shown as 1.0 of the next unit.
     */
    public static String format(long bytes) {
        if (bytes == Long.MIN_VALUE) {
            return "-8.0 EiB";
        }
        if (bytes < 0) {
            return "-" + format(-bytes);
        }
        if (bytes < 1024) {
            return bytes + " B";
        }
        int unit = 0;
        double amount = bytes / 1024.0;
        while (Math.round(amount * 10) >= 10_240 && unit < UNITS.length - 1) {
            amount /= 1024;
            unit++;
        }
        long tenths = Math.round(amount * 10);
        return tenths / 10 + "." + tenths % 10 + " " + UNITS[unit];
    }
}
