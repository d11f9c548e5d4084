package dev.cepa.event;

/** Whoever observes events. */
@FunctionalInterface
public interface TorEventListener {
    /**
     * Called on the thread that caused the event, sometimes under its locks: return at once and never call back in.
     *
     * @param event what happened
     */
    void onEvent(TorEvent event);
}
