package dev.cepa.benchmark.program;

import dev.cepa.TorClient;
import dev.cepa.benchmark.load.WebTarget;
import dev.cepa.benchmark.process.ClientProcess;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeoutException;

/**
 * The program that is measured and a C tor, each a client and an onion service, and both are reached. For one thread; who
 * started it closes it.
 */
final class OnionPair implements AutoCloseable {
    private final OnionPeer measured;
    private final OnionPeer other;

    private OnionPair(OnionPeer measured, OnionPeer other) {
        this.measured = measured;
        this.other = other;
    }

    /**
     * One of the two ways round.
     *
     * @param name    what the program that is measured does in it
     * @param client  whose SOCKS port leads to the service
     * @param service as clients reach it
     */
    record Role(String name, ClientProcess client, WebTarget service) {}

    /** Starts both, and waits until both services have been reached. */
    static OnionPair start(Run run) throws IOException, InterruptedException, TimeoutException {
        OnionPair pair = null;
        OnionPeer other = OnionPeer.startOther(run);
        try (TorClient prober = OnionPeer.prober(run)) {
            pair = new OnionPair(OnionPeer.start(run, run.program()), other);
            pair.measured.awaitReady(prober);
            other.awaitReady(prober);
            return pair;
        } catch (IOException | InterruptedException | TimeoutException | RuntimeException e) {
            if (pair == null) {
                other.close();
            } else {
                pair.close();
            }
            throw e;
        }
    }

    /** The process that is measured. */
    ClientProcess measured() {
        return measured.process();
    }

    /** As the client of C tor's service, then as the service of C tor. */
    List<Role> roles() throws IOException {
        return List.of(
                new Role("as client", measured.process(), other.target()),
                new Role("as service", other.process(), measured.target()));
    }

    @Override
    public void close() {
        measured.close();
        other.close();
    }
}
