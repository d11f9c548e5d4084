package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.channel.Channel;
import dev.cepa.channel.ChannelManager;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.circuit.HopTarget;
import dev.cepa.directory.BootstrapProgress.Phase;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.path.GuardAttempt;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Circuits of one hop to directory servers, each used for several questions and closed when it was idle for a while.
 * Thread-safe; the lock of the map is not held during I/O.
 */
final class DirectoryTunnels implements DirectoryLink {
    private static final Duration IDLE = Duration.ofSeconds(60);

    private final ChannelManager channels;
    private final TorEvents events;
    private final LongSupplier circuitIds;
    private final BootstrapProgress progress;
    private final DirectoryClient client;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<RsaId, Tunnel> tunnels = new HashMap<>();
    private boolean closed;

    /** The way to one server. */
    private static final class Tunnel {
        /** Held while the circuit is made. */
        final ReentrantLock making = new ReentrantLock();

        volatile @Nullable Circuit circuit;
        /** What the circuit was made for; guarded by {@link #making}. */
        @Nullable GuardAttempt attempt;
    }

    /** @param circuitIds gives numbers that are unique within the client */
    DirectoryTunnels(
            DirectorySettings settings, ChannelManager channels, TorEvents events, LongSupplier circuitIds,
            BootstrapProgress progress) {
        this.client = new DirectoryClient(settings.encodings());
        this.channels = channels;
        this.events = events;
        this.circuitIds = circuitIds;
        this.progress = progress;
    }

    @Override
    public DirectoryAnswer ask(
            HopTarget server, @Nullable GuardAttempt attempt, DirectoryRequest request, Deadline deadline) throws IOException {
        Circuit circuit = circuit(server, attempt, deadline);
        try {
            return client.ask(circuit.openDirectoryOptimistic(), request, deadline);
        } catch (IOException e) {
            if (e instanceof SocketTimeoutException || e instanceof TorException t && t.kind() == ErrorKind.TIMEOUT) {
                circuit.close(); // it may be dead; a new one tells whether the server is
            }
            throw e;
        }
    }

    @Override
    public ChannelTarget identify(ChannelTarget relay, Deadline deadline) throws TorException {
        Channel channel = channels.get(relay, deadline);
        return new ChannelTarget(channel.rsaId(), channel.ed25519Id(), relay.addresses(), relay.shown(), true);
    }

    private Circuit circuit(HopTarget server, @Nullable GuardAttempt attempt, Deadline deadline) throws TorException {
        Tunnel tunnel = tunnel(server.link().rsaId());
        try {
            if (!tunnel.making.tryLock(Math.max(0, deadline.nanosLeft()), TimeUnit.NANOSECONDS)) {
                throw new TorException(ErrorKind.TIMEOUT, "timed out while waiting for a circuit to " + server);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TorException(ErrorKind.CLOSED, "interrupted while waiting for a circuit to " + server, e);
        }
        try {
            Circuit circuit = tunnel.circuit;
            if (circuit != null && circuit.isOpen()) {
                if (attempt != null && attempt != tunnel.attempt) {
                    attempt.closed();
                }
                return circuit;
            }
            circuit = make(server, attempt, deadline);
            tunnel.circuit = circuit;
            tunnel.attempt = attempt;
            failIfClosed(circuit);
            return circuit;
        } finally {
            tunnel.making.unlock();
        }
    }

    private Circuit make(HopTarget server, @Nullable GuardAttempt attempt, Deadline deadline) throws TorException {
        Circuit circuit;
        Channel channel = null;
        long begun = System.nanoTime();
        try {
            channel = channels.get(server.link(), deadline);
            progress.reach(Phase.CREATING_CIRCUIT);
            circuit = Circuit.create(
                    channel, server, CircuitSettings.DEFAULT, events, circuitIds.getAsLong(), "GENERAL", deadline);
        } catch (TorException e) {
            if (channel != null && e.kind() == ErrorKind.TIMEOUT) {
                channel.retire(); // a new one may fare better
            }
            if (attempt != null && e.kind() != ErrorKind.CLOSED) {
                attempt.failed(channels.lastReceivedNanos() - begun < 0);
            } else if (attempt != null) {
                attempt.closed();
            }
            throw e;
        }
        circuit.markBuilt();
        progress.reach(Phase.REQUESTING_CONSENSUS);
        if (attempt != null) {
            circuit.onClose(attempt::closed);
            awaitUsable(circuit, attempt, deadline);
        }
        return circuit;
    }

    /** A circuit through a guard that is not our best waits until it is clear that no better one works. */
    private static void awaitUsable(Circuit circuit, GuardAttempt attempt, Deadline deadline) throws TorException {
        GuardAttempt.Usability usability = attempt.succeeded();
        try {
            while (usability == GuardAttempt.Usability.WAIT && !deadline.passed()) {
                Thread.sleep(100);
                usability = attempt.usability();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            circuit.close();
            throw new TorException(ErrorKind.CLOSED, "interrupted while waiting for a better guard", e);
        }
        if (usability != GuardAttempt.Usability.USABLE) {
            circuit.close();
            throw new TorException(ErrorKind.RELAY_UNREACHABLE, "a better guard than " + attempt.name() + " may still work");
        }
    }

    private Tunnel tunnel(RsaId server) throws TorException {
        lock.lock();
        try {
            if (closed) {
                throw new TorException(ErrorKind.CLOSED, "the client is closed");
            }
            return tunnels.computeIfAbsent(server, id -> new Tunnel());
        } finally {
            lock.unlock();
        }
    }

    private void failIfClosed(Circuit circuit) throws TorException {
        lock.lock();
        try {
            if (!closed) {
                return;
            }
        } finally {
            lock.unlock();
        }
        circuit.close();
        throw new TorException(ErrorKind.CLOSED, "the client is closed");
    }

    @Override
    public void closeIdle() {
        List<Circuit> idle = new ArrayList<>();
        lock.lock();
        try {
            long now = System.nanoTime();
            for (Iterator<Tunnel> i = tunnels.values().iterator(); i.hasNext(); ) {
                Tunnel tunnel = i.next();
                Circuit circuit = tunnel.circuit;
                if (tunnel.making.isLocked() || circuit == null) {
                    continue;
                }
                boolean unused = circuit.streamCount() == 0 && now - circuit.lastUsedNanos() > IDLE.toNanos();
                if (unused || !circuit.isOpen()) {
                    i.remove();
                    idle.add(circuit);
                }
            }
        } finally {
            lock.unlock();
        }
        for (Circuit circuit : idle) {
            circuit.close();
        }
    }

    @Override
    public void close() {
        List<Tunnel> open;
        lock.lock();
        try {
            closed = true;
            open = List.copyOf(tunnels.values());
            tunnels.clear();
        } finally {
            lock.unlock();
        }
        for (Tunnel tunnel : open) {
            Circuit circuit = tunnel.circuit;
            if (circuit != null) {
                circuit.close();
            }
        }
    }
}
