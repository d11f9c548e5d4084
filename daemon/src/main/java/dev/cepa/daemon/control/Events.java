package dev.cepa.daemon.control;

import dev.cepa.event.TorEvent;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Who listens to which events, and those who make them. With no subscriber nothing is made. Thread-safe; sending never
 * waits.
 */
final class Events {
    private final Set<ControlConnection> listeners = ConcurrentHashMap.newKeySet();
    private final List<EventTopic> topics = new CopyOnWriteArrayList<>();
    private final ReentrantLock changing = new ReentrantLock();

    /** The bits of all events that anybody wants. */
    private volatile long wanted;

    /** Adds one who makes events. */
    void add(EventTopic topic) {
        topics.add(topic);
    }

    /** Whether anybody wants such events. */
    boolean wants(EventName name) {
        return (wanted & name.bit()) != 0;
    }

    /** The bits of all events that anybody wants. */
    long wanted() {
        return wanted;
    }

    /** Has a connection hear these events and no others. */
    void subscribe(ControlConnection connection, long events) {
        changing.lock();
        try {
            connection.setEvents(events);
            if (events == 0 || connection.isClosed()) {
                listeners.remove(connection);
            } else {
                listeners.add(connection);
            }
            long all = 0;
            for (ControlConnection listener : listeners) {
                all |= listener.events();
            }
            if (all != wanted) {
                wanted = all;
                topics.forEach(EventTopic::subscriptionsChanged);
            }
        } finally {
            changing.unlock();
        }
    }

    /** Passes on what happened in the client. */
    void onEvent(TorEvent event) {
        for (EventTopic topic : topics) {
            topic.onEvent(event);
        }
    }

    /** Sends {@code 650} and a text of one line, which begins with the event's name. */
    void send(EventName name, String text) {
        if (wants(name)) {
            send(name, Reply.event(List.of(text)));
        }
    }

    /** Sends several lines, {@code 650-} each, and {@code 650} the last. */
    void sendLines(EventName name, List<String> lines) {
        if (wants(name)) {
            send(name, Reply.event(lines));
        }
    }

    /** Sends {@code 650+first}, data with a dot at its end, and {@code 650 OK}. */
    void sendData(EventName name, String first, String data) {
        if (wants(name)) {
            send(name, Reply.event(first, data));
        }
    }

    private void send(EventName name, byte[] bytes) {
        for (ControlConnection listener : listeners) {
            if ((listener.events() & name.bit()) != 0) {
                listener.sendEvent(bytes);
            }
        }
    }

    void close() {
        topics.forEach(EventTopic::close);
    }

    /** All names, with blanks between them. */
    static String names() {
        StringBuilder out = new StringBuilder(300);
        for (EventName name : EventName.values()) {
            out.append(out.isEmpty() ? "" : " ").append(name.name());
        }
        return out.toString();
    }
}
