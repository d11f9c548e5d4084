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
    /** A point that could not be reached so often is not tried. */
    static final int UNREACHABLE = 5;

    private static final int MOST = 500;

    private final InstantSource clock;
    private final RandomGenerator random;
    private final Map<Ed25519Id, Failure> failures = new LinkedHashMap<>();

    private record Failure(Instant since, boolean definite, int unreachable) {}

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
            int unreachable = before == null ? 0 : before.unreachable;
            failures.put(
                    id,
                    new Failure(clock.instant(), definite || before != null && before.definite,
                            definite ? unreachable : unreachable + 1));
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

    /** Those that may be tried, in random order, but those that could not be reached behind the others. */
    List<IntroPoint> usable(List<IntroPoint> points) {
        List<IntroPoint> fresh = new ArrayList<>(points.size());
        List<IntroPoint> doubtful = new ArrayList<>();
        synchronized (failures) {
            expire();
            for (IntroPoint point : points) {
                Failure failure = failures.get(Ed25519Id.of(point.authKey()));
                if (failure == null) {
                    fresh.add(random.nextInt(fresh.size() + 1), point);
                } else if (!failure.definite && failure.unreachable < UNREACHABLE) {
                    doubtful.add(random.nextInt(doubtful.size() + 1), point);
                }
            }
        }
        fresh.addAll(doubtful);
        return fresh;
    }

    private void expire() {
        Instant now = clock.instant();
        failures.values().removeIf(failure -> !failure.since.plus(MEMORY).isAfter(now));
    }

    void clear() {
        synchronized (failures) {
            failures.clear();
        }
    }
}
