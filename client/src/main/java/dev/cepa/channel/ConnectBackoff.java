package dev.cepa.channel;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.util.HashMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Which relays have failed lately, and how long each is left alone: a second at first, twice as long after each further
 * failure up to a minute, all times blurred so that clients don't come back in step. A failure while nothing at all came
 * from the network is not the relay's: it makes nothing longer, and is forgotten once something comes. Not thread-safe.
 */
final class ConnectBackoff {
    private static final long FIRST_NANOS = 1_000_000_000L;
    private static final long LONGEST_NANOS = 60_000_000_000L;
    /** A relay that was left alone for so long starts anew. */
    private static final long FORGET_NANOS = 600_000_000_000L;
    private static final int MAX_ENTRIES = 1_000;

    private record Failure(long at, long retryAt, long waitNanos, boolean inSilence, TorException cause) {}

    private final RandomGenerator random;
    private final Map<RsaId, Failure> failures = new HashMap<>();

    ConnectBackoff(RandomGenerator random) {
        this.random = random;
    }

    /**
     * Throws what went wrong last time if the relay is to be left alone yet.
     *
     * @param lastReceived when anything last came from any relay
     */
    void failIfTooEarly(RsaId relay, String name, long nanoTime, long lastReceived) throws TorException {
        Failure last = failures.get(relay);
        if (last != null && last.inSilence && lastReceived - last.at > 0) {
            failures.remove(relay);
            return;
        }
        if (last != null && last.retryAt - nanoTime > 0) {
            throw new TorException(
                    ErrorKind.RELAY_UNREACHABLE,
                    name + " failed a moment ago and is tried again in " + (last.retryAt - nanoTime) / 1_000_000
                            + " ms; " + last.cause.getMessage(),
                    last.cause);
        }
    }

    /** @param inSilence whether nothing came from any relay while this one was tried */
    void failed(RsaId relay, long nanoTime, TorException cause, boolean inSilence) {
        if (failures.size() >= MAX_ENTRIES) {
            failures.values().removeIf(failure -> failure.retryAt - nanoTime <= 0);
        }
        if (failures.size() >= MAX_ENTRIES) {
            failures.clear(); // so many at once: the trouble is on our side
        }
        Failure last = failures.get(relay);
        long wait = FIRST_NANOS;
        if (last != null && nanoTime - last.retryAt < FORGET_NANOS) {
            wait = inSilence ? last.waitNanos : Math.min(LONGEST_NANOS, 2 * last.waitNanos);
        }
        long blurred = wait / 2 + (long) (wait * random.nextDouble());
        failures.put(relay, new Failure(nanoTime, nanoTime + blurred, wait, inSilence, cause));
    }

    /** How many relays are remembered. */
    int size() {
        return failures.size();
    }

    void succeeded(RsaId relay) {
        failures.remove(relay);
    }
}
