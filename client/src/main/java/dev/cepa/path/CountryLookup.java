package dev.cepa.path;

import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Looks up countries that are named one after the other, while running. The files are read once for all that are named by
 * then. Thread-safe.
 */
public final class CountryLookup {
    private final CountryFiles files;
    /** Named by those who wait for the lock. */
    private final Set<String> wanted = ConcurrentHashMap.newKeySet();

    private final ReentrantLock reading = new ReentrantLock();
    // Guarded by the lock:
    private Set<String> known = Set.of();
    private @Nullable Countries countries;

    /** @param files which are read when a country is named first */
    public CountryLookup(CountryFiles files) {
        this.files = files;
    }

    /**
     * The country of one address, read from the file; for those who ask now and then.
     *
     * @return its code in lower case; null if nobody says
     * @throws TorException of kind CONFIG if the file can't be read
     */
    public static @Nullable String countryOf(CountryFiles files, InetAddress address) throws TorException {
        byte[] bytes = address.getAddress();
        Path file = bytes.length == 4 ? files.ipv4() : files.ipv6();
        return file == null ? null : new CountryFile(file, bytes.length == 16, new Countries.Codes(Set.of())).find(bytes);
    }

    /** Where it looks. */
    public CountryFiles files() {
        return files;
    }

    /**
     * The same relays, with their countries looked up.
     *
     * @throws TorException of kind CONFIG if a file is missing or malformed, or has nothing of a country
     */
    public RelaySet locate(RelaySet relays) throws TorException {
        Set<String> codes = relays.countryCodes();
        if (codes.isEmpty()) {
            return relays;
        }
        wanted.addAll(codes);
        reading.lock();
        try {
            Countries found = countries;
            if (found == null || !known.containsAll(codes)) {
                found = read(codes);
            }
            return relays.in(found);
        } finally {
            wanted.removeAll(codes);
            reading.unlock();
        }
    }

    private Countries read(Set<String> codes) throws TorException {
        Set<String> all = new HashSet<>(known);
        all.addAll(codes);
        Set<String> othersToo = new HashSet<>(all);
        othersToo.addAll(wanted);
        Countries found;
        try {
            found = Countries.load(files, othersToo);
            all = othersToo;
        } catch (TorException e) {
            // It may be another's country that there is not.
            found = Countries.load(files, all);
        }
        known = all;
        countries = found;
        return found;
    }
}
