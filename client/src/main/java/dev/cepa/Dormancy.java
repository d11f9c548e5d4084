package dev.cepa;

import dev.cepa.path.StateFile;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether a client rests because nobody uses it. Kept in the state file as C tor keeps it, so that a client that rested
 * rests on. Thread-safe; whoever acts on a change sees to it that there is one at a time.
 */
final class Dormancy {
    private static final String KEY = "Dormant";
    private static final String MINUTES_KEY = "MinutesSinceUserActivity";

    private final StateFile state;
    private final InstantSource clock;
    private volatile boolean dormant;
    private volatile long lastUsedMillis;

    Dormancy(StateFile state, DormantSettings settings, InstantSource clock) {
        this.state = state;
        this.clock = clock;
        String kept = state.value(KEY);
        boolean rested = kept == null ? settings.onFirstStart() : kept.equals("1");
        // The first start is a start too; and who never rests by himself does not begin with it.
        dormant = rested && !settings.endedByStart() && settings.enabled();
        lastUsedMillis = clock.millis() - (dormant ? 0 : minutes(state.value(MINUTES_KEY)) * 60_000L);
        if (settings.endedByStart()) {
            lastUsedMillis = clock.millis();
        }
        state.beforeSave(this::store);
    }

    private static int minutes(@Nullable String text) {
        try {
            return text == null ? 0 : Math.clamp(Integer.parseInt(text), 0, 1_000_000);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    boolean isDormant() {
        return dormant;
    }

    /** A stream is asked for; returns whether that wakes the client. */
    boolean used() {
        lastUsedMillis = clock.millis();
        return change(false);
    }

    /** Has it rest at once. */
    boolean rest() {
        return change(true);
    }

    /**
     * Looks whether it is time to rest; to be called now and then.
     *
     * @param streams how many are open
     * @return whether it rests from now on, and did not before
     */
    boolean check(DormantSettings settings, int streams) {
        long now = clock.millis();
        if (streams > 0 && settings.heldByStreams() || lastUsedMillis > now) {
            lastUsedMillis = now; // used, or the clock was put back
        }
        boolean over = now - lastUsedMillis >= settings.timeout().toMillis();
        return settings.enabled() && over && change(true);
    }

    private boolean change(boolean to) {
        boolean changed = dormant != to;
        dormant = to;
        if (changed) {
            state.markDirty();
        }
        return changed;
    }

    private void store() {
        long minutes = Duration.ofMillis(clock.millis() - lastUsedMillis).toMinutes();
        state.replace(KEY, List.of(dormant ? "1" : "0"));
        state.replace(MINUTES_KEY, dormant || minutes <= 0 ? List.of() : List.of(Long.toString(minutes)));
    }
}
