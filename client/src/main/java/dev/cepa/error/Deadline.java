package dev.cepa.error;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;

/** The moment at which a wait gives up. Immutable; measured on the monotonic clock. */
public final class Deadline {
    private final long nanoTime;

    private Deadline(long nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * A deadline that is {@code duration} away from now; durations above a century count as a century.
     *
     * @param duration how long from now
     * @return the deadline
     */
    public static Deadline in(Duration duration) {
        Duration century = Duration.ofDays(36_500);
        return new Deadline(System.nanoTime() + (duration.compareTo(century) > 0 ? century : duration).toNanos());
    }

    /**
     * The earlier of this deadline and one {@code duration} from now.
     *
     * @param duration how long from now
     * @return this or a new one
     */
    public Deadline atMost(Duration duration) {
        Deadline other = in(duration);
        return other.nanoTime - nanoTime < 0 ? other : this;
    }

    /** {@return nanoseconds left; zero or negative once it has passed} */
    public long nanosLeft() {
        return nanoTime - System.nanoTime();
    }

    /** {@return milliseconds left, rounded up, at least zero; fits a socket timeout} */
    public int millisLeft() {
        long nanos = nanosLeft();
        return nanos <= 0 ? 0 : (int) Math.min(Integer.MAX_VALUE, (nanos + 999_999) / 1_000_000);
    }

    /** {@return whether it has passed} */
    public boolean passed() {
        return nanosLeft() <= 0;
    }

    /**
     * Waits on a condition whose lock the caller holds, once; wake-ups may be spurious, so callers loop.
     *
     * @param condition what is signalled when there may be something to see
     * @param what what is being waited for, for the message
     * @throws TorException of kind TIMEOUT when the deadline has passed, of kind CLOSED when the thread was interrupted
     */
    @SuppressWarnings("WaitNotInLoop") // the loop is the caller's
    public void await(Condition condition, String what) throws TorException {
        long nanos = nanosLeft();
        if (nanos <= 0) {
            throw new TorException(ErrorKind.TIMEOUT, "timed out while waiting for " + what);
        }
        try {
            // When the time is up the caller's loop looks at its state once more, and then the next call throws.
            condition.awaitNanos(nanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TorException(ErrorKind.CLOSED, "interrupted while waiting for " + what, e);
        }
    }

    @Override
    public String toString() {
        return TimeUnit.NANOSECONDS.toMillis(nanosLeft()) + " ms left";
    }
}
