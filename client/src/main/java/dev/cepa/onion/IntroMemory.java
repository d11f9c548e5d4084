package dev.cepa.onion;

import dev.cepa.cell.Ed25519Id;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Which introduction points have failed lately, and which to try next. Thread-safe; guarded by itself. Names points by their
 * authentication key, which no two services share.
 */
final class IntroMemory {
    /** How long a failure counts. */
    static final Duration MEMORY = Duration.ofMinutes(2);
    /** A point that could not be reached so often is not tried for a while. */
    static final int UNREACHABLE = 5;
    /**
     * For so long one that has refused is not tried, and twice as long for each time that it does again. A service whose
     * circuits broke is back at the same points within seconds, and its descriptor is the same.
     */
    static final Duration PAUSE = Duration.ofSeconds(10);

    private static final int MOST = 500;

    private final InstantSource clock;
    private final RandomGenerator random;
    private final Map<Ed25519Id, Failure> failures = new LinkedHashMap<>();

    /** @param since when it was last noted */
    private record Failure(Instant since, int refused, int unreachable) {
        boolean isForgotten(Instant now) {
            return !since.plus(MEMORY).isAfter(now);
        }

        /** Whether it may be tried, if all others have failed too. */
        boolean mayBeTried(Instant now) {
            int times = refused + Math.max(0, unreachable - UNREACHABLE + 1);
            return times == 0 || !since.plus(PAUSE.multipliedBy(1L << Math.min(times - 1, 4))).isAfter(now);
        }
    }

    IntroMemory(InstantSource clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /** It has refused, or has not answered. */
    void failed(IntroPoint point) {
        note(point, true);
    }

    /** No circuit could be built to it, or the service did not come though it was told. */
    void unreachable(IntroPoint point) {
        note(point, false);
    }

    private void note(IntroPoint point, boolean definite) {
        synchronized (failures) {
            expire();
            Ed25519Id id = Ed25519Id.of(point.authKey());
            Failure before = failures.remove(id);
            int refused = before == null ? 0 : before.refused;
            int unreachable = before == null ? 0 : before.unreachable;
            failures.put(
                    id,
                    new Failure(clock.instant(), definite ? refused + 1 : refused, definite ? unreachable : unreachable + 1));
            if (failures.size() > MOST) {
                failures.remove(failures.keySet().iterator().next());
            }
        }
    }

    /** How often it could not be reached lately. */
    int unreachableCount(IntroPoint point) {
        synchronized (failures) {
            expire();
            Failure failure = failures.get(Ed25519Id.of(point.authKey()));
            return failure == null ? 0 : failure.unreachable;
        }
    }

    /** Those that may be tried, in random order, but those that have failed lately behind the others. */
    List<IntroPoint> usable(List<IntroPoint> points) {
        List<IntroPoint> fresh = new ArrayList<>(points.size());
        List<IntroPoint> doubtful = new ArrayList<>();
        Instant now = clock.instant();
        synchronized (failures) {
            expire();
            for (IntroPoint point : points) {
                Failure failure = failures.get(Ed25519Id.of(point.authKey()));
                if (failure == null) {
                    fresh.add(random.nextInt(fresh.size() + 1), point);
                } else if (failure.mayBeTried(now)) {
                    doubtful.add(random.nextInt(doubtful.size() + 1), point);
                }
            }
        }
        fresh.addAll(doubtful);
        return fresh;
    }

    private void expire() {
        Instant now = clock.instant();
        failures.values().removeIf(failure -> failure.isForgotten(now));
    }

    void clear() {
        synchronized (failures) {
            failures.clear();
        }
    }
}
