package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.error.TorException;
import dev.cepa.proxy.AddressMapSettings.Mapping;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which names and addresses stand for others at this moment: those of the configuration, those that somebody has added while
 * running, and made-up addresses that stand for names. Thread-safe; bounded: of made-up addresses those not used for longest
 * are forgotten first.
 */
public final class AddressMap {
    private static final Logger LOG = LoggerFactory.getLogger(AddressMap.class);
    /** After so many steps a chain of mappings is taken for a circle. */
    private static final int MOST_STEPS = 16;

    private static final int MOST_AUTOMAPPED = 16_000;
    private static final int MOST_ADDED = 10_000;
    private static final int MOST_DRAWS = 1000;
    private static final String VIRTUAL = ".virtual";
    private static final int VIRTUAL_LENGTH = 16;

    private final InstantSource clock;
    private final RandomGenerator random;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private AddressMapSettings settings = AddressMapSettings.DEFAULT;
    private final Map<String, String> configured = new HashMap<>();
    private final LinkedHashMap<String, Added> added = new LinkedHashMap<>();
    /** From made-up addresses, as text, to names; the longest unused first. */
    private final LinkedHashMap<String, String> names = new LinkedHashMap<>(16, 0.75f, true);
    /** The way back; IPv6 addresses by names with a blank before. */
    private final Map<String, InetAddress> virtual = new HashMap<>();

    /** A mapping that was added while running; {@code until} is null if it stays. */
    private record Added(String to, @Nullable Instant until) {}

    /** @param random must be cryptographically strong outside tests */
    public AddressMap(InstantSource clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /** Takes over other settings; what was added while running stays, as far as the settings still allow it. */
    public void configure(AddressMapSettings changed) {
        lock.lock();
        try {
            configured.clear();
            for (Mapping mapping : changed.mappings()) {
                configured.put(mapping.from(), mapping.to());
            }
            boolean otherNetworks = !changed.ipv4().equals(settings.ipv4()) || !changed.ipv6().equals(settings.ipv6());
            settings = changed;
            if (otherNetworks || !changed.automap() && added.isEmpty()) {
                names.clear();
                virtual.clear();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Makes one stand for another until it is taken back, or for so long. */
    public void add(Mapping mapping, @Nullable Duration lifetime) {
        lock.lock();
        try {
            if (added.size() >= MOST_ADDED) {
                added.remove(added.keySet().iterator().next());
            }
            added.put(mapping.from(), new Added(mapping.to(), lifetime == null ? null : clock.instant().plus(lifetime)));
        } finally {
            lock.unlock();
        }
    }

    /** Takes back what was added. */
    public void remove(String from) {
        lock.lock();
        try {
            added.remove(from.toLowerCase(Locale.ROOT));
        } finally {
            lock.unlock();
        }
    }

    /** All mappings of the configuration and of those added, at this moment. */
    public Map<String, String> mappings() {
        lock.lock();
        try {
            Map<String, String> all = new LinkedHashMap<>(configured);
            for (Map.Entry<String, Added> entry : added.entrySet()) {
                all.put(entry.getKey(), entry.getValue().to);
            }
            return all;
        } finally {
            lock.unlock();
        }
    }

    /** Where a mapping is from. */
    public enum Source {
        /** The configuration. */
        CONFIGURED,
        /** Somebody who has added it while running. */
        ADDED,
        /** Nobody but us: a made-up address. */
        MADE_UP
    }

    /**
     * A mapping at this moment.
     *
     * @param until when it ends; null if it stays
     */
    public record Entry(String from, String to, Source source, @Nullable Instant until) {}

    /** All mappings at this moment, made-up addresses last. */
    public List<Entry> entries() {
        lock.lock();
        try {
            List<Entry> all = new ArrayList<>();
            configured.forEach((from, to) -> all.add(new Entry(from, to, Source.CONFIGURED, null)));
            Instant now = clock.instant();
            added.forEach((from, to) -> {
                if (to.until == null || now.isBefore(to.until)) {
                    all.add(new Entry(from, to.to, Source.ADDED, to.until));
                }
            });
            names.forEach((address, name) -> all.add(new Entry(address, name, Source.MADE_UP, null)));
            return all;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Makes up a name that stands for another.
     *
     * @return in {@code .virtual}; the same each time
     * @throws TorException of kind CONFIG if the name is none
     */
    public String virtualNameFor(String name) throws TorException {
        Mapping checked = Mapping.of(name, name);
        lock.lock();
        try {
            for (Map.Entry<String, Added> one : added.entrySet()) {
                if (one.getValue().to.equals(checked.to()) && one.getKey().endsWith(VIRTUAL)) {
                    return one.getKey();
                }
            }
            StringBuilder label = new StringBuilder(24);
            while (label.length() < VIRTUAL_LENGTH) {
                label.append("abcdefghijklmnopqrstuvwxyz234567".charAt(random.nextInt(32)));
            }
            String made = label.append(VIRTUAL).toString();
            add(new Mapping(made, checked.to()), null);
            return made;
        } finally {
            lock.unlock();
        }
    }

    /** What a name or address stands for in the end, in lower case; itself if for nothing else. */
    String rewrite(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        lock.lock();
        try {
            if (configured.isEmpty() && added.isEmpty()) {
                return name;
            }
            for (int step = 0; step < MOST_STEPS; step++) {
                String next = rewriteOnce(name);
                if (next == null || next.equals(name)) {
                    return name;
                }
                name = next;
            }
        } finally {
            lock.unlock();
        }
        LOG.warn("Loop detected: an address has been mapped {} times. Using it as it is then.", MOST_STEPS);
        return name;
    }

    private @Nullable String rewriteOnce(String name) {
        String whole = target(name);
        if (whole != null) {
            return whole;
        }
        for (int at = 0; at >= 0; at = name.indexOf('.', at) + 1) {
            String to = target("*." + name.substring(at));
            if (to != null) {
                return to.startsWith("*.") ? name.substring(0, at) + to.substring(2) : to;
            }
            if (name.indexOf('.', at) < 0) {
                break;
            }
        }
        return null;
    }

    private @Nullable String target(String from) {
        Added one = added.get(from);
        if (one != null && one.until != null && !clock.instant().isBefore(one.until)) {
            added.remove(from);
            one = null;
        }
        return one != null ? one.to : configured.get(from);
    }

    /** A made-up address for a name, the same each time, if names like it get one; null if not, or if none is left. */
    @Nullable InetAddress automap(String name, boolean ipv6) {
        lock.lock();
        try {
            return settings.automap() && endsRight(name) ? made(name, ipv6) : null;
        } finally {
            lock.unlock();
        }
    }

    private boolean endsRight(String name) {
        for (String suffix : settings.suffixes()) {
            String ending = suffix.toLowerCase(Locale.ROOT);
            if (ending.equals(".") || name.endsWith(ending.startsWith(".") ? ending : "." + ending)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Makes up an address that stands for a name.
     *
     * @return null if none could be found that is free
     * @throws TorException of kind CONFIG if the name is none
     */
    public @Nullable InetAddress virtualFor(String name, boolean ipv6) throws TorException {
        Mapping checked = Mapping.of(name, name);
        lock.lock();
        try {
            return made(checked.from(), ipv6);
        } finally {
            lock.unlock();
        }
    }

    private @Nullable InetAddress made(String name, boolean ipv6) {
        String key = ipv6 ? " " + name : name;
        InetAddress known = virtual.get(key);
        if (known != null) {
            names.get(HostText.format(known.getAddress())); // used again
            return known;
        }
        VirtualNetwork network = ipv6 ? settings.ipv6() : settings.ipv4();
        for (int draw = 0; draw < MOST_DRAWS; draw++) {
            InetAddress address = network.draw(random);
            String text = HostText.format(address.getAddress());
            if (!names.containsKey(text)) {
                if (names.size() >= MOST_AUTOMAPPED) {
                    Map.Entry<String, String> eldest = names.entrySet().iterator().next();
                    names.remove(eldest.getKey());
                    virtual.remove(eldest.getKey().indexOf(':') >= 0 ? " " + eldest.getValue() : eldest.getValue());
                }
                names.put(text, name);
                virtual.put(key, address);
                return address;
            }
        }
        return null;
    }

    /** The name that a made-up address stands for; null if it is none. */
    @Nullable String name(InetAddress address) {
        lock.lock();
        try {
            return names.get(HostText.format(address.getAddress()));
        } finally {
            lock.unlock();
        }
    }

    /** Whether an address is of those that are made up, so that nobody but us can know what it is. */
    boolean isVirtual(InetAddress address) {
        lock.lock();
        try {
            byte[] bytes = address.getAddress();
            return settings.ipv4().contains(bytes) || settings.ipv6().contains(bytes);
        } finally {
            lock.unlock();
        }
    }
}
