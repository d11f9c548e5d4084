package dev.cepa.onion.pow;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Requests to a service that wait for their turn: those with the most work first, among equals the oldest. How many are
 * waiting, and with how much work, says how much is to be suggested to those who come later. All decisions are C tor's;
 * nothing else is. Not thread-safe.
 *
 * @param <T> a request
 */
public final class EffortQueue<T> {
    /** So many that are not worth the suggested effort are handled at a time. */
    static final int CHEAP_AT_ONCE = 16;
    /** Who has waited longer than that has given up, or will before it is handled. */
    static final Duration PATIENCE = Duration.ofSeconds(15);
    /** Requests that wait, whatever the rate: some megabytes. */
    static final int MOST = 16_384;

    /** A rate's upper mark is what can be handled in that time. */
    private static final int MARK_SECONDS = 60;

    private static final int LOW_WITHOUT_RATE = 16;
    private static final int LEAST_LOW = 8;

    private final int rate;
    private final int burst;
    /** With fewer it counts as empty. */
    private final int low;
    /** With so many the lower half is discarded. */
    private final int high;

    private PriorityQueue<Waiting<T>> waiting = newQueue();
    private long count;
    private double tokens;
    private long refilled;

    private long suggested;
    // Of this period.
    private long handled;
    private long totalEffort;
    private long discardedEffort;
    private boolean wasQueue;

    private record Waiting<T>(T request, long effort, long since, long number) {}

    /**
     * Starts empty, with nothing to suggest.
     *
     * @param rate requests a second that are handled at most; 0: as many as come
     * @param burst how many more after a time in which fewer came; at least the rate
     * @param nanos the time, by {@link System#nanoTime}, as everywhere here
     */
    public EffortQueue(int rate, int burst, long nanos) {
        if (rate < 0 || burst < rate) {
            throw new IllegalArgumentException("rate " + rate + ", burst " + burst);
        }
        this.rate = rate;
        this.burst = burst;
        low = rate == 0 ? LOW_WITHOUT_RATE : Math.max(LEAST_LOW, rate / 4);
        high = rate == 0 ? MOST : (int) Math.min(MOST, burst + (long) rate * MARK_SECONDS);
        tokens = burst;
        refilled = nanos;
    }

    private static <T> PriorityQueue<Waiting<T>> newQueue() {
        return new PriorityQueue<>(Comparator.<Waiting<T>>comparingLong(one -> -one.effort)
                .thenComparingLong(Waiting::number));
    }

    /** Has a request wait, whose work was verified; 0 is no work. */
    public void add(T request, long effort, long nanos) {
        waiting.add(new Waiting<>(request, effort, nanos, count++));
        totalEffort += effort;
        if (waiting.size() >= high) {
            discardHalf(nanos);
        }
    }

    private void discardHalf(long nanos) {
        PriorityQueue<Waiting<T>> kept = newQueue();
        for (Waiting<T> one = waiting.poll(); one != null; one = waiting.poll()) {
            if (kept.size() < high / 2 && !isOld(one, nanos)) {
                kept.add(one);
            } else {
                discardedEffort = Math.max(discardedEffort, one.effort);
            }
        }
        waiting = kept;
    }

    private static boolean isOld(Waiting<?> one, long nanos) {
        return nanos - one.since > PATIENCE.toNanos();
    }

    /**
     * Takes the next request that may be handled now.
     *
     * @param inProgress requests that are being handled
     * @return null if none may; there may be some {@linkplain #size() waiting} none the less
     */
    public @Nullable T poll(int inProgress, long nanos) {
        refill(nanos);
        while (true) {
            Waiting<T> next = waiting.peek();
            if (next == null || inProgress >= CHEAP_AT_ONCE && next.effort < suggested) {
                return null;
            }
            if (isOld(next, nanos)) {
                waiting.remove();
                continue;
            }
            if (rate > 0 && tokens < 1) {
                return null;
            }
            waiting.remove();
            tokens--;
            handled++;
            wasQueue |= waiting.size() >= low;
            return next.request;
        }
    }

    private void refill(long nanos) {
        double seconds = (nanos - refilled) / (double) Duration.ofSeconds(1).toNanos();
        tokens = Math.min(burst, Math.max(0, tokens) + seconds * rate);
        refilled = nanos;
    }

    /** How many wait. */
    public int size() {
        return waiting.size();
    }

    /** The effort that clients should make at first, from 0 to 2^32 - 1. */
    public long suggested() {
        return suggested;
    }

    /** Ends a period, which is to be some minutes long: whether more work is to be suggested, or less, is decided anew. */
    public void endPeriod() {
        Waiting<T> next = waiting.peek();
        if (discardedEffort > suggested || wasQueue && next != null && next.effort >= suggested) {
            long average = handled == 0 ? 0 : totalEffort / handled;
            suggested = Math.min(Puzzle.MAX_EFFORT, Math.max(suggested + 1, average));
        } else if (!wasQueue && waiting.size() < low) {
            suggested = suggested * 2 / 3;
        }
        handled = 0;
        totalEffort = 0;
        discardedEffort = 0;
        wasQueue = false;
    }
}
