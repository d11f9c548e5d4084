package dev.cepa;

import dev.cepa.pool.IsolationKey;
import dev.cepa.pool.PinnedStreams;
import java.io.Closeable;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * One circuit of an application's own, had from {@link TorClient#pin}. Its streams are opened on it and nowhere else: when
 * it fails they fail, and so do new ones. Thread-safe.
 */
public final class PinnedCircuit implements Closeable {
    private final PinnedStreams circuit;
    private final TorStreams streams;

    PinnedCircuit(PinnedStreams circuit, Supplier<Duration> timeout) {
        this.circuit = circuit;
        this.streams = new TorStreams(circuit, IsolationKey.DEFAULT, true, timeout);
    }

    /** {@return its relays, the guard first, each as {@code $FINGERPRINT~nickname}} */
    public List<String> path() {
        return circuit.path();
    }

    /** {@return its number in events} */
    public long id() {
        return circuit.circuitId();
    }

    /** {@return whether it can carry streams} */
    public boolean isOpen() {
        return circuit.isOpen();
    }

    /** {@return what opens streams on it} */
    public TorStreams streams() {
        return streams;
    }

    /** Ends it and its streams. */
    @Override
    public void close() {
        circuit.close();
    }
}
