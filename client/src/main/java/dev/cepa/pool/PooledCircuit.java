package dev.cepa.pool;

import dev.cepa.cell.RsaId;
import dev.cepa.circuit.Circuit;
import dev.cepa.error.TorException;
import org.jspecify.annotations.Nullable;

/** A circuit in the pool, from its launch on. All fields belong to {@link CircuitPool}, under its lock. */
final class PooledCircuit {
    /** Its last relay. */
    final RsaId exit;
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

    PooledCircuit(RsaId exit, boolean stable, @Nullable IsolationKey key) {
        this.exit = exit;
        this.stable = stable;
        this.key = key;
    }

    boolean isPending() {
        return circuit == null && failure == null;
    }

    boolean isOpen() {
        return circuit != null && circuit.isOpen();
    }
}
