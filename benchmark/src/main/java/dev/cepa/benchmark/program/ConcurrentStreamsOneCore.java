package dev.cepa.benchmark.program;

import java.io.IOException;
import java.util.concurrent.TimeoutException;

/**
 * {@link ConcurrentStreams} with the client confined to one CPU core, which stands in for small boards: the relays and the
 * load have the whole machine, the client has what such a board would have of cores, though not as slow a one.
 */
public final class ConcurrentStreamsOneCore extends ProgramBenchmark {
    private final ConcurrentStreams streams = new ConcurrentStreams("Concurrent Streams on One Core", true, null);

    /** For the command. */
    public ConcurrentStreamsOneCore() {
        super("Concurrent Streams on One Core", Category.STREAMS, null);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        streams.measure(run);
    }
}
