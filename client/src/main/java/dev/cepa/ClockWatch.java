package dev.cepa;

import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Notices when the computer has slept or its clock has been set, by comparing the clock on the wall with the monotonic
 * one, which goes on evenly and, on most systems, not while the computer sleeps. Not thread-safe.
 */
final class ClockWatch {
    /** Less is what clocks are adjusted by. */
    static final Duration JUMP = Duration.ofSeconds(100);
    /** So long between two looks, the program itself has not run. */
    static final Duration STANDSTILL = Duration.ofHours(1);

    private final InstantSource clock;
    private final LongSupplier nanoTime;
    private long wallMillis;
    private long monotonicNanos;

    /**
     * What happened between two looks.
     *
     * @param time by how much the clock went on, negative if back, or how long nothing ran
     * @param standstill whether both clocks went on alike, so that it was the program that stood still
     */
    record Jump(Duration time, boolean standstill) {}

    ClockWatch(InstantSource clock, LongSupplier nanoTime) {
        this.clock = clock;
        this.nanoTime = nanoTime;
        wallMillis = clock.millis();
        monotonicNanos = nanoTime.getAsLong();
    }

    /** What has happened since the last look; null if nothing out of the ordinary. To be called every few seconds. */
    @Nullable Jump look() {
        long millis = clock.millis();
        long nanos = nanoTime.getAsLong();
        Duration wall = Duration.ofMillis(millis - wallMillis);
        Duration monotonic = Duration.ofNanos(nanos - monotonicNanos);
        wallMillis = millis;
        monotonicNanos = nanos;
        if (wall.minus(monotonic).abs().compareTo(JUMP) >= 0) {
            return new Jump(wall, false);
        }
        return wall.compareTo(STANDSTILL) >= 0 ? new Jump(wall, true) : null;
    }
}
