package dev.cepa.benchmark.program;

import dev.cepa.TorClient;
import dev.cepa.benchmark.load.WebTarget;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A program that is a client and an onion service at once: its service's port 80 is the run's web server. Whether the
 * service can be reached is seen by a client of the library, which reaches it. For one thread.
 */
final class OnionPeer implements AutoCloseable {
    private static final int PORT = 80;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration ATTEMPT = Duration.ofSeconds(15);
    private static final long RETRY_MILLIS = 20;

    private final Run run;
    private final ClientProcess process;
    private final Path folder;
    private final Path service;

    private OnionPeer(Run run, ClientProcess process, Path folder, Path service) {
        this.run = run;
        this.process = process;
        this.folder = folder;
        this.service = service;
    }

    /** Starts a program in a new folder, and waits for nothing. */
    static OnionPeer start(Run run, ClientProgram program) throws IOException {
        Path folder = run.newFolder();
        Path service = folder.resolve("service");
        List<String> lines = new ArrayList<>(run.context().network().clientTorrc());
        lines.add("HiddenServiceDir " + service);
        lines.add("HiddenServicePort " + PORT + " 127.0.0.1:" + run.context().web().port());
        return new OnionPeer(run, ClientProcess.start(program, folder, lines, null), folder, service);
    }

    /** C tor, which is on the other side whatever is measured. */
    static OnionPeer startOther(Run run) throws IOException {
        return start(run, ClientProgram.named("tor"));
    }

    /** A client to see with whether services can be reached. */
    static TorClient prober(Run run) throws TorException {
        return TorClient.connect(run.context().network().clientConfig().build());
    }

    ClientProcess process() {
        return process;
    }

    /** The service, as clients reach it. */
    WebTarget target() throws IOException {
        return new WebTarget(Files.readString(service.resolve("hostname"), StandardCharsets.US_ASCII).strip(), PORT);
    }

    /** Waits until bytes come through it as a client, and until its service is reached. */
    void awaitReady(TorClient prober) throws IOException, InterruptedException, TimeoutException {
        run.awaitFirstByte(process);
        awaitReachable(prober);
    }

    /**
     * Waits until its service is reached, trying again and again once the program says that it has bootstrapped.
     *
     * @return when it was, on {@link System#nanoTime}'s clock
     */
    long awaitReachable(TorClient prober) throws IOException, InterruptedException, TimeoutException {
        Deadline deadline = run.deadline(PATIENCE);
        while (!hasBootstrapped()) {
            pause(deadline, "it has not bootstrapped");
        }
        String host = Files.readString(service.resolve("hostname"), StandardCharsets.US_ASCII).strip();
        while (true) {
            try {
                prober.open(host, PORT, Duration.ofNanos(deadline.atMost(ATTEMPT).nanosLeft())).close();
                return System.nanoTime();
            } catch (TorException e) {
                pause(deadline, e.getMessage());
                prober.newIdentity(); // else directories that have no descriptor yet are not asked again for long
            }
        }
    }

    private boolean hasBootstrapped() throws IOException {
        return Files.isReadable(service.resolve("hostname"))
                && Files.readString(folder.resolve("log"), StandardCharsets.ISO_8859_1).contains("Bootstrapped 100%");
    }

    private void pause(Deadline deadline, @Nullable String trouble) throws IOException, InterruptedException, TimeoutException {
        process.requireAlive();
        run.context().check();
        if (deadline.passed()) {
            throw new IOException("its onion service was not reached in time: " + trouble + "; it says:\n"
                    + process.logTail());
        }
        Thread.sleep(RETRY_MILLIS);
    }

    @Override
    public void close() {
        process.close();
    }
}
