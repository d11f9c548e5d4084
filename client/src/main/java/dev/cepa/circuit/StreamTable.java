package dev.cepa.circuit;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A circuit's streams by their ids of 16 bits, half-closed ones included: open addressing over two arrays, because it is
 * asked once a cell and must make no object. Thread-safe; never blocks for longer than an instant.
 */
final class StreamTable {
    private static final int IDS = 0x1_0000;

    private final int maxStreams;
    private int[] ids = new int[8]; // 0 is a free place
    private @Nullable StreamEntry[] entries = new StreamEntry[8];
    private int used;
    private int open;
    private int lastId;
    private @Nullable TorException closed;

    /**
     * Starts empty.
     *
     * @param startId where the search for the first id begins
     */
    StreamTable(int maxStreams, int startId) {
        this.maxStreams = maxStreams;
        lastId = startId & IDS - 1;
    }

    /**
     * Enters a new stream or question under an id that is not in use.
     *
     * @throws TorException if there are too many, or the circuit is closed
     */
    synchronized void add(StreamEntry entry) throws TorException {
        if (closed != null) {
            throw Failures.again(closed);
        }
        if (open >= maxStreams) {
            throw new TorException(ErrorKind.RESOURCE_LIMIT, "the circuit carries " + open + " streams already");
        }
        // Half the ids stay free, so that one is found soon; a half-closed stream keeps its id.
        if (used >= IDS / 2) {
            throw new TorException(ErrorKind.RESOURCE_LIMIT, "the circuit has had too many streams to tell them apart");
        }
        do {
            lastId = lastId + 1 & IDS - 1;
        } while (lastId == 0 || find(lastId) != null);
        entry.entered(lastId);
        put(lastId, entry);
        open++;
    }

    /**
     * Enters a stream that the far end has opened, under its id.
     *
     * @return false if there are too many
     * @throws ProtocolException if the id is in use
     * @throws TorException if the circuit is closed
     */
    synchronized boolean enter(int id, TorStream stream) throws TorException {
        if (closed != null) {
            throw Failures.again(closed);
        }
        StreamEntry before = find(id);
        if (id == 0 || before != null && !(before instanceof HalfStream)) {
            throw new ProtocolException(id == 0 ? "BEGIN without a stream id" : "BEGIN on a stream that is open");
        }
        if (open >= maxStreams || used >= IDS / 2) {
            return false;
        }
        // Who opens the stream anew has heard of its end.
        remove(id);
        stream.entered(id);
        put(id, stream);
        open++;
        return true;
    }

    synchronized @Nullable StreamEntry find(int id) {
        int i = place(id);
        return id != 0 && ids[i] == id ? entries[i] : null;
    }

    /** Puts what is left of a stream in its place; false if the stream is not there any more. */
    synchronized boolean halfClose(int id, StreamEntry stream, HalfStream half) {
        int i = place(id);
        if (id == 0 || ids[i] != id || entries[i] != stream) {
            return false;
        }
        entries[i] = half;
        open--;
        return true;
    }

    /** Removes whatever has this id. */
    synchronized void remove(int id) {
        int i = place(id);
        if (id == 0 || ids[i] != id) {
            return;
        }
        if (!(entries[i] instanceof HalfStream)) {
            open--;
        }
        used--;
        // Move up what stands behind, so that no gap hides it.
        int mask = ids.length - 1;
        int gap = i;
        for (int j = gap + 1 & mask; ids[j] != 0; j = j + 1 & mask) {
            if ((j - home(ids[j]) & mask) >= (j - gap & mask)) {
                ids[gap] = ids[j];
                entries[gap] = entries[j];
                gap = j;
            }
        }
        ids[gap] = 0;
        entries[gap] = null;
    }

    /** Streams and questions, without those half closed. */
    synchronized int open() {
        return open;
    }

    /** Whatever there is, in no particular order. */
    synchronized List<StreamEntry> all() {
        List<StreamEntry> all = new ArrayList<>(used);
        for (StreamEntry entry : entries) {
            if (entry != null) {
                all.add(entry);
            }
        }
        return all;
    }

    /** Takes no more, and hands out all there were. */
    synchronized List<StreamEntry> close(TorException reason) {
        closed = reason;
        List<StreamEntry> all = all();
        ids = new int[8];
        entries = new StreamEntry[8];
        used = 0;
        open = 0;
        return all;
    }

    private void put(int id, StreamEntry entry) {
        if (2 * ++used > ids.length) {
            int[] oldIds = ids;
            @Nullable StreamEntry[] oldEntries = entries;
            ids = new int[2 * oldIds.length];
            entries = new StreamEntry[2 * oldIds.length];
            for (int i = 0; i < oldIds.length; i++) {
                if (oldIds[i] != 0) {
                    int to = place(oldIds[i]);
                    ids[to] = oldIds[i];
                    entries[to] = oldEntries[i];
                }
            }
        }
        int i = place(id);
        ids[i] = id;
        entries[i] = entry;
    }

    /** Where the id is, or else where it would go. */
    private int place(int id) {
        int mask = ids.length - 1;
        int i = home(id);
        while (ids[i] != 0 && ids[i] != id) {
            i = i + 1 & mask;
        }
        return i;
    }

    /** Ids are handed out in sequence, so that their low bits spread them evenly. */
    private int home(int id) {
        return id & ids.length - 1;
    }
}
