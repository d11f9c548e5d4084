package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.circuit.HopTarget;
import dev.cepa.path.PathSettings;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Which fallback directory or authority is asked next, by a client that has no guards yet: one at random of those that have
 * not failed lately. Thread-safe. The built-in lists are read when needed, and {@link #forget} lets go of them.
 */
final class DirectoryServers {
    private static final Duration LATELY = Duration.ofMinutes(1);

    private final DirectorySettings settings;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<RsaId, Instant> failures = new HashMap<>();
    private @Nullable List<HopTarget> fallbacks;
    private @Nullable List<HopTarget> authorities;
    private PathSettings paths = PathSettings.DEFAULT;

    DirectoryServers(DirectorySettings settings, InstantSource clock, RandomGenerator random) {
        this.settings = settings;
        this.clock = clock;
        this.random = random;
    }

    /** By what settings servers are excluded. */
    void setPathSettings(PathSettings changed) {
        lock.lock();
        try {
            paths = changed;
        } finally {
            lock.unlock();
        }
    }

    /** A fallback directory that is none of {@code without}; null if there is no other. */
    @Nullable HopTarget fallback(Set<RsaId> without) {
        lock.lock();
        try {
            List<HopTarget> known = fallbacks;
            if (known == null) {
                known = readFallbacks();
                fallbacks = known;
            }
            return pick(known, without);
        } finally {
            lock.unlock();
        }
    }

    /** Whether there are fallback directories, so that the authorities are something else. */
    boolean hasAuthoritiesBesideFallbacks() {
        return !settings.fallbacks().isEmpty() || settings.authorities().isEmpty();
    }

    /** An authority that is none of {@code without}; null if there is no other. */
    @Nullable HopTarget authority(Set<RsaId> without) {
        lock.lock();
        try {
            return pick(knownAuthorities(), without);
        } finally {
            lock.unlock();
        }
    }

    /** The server did not answer, or not well. */
    void failed(RsaId server) {
        lock.lock();
        try {
            failures.put(server, clock.instant());
        } finally {
            lock.unlock();
        }
    }

    /** The server answered. */
    void succeeded(RsaId server) {
        lock.lock();
        try {
            failures.remove(server);
        } finally {
            lock.unlock();
        }
    }

    /** Lets go of the lists; they are read again if they should be needed. */
    void forget() {
        lock.lock();
        try {
            fallbacks = null;
            authorities = null;
            failures.clear();
        } finally {
            lock.unlock();
        }
    }

    private List<HopTarget> readFallbacks() {
        List<FallbackDirectory> configured = settings.fallbacks();
        if (configured.isEmpty() && settings.authorities().isEmpty()) {
            configured = PublicNetwork.fallbacks();
        }
        if (configured.isEmpty()) {
            return knownAuthorities();
        }
        List<HopTarget> targets = new ArrayList<>(configured.size());
        for (FallbackDirectory fallback : configured) {
            targets.add(fallback.toHop());
        }
        return targets;
    }

    private List<HopTarget> knownAuthorities() {
        List<HopTarget> known = authorities;
        if (known == null) {
            known = new ArrayList<>();
            for (DirectoryAuthority authority :
                    settings.authorities().isEmpty() ? PublicNetwork.authorities() : settings.authorities()) {
                HopTarget target = authority.v3Ident() == null ? null : authority.toHop();
                if (target != null) {
                    known.add(target);
                }
            }
            authorities = known;
        }
        return known;
    }

    private @Nullable HopTarget pick(List<HopTarget> all, Set<RsaId> without) {
        Instant lately = clock.instant().minus(LATELY);
        List<HopTarget> good = new ArrayList<>();
        List<HopTarget> possible = new ArrayList<>();
        List<HopTarget> excluded = new ArrayList<>();
        for (HopTarget target : all) {
            RsaId id = target.link().rsaId();
            if (without.contains(id)) {
                continue;
            }
            if (paths.excludeNodes().contains(id, target.nickname(), target.link().addresses())) {
                excluded.add(target);
            } else {
                possible.add(target);
                Instant failure = failures.get(id);
                if (failure == null || failure.isBefore(lately)) {
                    good.add(target);
                }
            }
        }
        List<HopTarget> from = good.isEmpty() ? possible : good;
        if (from.isEmpty() && !paths.strictNodes()) {
            from = excluded; // better than none at all, unless StrictNodes says otherwise
        }
        return from.isEmpty() ? null : from.get(random.nextInt(from.size()));
    }
}
