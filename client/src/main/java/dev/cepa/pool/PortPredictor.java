package dev.cepa.pool;

import dev.cepa.path.ExitRequest;
import dev.cepa.path.PathSelector;
import java.time.Duration;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Which ports streams are likely to be asked for: those of the last half hour to hour (path-spec section 2.1.1). Not
 * thread-safe; {@link CircuitPool} holds its lock around every call. Times are on the monotonic clock, in nanoseconds.
 */
final class PortPredictor {
    /** The port that a client begins with. */
    static final int FIRST_PORT = 443;
    /** What a question about a name counts as. */
    static final int NAME_PORT = 80;
    /** Of so many ports at most circuits are kept ready: a program that tries them all asks for no special care. */
    static final int MAX_PORTS = 64;
    /** So many circuits that nobody uses should be there for each port. */
    static final int CIRCUITS_PER_PORT = 2;

    private final RandomGenerator random;
    private int[] ports = new int[8];
    private long[] askedAt = new long[8];
    private int size;
    private Duration relevance = Duration.ofMinutes(30);
    /** How long the ports at hand count: between one and two times {@link #relevance}. */
    private long lifetime;

    PortPredictor(RandomGenerator random) {
        this.random = random;
        lifetime = draw();
    }

    /** How long a port counts at least after it was asked for. */
    void setRelevance(Duration least) {
        if (!least.equals(relevance)) {
            relevance = least;
            lifetime = draw();
        }
    }

    private long draw() {
        long least = relevance.toNanos();
        return least + random.nextLong(Math.max(1, least));
    }

    /** A stream to that port was asked for; 0 for a question about a name. */
    void used(int port, long now) {
        int wanted = port == 0 ? NAME_PORT : port;
        forget(now);
        if (size == 0) {
            lifetime = draw();
        }
        int at = 0;
        while (at < size && ports[at] != wanted) {
            at++;
        }
        if (at == size) {
            if (size == MAX_PORTS) {
                at = oldest();
            } else {
                if (size == ports.length) {
                    ports = Arrays.copyOf(ports, 2 * size);
                    askedAt = Arrays.copyOf(askedAt, 2 * size);
                }
                size++;
            }
            ports[at] = wanted;
        }
        askedAt[at] = now;
    }

    private int oldest() {
        int oldest = 0;
        for (int i = 1; i < size; i++) {
            if (askedAt[i] - askedAt[oldest] < 0) {
                oldest = i;
            }
        }
        return oldest;
    }

    private void forget(long now) {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (now - askedAt[i] <= lifetime) {
                ports[kept] = ports[i];
                askedAt[kept++] = askedAt[i];
            }
        }
        size = kept;
    }

    /** Forgets all ports. */
    void clear() {
        size = 0;
    }

    /** The ports that are likely to be asked for, in no particular order; none for a client at rest. */
    int[] ports(long now) {
        forget(now);
        return Arrays.copyOf(ports, size);
    }

    /** How much longer circuits will be kept ready if nobody asks for any more streams; zero or more. */
    Duration remaining(long now) {
        forget(now);
        long left = 0;
        for (int i = 0; i < size; i++) {
            left = Math.max(left, lifetime - (now - askedAt[i]));
        }
        return Duration.ofNanos(left);
    }

    /**
     * How long a circuit that is made now is kept unused: a little longer than circuits are made, so that it is not
     * replaced at the very end, and not as long as its neighbours.
     */
    Duration idleTime(long now) {
        long left = remaining(now).toNanos();
        return Duration.ofNanos(left + 1_000_000_000L + random.nextLong(1 + left / 20));
    }

    /**
     * What the next circuit that is built ahead should be good for.
     *
     * @return null if there are enough, for all ports that any exit takes
     */
    @Nullable ExitRequest wanted(CircuitList circuits, PathSelector selector, long now) {
        if (circuits.unclaimed() >= CircuitList.MAX_UNUSED) {
            return null;
        }
        int[] likely = ports(now);
        boolean anyTaken = false;
        for (int port : likely) {
            ExitRequest request = ExitRequest.name(port, selector.settings().isLongLived(port), true);
            boolean handled = circuits.countUnclaimed(request, selector) >= CIRCUITS_PER_PORT;
            if (handled || isTaken(request, selector)) {
                anyTaken = true;
                if (!handled) {
                    return request;
                }
            }
        }
        // Where no exit takes them, as in a small private network, circuits to any exit are likelier of use than none.
        ExitRequest any = ExitRequest.any();
        boolean tooFew = !anyTaken && likely.length > 0 && circuits.countUnclaimed(any, selector) < CIRCUITS_PER_PORT;
        return tooFew ? any : null;
    }

    /**
     * What the next set that is built ahead should be good for: the port that the fewest sets are ready for.
     *
     * @return null if no streams are likely to come
     */
    @Nullable ExitRequest wantedOfSet(CircuitList circuits, PathSelector selector, long now) {
        ExitRequest best = null;
        int fewest = Integer.MAX_VALUE;
        for (int port : ports(now)) {
            ExitRequest request = ExitRequest.name(port, true, true);
            int count = circuits.countUnclaimedSets(request, selector);
            if (count < fewest && isTaken(request.overConflux(), selector)) {
                best = request;
                fewest = count;
            }
        }
        return best == null && size > 0 ? ExitRequest.any() : best;
    }

    static boolean isTaken(ExitRequest request, PathSelector selector) {
        for (int relay = 0; relay < selector.dir().size(); relay++) {
            if (selector.exitSupports(relay, request)) {
                return true;
            }
        }
        return false;
    }
}
