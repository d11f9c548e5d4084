package dev.cepa.benchmark;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Numbers in words, the same in every report. */
final class Words {
    private Words() {}

    /** A time with three significant digits: {@code 850 µs}, {@code 12.3 ms}, {@code 4.56 s}, {@code 2 m 5 s}. */
    static String duration(Duration time) {
        double seconds = time.toNanos() / 1e9;
        if (seconds >= 120) {
            long whole = Math.round(seconds);
            return whole / 60 + " m " + whole % 60 + " s";
        }
        if (seconds >= 1) {
            return number(seconds) + " s";
        }
        return seconds >= 1e-3 ? number(seconds * 1e3) + " ms" : number(seconds * 1e6) + " µs";
    }

    /** A number with three significant digits, whole ones whole. */
    static String number(double value) {
        if (!Double.isFinite(value)) {
            return "not known";
        }
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            return Long.toString((long) value);
        }
        BigDecimal exact = BigDecimal.valueOf(value);
        return Math.abs(value) >= 100
                ? exact.setScale(0, RoundingMode.HALF_UP).toPlainString()
                : exact.round(new MathContext(3, RoundingMode.HALF_UP)).toPlainString();
    }

    /** A number with its unit; bytes in KiB and MiB. */
    static String amount(double value, String unit) {
        if (Double.isFinite(value) && (unit.equals("bytes") || unit.startsWith("bytes/"))) {
            return Bytes.format(Math.round(value)) + unit.substring("bytes".length());
        }
        return unit.isEmpty() ? number(value) : number(value) + " " + unit;
    }

    /** What a metric must be, such as {@code at most 5 ms}; null without a target. */
    static @Nullable String target(Metric metric) {
        Double target = metric.target();
        if (target == null) {
            return null;
        }
        return (metric.goal() == Metric.Goal.AT_MOST ? "at most " : "at least ") + amount(target, metric.unit());
    }

    /** Memory, or that it is not known. */
    static String memory(long bytes) {
        return bytes == MemorySnapshot.UNKNOWN ? "not known" : Bytes.format(bytes);
    }

    /** Milliseconds of a time, for files. */
    static double millis(Duration time) {
        return time.toNanos() / 1e6;
    }
}
