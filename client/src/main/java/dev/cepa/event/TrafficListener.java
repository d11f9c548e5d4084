package dev.cepa.event;

/** Is shown what there is, with its counters, once through. Called on the thread that asks. */
public interface TrafficListener {
    /**
     * A link to a relay.
     *
     * @param channelId as in events
     * @param bytesRead that have come by it
     * @param bytesWritten that were sent by it
     */
    void channel(long channelId, long bytesRead, long bytesWritten);

    /**
     * A circuit.
     *
     * @param circuitId as in events
     * @param facts its counters
     */
    void circuit(long circuitId, CircuitFacts facts);

    /**
     * A stream.
     *
     * @param streamId as in events
     * @param facts its counters
     */
    void stream(long streamId, StreamFacts facts);
}
