package dev.cepa.daemon.control;

import dev.cepa.event.TorEvent;

/** Makes a controller's events of what happens in the client: a class for each topic. Thread-safe. */
interface EventTopic {
    /**
     * Called with every event of the client, from its start, on the thread that caused it and sometimes under its locks:
     * it must be quick, must not log and must not call the client. What it makes it gives to {@link Events}, after asking
     * {@link Events#wants}.
     */
    void onEvent(TorEvent event);

    /** Called when other events are wanted than before. */
    default void subscriptionsChanged() {}

    /** Called when the server is closed. */
    default void close() {}
}
