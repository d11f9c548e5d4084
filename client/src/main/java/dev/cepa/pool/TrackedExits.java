package dev.cepa.pool;

import dev.cepa.cell.RsaId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Which exit each host was last reached by, for hosts that don't like it to change ({@code TrackHostExits}). Thread-safe;
 * bounded: the hosts not used for longest are forgotten first.
 */
final class TrackedExits {
    private static final int MOST_HOSTS = 1000;

    private final List<String> hosts;
    private final Duration lifetime;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock; the longest unused first. */
    private final LinkedHashMap<String, Tracked> exits = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Tracked> eldest) {
            return size() > MOST_HOSTS;
        }
    };

    private record Tracked(RsaId exit, Instant until) {}

    /**
     * @param hosts names; those of a whole domain with a dot before; a dot alone means all
     * @param lifetime how long an exit is remembered after it was last used
     */
    TrackedExits(List<String> hosts, Duration lifetime, InstantSource clock) {
        List<String> lower = new ArrayList<>(hosts.size());
        for (String host : hosts) {
            lower.add(host.toLowerCase(Locale.ROOT));
        }
        this.hosts = List.copyOf(lower);
        this.lifetime = lifetime;
        this.clock = clock;
    }

    /** The exit by which the host was reached; null if it is not known, or not wanted. */
    @Nullable ExitChoice find(String host) {
        lock.lock();
        try {
            String name = host.toLowerCase(Locale.ROOT);
            Tracked tracked = exits.get(name);
            if (tracked != null && !clock.instant().isBefore(tracked.until)) {
                exits.remove(name);
                return null;
            }
            return tracked == null ? null : ExitChoice.of(tracked.exit);
        } finally {
            lock.unlock();
        }
    }

    /** The host was reached by that exit. */
    void reached(String host, RsaId exit) {
        String name = host.toLowerCase(Locale.ROOT);
        if (isTracked(name)) {
            lock.lock();
            try {
                exits.put(name, new Tracked(exit, clock.instant().plus(lifetime)));
            } finally {
                lock.unlock();
            }
        }
    }

    /** The exit has failed for that host. */
    void forget(String host) {
        lock.lock();
        try {
            exits.remove(host.toLowerCase(Locale.ROOT));
        } finally {
            lock.unlock();
        }
    }

    /** Forgets all. */
    void clear() {
        lock.lock();
        try {
            exits.clear();
        } finally {
            lock.unlock();
        }
    }

    private boolean isTracked(String name) {
        for (String host : hosts) {
            boolean domain = host.startsWith(".");
            if (domain ? host.length() == 1 || name.endsWith(host) || name.equals(host.substring(1)) : name.equals(host)) {
                return true;
            }
        }
        return false;
    }
}
