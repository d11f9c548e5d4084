package dev.cepa.event;

import java.util.concurrent.CopyOnWriteArrayList;

/** One client's stream of events. Thread-safe; emitting to nobody costs one volatile read. */
public final class TorEvents {
    private final CopyOnWriteArrayList<TorEventListener> listeners = new CopyOnWriteArrayList<>();

    /** A stream that nobody listens to yet. */
    public TorEvents() {}

    /**
     * Adds a listener, which hears everything from now on.
     *
     * @param listener who hears, or hears no more
     */
    public void add(TorEventListener listener) {
        listeners.add(listener);
    }

    /**
     * Removes a listener; it may hear events that are being emitted at this moment.
     *
     * @param listener who hears, or hears no more
     */
    public void remove(TorEventListener listener) {
        listeners.remove(listener);
    }

    /** {@return whether anybody listens, for events that are costly to make} */
    public boolean hasListeners() {
        return !listeners.isEmpty();
    }

    /**
     * Tells all listeners; one that throws is left to the thread's handler and the others still hear it.
     *
     * @param event what happened
     */
    public void emit(TorEvent event) {
        for (TorEventListener listener : listeners) {
            try {
                listener.onEvent(event);
            } catch (RuntimeException e) {
                Thread thread = Thread.currentThread();
                Thread.UncaughtExceptionHandler handler = thread.getUncaughtExceptionHandler();
                if (handler != null) {
                    handler.uncaughtException(thread, e);
                }
            }
        }
    }
}
