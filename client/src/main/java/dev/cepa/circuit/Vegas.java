package dev.cepa.circuit;

/**
 * Tor's variant of TCP Vegas (proposal 324 section 3.3, as C tor 0.4.9 has it). What is sent beyond what the path holds by
 * itself, the product of bandwidth and delay, waits in some relay's queue; so the window less that product is the queue's
 * length, and the window is kept where the queue is short but never empty.
 *
 * <p>The product is not measured: it is the window times the shortest round trip seen over the current one. In <b>slow
 * start</b> the window grows with every SENDME as long as the queue is shorter than gamma. From then on it changes once a
 * window's worth of SENDMEs: one step up below alpha if the window was used, one down above beta, cut to delta above that.
 * A channel of ours that takes no more cells counts like a long queue, at once.
 *
 * <p>A plain state machine: round trips are handed in, in microseconds. Not thread-safe. All arithmetic is that of C tor,
 * rounding included, whose traces the tests replay.
 */
final class Vegas {
    /** A round trip so many times shorter or longer than usual is the clock's doing. */
    private static final int JUMP = 5000;

    private final CongestionSettings s;
    private long window;
    private long inFlight;
    private long shortest;
    private long average;
    private boolean slowStart = true;
    private boolean full;
    private boolean blocked;
    private boolean clockStopped;
    /** SENDMEs until the window may change again. */
    private long untilUpdate = 1;
    /** SENDMEs until a whole window has passed. */
    private long untilWindow;

    Vegas(CongestionSettings settings) {
        s = settings;
        window = settings.windowInitial();
    }

    boolean maySend() {
        return inFlight < window;
    }

    long inFlight() {
        return inFlight;
    }

    /** In microseconds; 0 before the first. */
    long averageRoundTrip() {
        return average;
    }

    /** A DATA cell was sent. */
    void sent() {
        inFlight++;
    }

    /**
     * A SENDME has come.
     *
     * @param roundTrip since the cell that it confirms was sent, in microseconds
     * @param linkBlocked whether our channel takes no more cells
     */
    void confirmed(long roundTrip, boolean linkBlocked) {
        untilUpdate = Math.max(0, untilUpdate - 1);
        untilWindow = Math.max(0, untilWindow - 1);
        boolean measured = measure(roundTrip);
        if (average > 0 && linkBlocked != blocked) {
            blocked = linkBlocked;
            untilUpdate = 0;
        }
        if (average > 0 && (measured || linkBlocked)) {
            adapt();
        }
        inFlight -= s.sendmeIncrement();
    }

    private void adapt() {
        long product = window * shortest / average;
        long queue = Math.max(0, window - product);
        if (inFlight + (long) s.fullGap() * s.sendmeIncrement() >= window) {
            full = true;
        } else if (100 * inFlight < s.fullMinPercent() * window) {
            full = false;
        }
        if (slowStart) {
            start(product, queue);
        } else if (untilUpdate == 0) {
            steady(product, queue);
        }
        if (untilWindow == 0) {
            untilWindow = sendmesInWindow();
        }
        if (untilUpdate == 0) {
            untilUpdate = sendmesInUpdate();
        }
        if (s.fullPerWindow() ? untilWindow == sendmesInWindow() : untilUpdate == sendmesInUpdate()) {
            full = false;
        }
        window = Math.min(window, s.windowMax());
    }

    private void start(long product, long queue) {
        if (queue >= s.queue().gamma() || blocked) {
            window = product + s.queue().gamma();
            slowStart = false;
        } else if (full) {
            long step = slowStartStep();
            window += step;
            slowStart = step * sendmesInWindow() > (long) s.windowIncrement() * s.incrementRate();
        }
        if (window >= s.slowStartMax()) {
            window = s.slowStartMax();
            slowStart = false;
        }
    }

    /** Limited slow start (RFC 3742). */
    private long slowStartStep() {
        long cap = s.queue().slowStartCap();
        return window <= cap
                ? ((long) s.slowStartPercent() * s.sendmeIncrement() + 50) / 100
                : Math.max(1, (s.sendmeIncrement() * cap + window) / (2 * window));
    }

    private void steady(long product, long queue) {
        if (queue > s.queue().delta()) {
            window = product + s.queue().delta() - s.windowIncrement();
        } else if (queue > s.queue().beta() || blocked) {
            window -= s.windowIncrement();
        } else if (full && queue < s.queue().alpha()) {
            window += s.windowIncrement();
        }
        window = Math.max(window, s.windowMin());
    }

    private long sendmesInWindow() {
        return (window + s.sendmeIncrement() / 2) / s.sendmeIncrement();
    }

    private long sendmesInUpdate() {
        long cells = (long) s.incrementRate() * s.sendmeIncrement();
        return slowStart ? 1 : (window + cells / 2) / cells;
    }

    /** Takes a round trip into account; false if it is not to be believed. */
    private boolean measure(long roundTrip) {
        if (isClockWrong(roundTrip)) {
            return false;
        }
        long count = slowStart
                ? s.averageSlowStart()
                : Math.min(sendmesInUpdate() * s.averagePercent() / 100, s.averageMax());
        count = Math.max(2, count);
        average = average == 0 ? roundTrip : (2 * roundTrip + (count - 1) * average) / (count + 1);
        if (shortest == 0) {
            shortest = average;
        } else if (window == s.windowMin() && !slowStart) {
            // The least window may be due to a round trip that was uncommonly short.
            long longer = Math.max(average, shortest);
            long shorter = Math.min(average, shortest);
            shortest = s.resetPercent() * longer / 100 + (100 - s.resetPercent()) * shorter / 100;
        } else if (average < shortest) {
            shortest = average;
        }
        return true;
    }

    private boolean isClockWrong(long roundTrip) {
        return isClockWrong(average, roundTrip, slowStart);
    }

    /** Whether a clock has stood still or jumped, as far as round trips before and now can tell. */
    boolean isClockWrong(long before, long now, boolean starting) {
        if (now <= 0) {
            clockStopped = true;
            return true;
        }
        if (starting || before == 0) {
            return false;
        }
        if (before > now * JUMP) {
            return clockStopped;
        }
        if (now > before * JUMP) {
            return true;
        }
        clockStopped = false;
        return false;
    }

    // ---- for tests ----

    long window() {
        return window;
    }

    long shortestRoundTrip() {
        return shortest;
    }

    boolean isInSlowStart() {
        return slowStart;
    }

    boolean isFull() {
        return full;
    }

    boolean isBlocked() {
        return blocked;
    }

    boolean clockStopped() {
        return clockStopped;
    }

    /** Puts it where a trace begins. */
    void set(long windowNow, long inFlightNow, boolean inSlowStart) {
        window = windowNow;
        inFlight = inFlightNow;
        slowStart = inSlowStart;
    }
}
