package dev.cepa.circuit;

import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The streams that have data for one hop and wait to send it, in the order in which they came. Guarded by the circuit's send
 * lock.
 *
 * <p>A queue of its own, because those who wait on a condition lose their place whenever somebody is quicker to get the lock
 * than the one who was woken: with hundreds of streams some then wait for ten seconds and more.
 */
final class SendTurns {
    private final ArrayDeque<TorStream> waiting = new ArrayDeque<>(1);

    /** Whether anybody waits. */
    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Whose turn it is; null if nobody waits. */
    @Nullable TorStream first() {
        return waiting.peekFirst();
    }

    /** A stream, which does not wait yet, stands behind all others. */
    void add(TorStream stream) {
        waiting.addLast(stream);
    }

    /** All who wait. */
    void forEach(Consumer<TorStream> action) {
        waiting.forEach(action);
    }

    /** A stream has had its turn, or does without. */
    void remove(TorStream stream) {
        if (waiting.peekFirst() == stream) {
            waiting.removeFirst();
        } else {
            waiting.remove(stream);
        }
    }
}
