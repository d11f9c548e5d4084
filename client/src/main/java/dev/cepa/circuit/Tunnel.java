package dev.cepa.circuit;

import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.event.StreamOrigin;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What carries streams to an exit: one circuit, or a set of circuits that end there. Thread-safe. */
public sealed interface Tunnel extends AutoCloseable permits Circuit, ConfluxSet {
    /** Unique within one client, among circuits and sets; a set has that of its first leg. */
    long id();

    /** The relays that streams go through, the guard first; of a set, those of its first leg. */
    List<HopTarget> path();

    /**
     * Opens a stream through the exit and waits until it is connected.
     *
     * @param host a name that the exit resolves, or an address
     * @param beginFlags of {@link dev.cepa.cell.RelayMessage.Begin}
     * @throws TorException if it can't be, of the kind that the exit's reason means
     */
    TorStream open(String host, int port, int beginFlags, Deadline deadline) throws TorException;

    /**
     * Opens a stream through the exit and does not wait: what is written goes out at once.
     *
     * @param origin whom it is for, for events; null for nobody outside the client
     */
    TorStream openOptimistic(String host, int port, int beginFlags, @Nullable StreamOrigin origin) throws TorException;

    /** The same for nobody outside the client. */
    default TorStream openOptimistic(String host, int port, int beginFlags) throws TorException {
        return openOptimistic(host, port, beginFlags, null);
    }

    /**
     * Asks the exit for a name's addresses, or an address's name.
     *
     * @param name a host name, or an address as {@code in-addr.arpa} or {@code ip6.arpa}
     * @return at least one answer
     */
    List<Resolved.Answer> resolve(String name, Deadline deadline) throws TorException;

    /** Streams open or being opened, and names being resolved. */
    int streamCount();

    /** When a stream was last opened or ended, by {@link System#nanoTime}; its launch if there was none. */
    long lastUsedNanos();

    /** Whether it has not ended. */
    boolean isOpen();

    /** Whether it is open and all channels under it are: that one has closed it hears a moment later. */
    boolean isConnected();

    /** Whether it has lost nothing that new streams should have: false for a set that lacks a leg. */
    boolean isWhole();

    /** Why it ended; null while it is open. */
    @Nullable TorException closeReason();

    /** Has {@code listener} run when it ends, or now if it has; on the thread that ends it, so it must be quick. */
    void onClose(Runnable listener);

    /** Ends it and all its streams. Never blocks; may be called twice. */
    @Override
    void close();

    /** Ends it for a reason, which is for {@link #closeReason} and events: relays are never told a client's reasons. */
    void close(DestroyReason reason);
}
