package dev.cepa.pool;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.path.CountryFiles;
import dev.cepa.path.RelaySet;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Gives streams the exits and circuits that their session parameters ask for. Thread-safe; bounded: of lists of exits, those
 * not used for longest are forgotten first.
 */
public final class Sessions {
    private static final int MOST_LISTS = 256;
    /** So long the circuit of a single request is there for it: it is closed when its stream ends after that. */
    private static final Duration FRESH_LIFETIME = Duration.ofSeconds(30);

    private final Supplier<CountryFiles> countryFiles;
    private final AtomicLong requests = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock; the longest unused first. */
    private final LinkedHashMap<String, Located> lists = new LinkedHashMap<>(16, 0.75f, true);

    private record Located(CountryFiles files, ExitChoice exits) {}

    /** @param countryFiles where to look up in which country relays are, at this moment */
    public Sessions(Supplier<CountryFiles> countryFiles) {
        this.countryFiles = countryFiles;
    }

    /**
     * The request as the parameters have it.
     *
     * @throws TorException of kind BAD_REQUEST if its exits can't be understood or located, or if there is no exit to choose
     *     because it is for an onion service
     */
    public StreamRequest apply(SessionParameters parameters, StreamRequest request) throws TorException {
        StreamRequest changed = request;
        if (!parameters.exit().isEmpty()) {
            changed = changed.withExits(exits(parameters.exit()));
        }
        if (parameters.fresh()) {
            IsolationKey key = request.isolation();
            String unique = key.password() + '\u0000' + requests.incrementAndGet();
            return changed.withIsolation(key.withCredentials(key.user(), unique)).withLifetime(FRESH_LIFETIME);
        }
        return parameters.lifetime() == null ? changed : changed.withLifetime(parameters.lifetime());
    }

    /**
     * The exits of a list.
     *
     * @throws TorException of kind BAD_REQUEST if they can't be understood or located
     */
    public ExitChoice exits(String list) throws TorException {
        CountryFiles files = countryFiles.get();
        lock.lock();
        try {
            Located known = lists.get(list);
            if (known != null && known.files.equals(files)) {
                return known.exits;
            }
            // Held while files are read: others would read the same ones.
            RelaySet relays = RelaySet.parse(list).located(files);
            if (relays.isEmpty()) {
                throw new TorException(ErrorKind.BAD_REQUEST, "it names no exit");
            }
            ExitChoice exits = new ExitChoice(relays);
            if (lists.size() >= MOST_LISTS) {
                Map.Entry<String, Located> eldest = lists.entrySet().iterator().next();
                lists.remove(eldest.getKey());
            }
            lists.put(list, new Located(files, exits));
            return exits;
        } catch (TorException e) {
            throw new TorException(ErrorKind.BAD_REQUEST, "Session parameters: exit: " + e.getMessage(), e);
        } finally {
            lock.unlock();
        }
    }
}
