package dev.cepa.channel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A channel's circuits by id: an immutable snapshot, so that the reader looks a cell's circuit up without a lock. */
final class CircuitTable {
    static final CircuitTable EMPTY = new CircuitTable(new int[0], new CircuitHandler[0]);

    private final int[] ids; // ascending
    private final CircuitHandler[] handlers;

    private CircuitTable(int[] ids, CircuitHandler[] handlers) {
        this.ids = ids;
        this.handlers = handlers;
    }

    int size() {
        return ids.length;
    }

    CircuitHandler handlerAt(int index) {
        return handlers[index];
    }

    @Nullable CircuitHandler find(int id) {
        int i = Arrays.binarySearch(ids, id);
        return i < 0 ? null : handlers[i];
    }

    /** This table and one circuit more; its id must be new. */
    CircuitTable with(int id, CircuitHandler handler) {
        int i = ~Arrays.binarySearch(ids, id);
        int[] newIds = Arrays.copyOf(ids, ids.length + 1);
        CircuitHandler[] newHandlers = Arrays.copyOf(handlers, handlers.length + 1);
        System.arraycopy(ids, i, newIds, i + 1, ids.length - i);
        System.arraycopy(handlers, i, newHandlers, i + 1, handlers.length - i);
        newIds[i] = id;
        newHandlers[i] = handler;
        return new CircuitTable(newIds, newHandlers);
    }

    /** This table without that circuit; the same table if it has none such. */
    CircuitTable without(int id) {
        int i = Arrays.binarySearch(ids, id);
        if (i < 0) {
            return this;
        }
        int[] newIds = Arrays.copyOf(ids, ids.length - 1);
        CircuitHandler[] newHandlers = Arrays.copyOf(handlers, handlers.length - 1);
        System.arraycopy(ids, i + 1, newIds, i, ids.length - i - 1);
        System.arraycopy(handlers, i + 1, newHandlers, i, handlers.length - i - 1);
        return new CircuitTable(newIds, newHandlers);
    }
}
