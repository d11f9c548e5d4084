package dev.cepa.daemon.control;

import dev.cepa.TorClient;
import dev.cepa.error.TorException;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What controllers may do with the program that they control. Thread-safe. */
public interface ControlHost {
    /** {@return the client, which runs as long as anybody is let in} */
    TorClient client();

    /** {@return the options} */
    ControlOptions options();

    /** {@return the version of Tor whose behaviour controllers may count on, with Cepa's own in brackets} */
    String version();

    /** {@return the time of day} */
    InstantSource clock();

    /** {@return how long the program has run} */
    Duration uptime();

    /** {@return where the data directory is; null if there is none} */
    @Nullable Path dataDirectory();

    /**
     * A file's name as options have it, from the program's point of view.
     *
     * @throws TorException of kind CONFIG if it is no file's name
     */
    Path path(String name) throws TorException;

    /** {@return whether it is one of the passwords whose hashes are options} */
    boolean isPassword(byte[] password);

    /** {@return how many bytes all queues may hold} */
    long queueLimit();

    /** {@return how many files the program may have open} */
    long openFileLimit();

    /** {@return addresses of the metrics port, of which there is one at most} */
    List<SocketAddress> metricsAddresses();

    /**
     * Does what the operating system's signal of that name makes the program do, or Tor's own signal. Returns at once.
     *
     * @param signal which
     */
    void signal(ControlSignal signal);

    /**
     * Ends the program, because a controller that it belongs to has gone. Returns at once.
     */
    void ownerLost();

    /**
     * Shows log lines to a listener, in the place of the one before.
     *
     * @param severities a bit for each of {@link LogListener.Severity}; 0 for none
     * @param listener who is shown them
     */
    void showLog(int severities, LogListener listener);
}
