package dev.cepa.pool;

import dev.cepa.cell.RsaId;
import dev.cepa.circuit.Circuit;
import dev.cepa.error.TorException;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import org.jspecify.annotations.Nullable;

/** A circuit in the pool, from its launch on. All fields belong to {@link CircuitPool}, under its lock. */
final class PooledCircuit {
    /** Its last relay. */
    final RsaId exit;
    private final RsaId[] path;
    /** What the path was last held against, and how that came out. */
    private PathSettings judgedBy;

    private boolean allowed = true;
    /** Whether all its relays are Stable. */
    final boolean stable;
    /** Whose streams it carries; null while it is clean. */
    @Nullable IsolationKey key;
    /** Null while it is being built. */
    @Nullable Circuit circuit;
    /** Why building failed; null otherwise. */
    @Nullable TorException failure;
    /** When it became ready, and when it took its first stream, on the monotonic clock. */
    long readyAt;

    long dirtyAt;
    /** Streams that are being opened on it at this moment: it is not retired under them. */
    int opening;

    /** @param relays of the selector's snapshot, the guard first */
    PooledCircuit(PathSelector selector, boolean stable, @Nullable IsolationKey key, int... relays) {
        path = new RsaId[relays.length];
        for (int i = 0; i < relays.length; i++) {
            path[i] = selector.dir().rsaId(relays[i]);
        }
        exit = path[path.length - 1];
        judgedBy = selector.settings();
        this.stable = stable;
        this.key = key;
    }

    /** Whether its path is one that today's settings allow, which may not be those that it was chosen by. */
    @SuppressWarnings("ReferenceEquality") // asked for every circuit and stream; equal settings only cost judging again
    boolean isAllowedBy(PathSelector selector) {
        if (judgedBy != selector.settings()) {
            int[] relays = new int[path.length];
            for (int i = 0; i < relays.length; i++) {
                relays[i] = selector.dir().indexOf(path[i]);
            }
            allowed = selector.allowsPath(relays);
            judgedBy = selector.settings();
        }
        return allowed;
    }

    boolean isPending() {
        return circuit == null && failure == null;
    }

    boolean isOpen() {
        return circuit != null && circuit.isOpen();
    }
}
