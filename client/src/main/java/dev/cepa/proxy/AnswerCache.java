package dev.cepa.proxy;

import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.pool.IsolationKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Answers about names, kept for questions of the same isolation: nobody can tell by an answer, or by its delay, what streams
 * that are kept apart have asked. Thread-safe; bounded: the answers not used for longest are forgotten first.
 */
final class AnswerCache {
    private static final int MOST_NAMES = 1000;
    /** However long an answer may be kept by its own word, an exit must not mark us with it for longer. */
    private static final Duration LONGEST = Duration.ofMinutes(30);

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock; the longest unused first. */
    private final LinkedHashMap<Key, Kept> kept = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Kept> eldest) {
            return size() > MOST_NAMES;
        }
    };

    private record Key(IsolationKey isolation, String name) {}

    private record Kept(List<Answer> answers, Instant since, Instant until) {}

    AnswerCache(InstantSource clock) {
        this.clock = clock;
    }

    /** The answers with what is left of their time to live; null if none are kept. */
    @Nullable List<Answer> find(IsolationKey isolation, String name) {
        Key key = new Key(isolation, name);
        Instant now = clock.instant();
        Kept found;
        lock.lock();
        try {
            found = kept.get(key);
            if (found != null && (!now.isBefore(found.until) || now.isBefore(found.since))) {
                kept.remove(key);
                return null;
            }
        } finally {
            lock.unlock();
        }
        return found == null ? null : aged(found.answers, Duration.between(found.since, now).toSeconds());
    }

    private static List<Answer> aged(List<Answer> answers, long seconds) {
        List<Answer> aged = new ArrayList<>(answers.size());
        for (Answer answer : answers) {
            aged.add(switch (answer) {
                case Answer.Address(var address, long ttl) -> new Answer.Address(address, Math.max(1, ttl - seconds));
                case Answer.Name(String name, long ttl) -> new Answer.Name(name, Math.max(1, ttl - seconds));
                case Answer.Failure failure -> failure;
            });
        }
        return aged;
    }

    /** Keeps answers for as long as the first of them to expire allows. */
    void keep(IsolationKey isolation, String name, List<Answer> answers) {
        long seconds = LONGEST.toSeconds();
        for (Answer answer : answers) {
            seconds = Math.min(seconds, switch (answer) {
                case Answer.Address(var address, long ttl) -> ttl;
                case Answer.Name(String text, long ttl) -> ttl;
                case Answer.Failure failure -> 0;
            });
        }
        if (seconds > 0) {
            Instant now = clock.instant();
            lock.lock();
            try {
                kept.put(new Key(isolation, name), new Kept(List.copyOf(answers), now, now.plusSeconds(seconds)));
            } finally {
                lock.unlock();
            }
        }
    }

    /** Forgets all. */
    void clear() {
        lock.lock();
        try {
            kept.clear();
        } finally {
            lock.unlock();
        }
    }
}
