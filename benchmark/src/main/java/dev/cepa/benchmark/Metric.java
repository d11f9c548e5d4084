package dev.cepa.benchmark;

import org.jspecify.annotations.Nullable;

/**
 * One number beside the usual ones, with its target if it has one. Immutable.
 *
 * @param name what was measured, unique within a result, such as {@code p95 latency}
 * @param unit in what, such as {@code ms}, {@code bytes} or {@code s}; empty for a plain number
 * @param actual what it was; not-a-number if it could not be had
 * @param target what it must reach; null if it is only told
 * @param goal on which side of the target it must be; the side that is better where there is no target
 */
public record Metric(String name, String unit, double actual, @Nullable Double target, Goal goal) {
    /** Which side is better. */
    public enum Goal {
        /** Small is good; the target is the largest value that passes. */
        AT_MOST,
        /** Large is good; the target is the smallest value that passes. */
        AT_LEAST,
        /** Neither; it is never compared. */
        NONE
    }

    public Metric {
        if (target != null && goal == Goal.NONE) {
            throw new IllegalArgumentException(name + " has a target but no side of it that is good");
        }
    }

    /** Whether the target is met. True without one; false for what is not a number. */
    public boolean isMet() {
        Double t = target;
        if (t == null) {
            return true;
        }
        return goal == Goal.AT_MOST ? actual <= t : actual >= t;
    }

    /** The same measurement with another target. */
    public Metric withTarget(double newTarget) {
        return new Metric(name, unit, actual, newTarget, goal);
    }
}
